/** @file `vlakit data keyframes`: marks the frames at which the robot has moved, in the selection file of a dataset. */

import fs from 'node:fs';
import process from 'node:process';
import type { Command } from 'commander';
import { VlaError, lookUp } from '../../base/errors.ts';
import { datasetEmbodiment } from '../../data/cleaning/clean.ts';
import { KEYFRAME_DEFAULTS, keyframesOf, type KeyframeThresholds } from '../../data/cleaning/keyframes.ts';
import { findLayout } from '../../data/cleaning/motion-layout.ts';
import { measureSpread } from '../../data/cleaning/spread.ts';
import { framesIn } from '../../data/frame-selection.ts';
import { featureSize } from '../../data/lerobot/info.ts';
import type { LeRobotDataset } from '../../data/lerobot/reader.ts';
import { datasetHash, readSelection, writeSelection, type Selection } from '../../data/selection-file.ts';
import { collect, datasetArgument, grouped, layoutOption, openForCleaning, selectionFile } from './dataset-options.ts';

interface Options {
  readonly out?: string;
  readonly set: string[];
  readonly layout?: string;
  readonly dryRun?: true;
}

const SAYS: Readonly<Record<keyof KeyframeThresholds, string>> = {
  distance: 'metres that an end effector moved since the last keyframe',
  angle: 'radians that it turned',
  gripper: 'share of its range that a gripper moved',
  joint: 'share of its range that a joint moved (where the state has no end effector)',
  wait: 'seconds after which a frame is taken without motion',
};

/** Adds arguments, options and the action. */
export function defineKeyframes(command: Command): void {
  const list = Object.entries(KEYFRAME_DEFAULTS).map(
    ([key, value]) => `  ${`${key}=${value}`.padEnd(16)} ${SAYS[key as keyof KeyframeThresholds]}`,
  );
  layoutOption(datasetArgument(command))
    .description(
      'Choose the frames at which the robot has moved since the last one, so that training does not see the same over and over. Samples then start at these; their actions stay those of every frame.',
    )
    .option('--out <file>', 'the selection to extend, or to write (default: selection.json in the dataset)')
    .option('--set <threshold=number>', 'change a threshold; may be given often', collect, [])
    .option('--dry-run', 'write nothing')
    .addHelpText('after', `\nThresholds (any of them makes a keyframe):\n${list.join('\n')}\n`)
    .action((root: string, options: Options) => run(root, options));
}

async function run(root: string, options: Options): Promise<void> {
  const thresholds = chooseThresholds(options.set);
  const out = selectionFile(root, options.out);
  const dataset = await openForCleaning(root);
  try {
    const before = fs.existsSync(out) ? readSelection(out, dataset.root) : wholeSelection(dataset);
    const after = await withKeyframes(dataset, before, thresholds, options.layout);
    const kept = before.episodes.reduce((sum, { keep }) => sum + framesIn(keep), 0);
    const marked = after.episodes.reduce((sum, { keyframes }) => sum + (keyframes?.length ?? 0), 0);
    process.stdout.write(
      `${grouped(marked)} keyframes among ${grouped(kept)} kept frames (${((100 * marked) / Math.max(1, kept)).toFixed(1)} %).\n`,
    );
    if (options.dryRun) return;
    writeSelection(out, after);
    process.stdout.write(`Written: ${out}\n`);
  } finally {
    await dataset.close();
  }
}

function chooseThresholds(changes: readonly string[]): KeyframeThresholds {
  const chosen: Record<string, number> = { ...KEYFRAME_DEFAULTS };
  for (const change of changes) {
    const [name = '', text = ''] = change.split('=');
    lookUp('--set: threshold', name, chosen);
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value) || value < 0) {
      throw new VlaError('bad-argument', `--set: expected threshold=number, got "${change}".`, {
        hint: 'For example --set distance=0.02.',
      });
    }
    chosen[name] = value;
  }
  return { ...KEYFRAME_DEFAULTS, ...chosen };
}

/** Every frame of every episode that is there. */
function wholeSelection(dataset: LeRobotDataset): Selection {
  return {
    format: 'vlakit-selection',
    version: 1,
    dataset: {
      name: dataset.name,
      sha256: datasetHash(dataset.root),
      episodes: dataset.info.totalEpisodes,
      frames: dataset.info.totalFrames,
    },
    thresholds: {},
    episodes: dataset.episodes.map(({ index, length }) => ({ index, length, keep: [[0, length]] })),
    dropped: [],
  };
}

async function withKeyframes(
  dataset: LeRobotDataset,
  selection: Selection,
  thresholds: KeyframeThresholds,
  written: string | undefined,
): Promise<Selection> {
  const feature = lookUp(`${dataset.name}: feature`, 'observation.state', dataset.features);
  const size = featureSize(feature);
  const layout = findLayout({ names: feature.names, size, kind: 'state' }, datasetEmbodiment(dataset), written);
  const used = selection.episodes.filter(({ keep }) => keep.length > 0);
  const columns = new Map<number, Float32Array>();
  for (const { index } of used) columns.set(index, await dataset.column('observation.state', index));
  const spread = measureSpread([...columns.values()], size);
  return {
    ...selection,
    // JSON has no infinity: what is left out never waits.
    keyframes: Object.fromEntries(Object.entries(thresholds).filter(([, value]) => Number.isFinite(value))),
    episodes: selection.episodes.map((episode) => {
      const column = columns.get(episode.index);
      if (column === undefined) return episode;
      // Each stretch begins anew: its first frame is a keyframe.
      const keyframes = episode.keep.flatMap(([start, end]) =>
        keyframesOf(column.subarray(start * size, end * size), layout, spread, dataset.fps, thresholds).map(
          (frame) => start + frame,
        ),
      );
      return { ...episode, keyframes };
    }),
  };
}
