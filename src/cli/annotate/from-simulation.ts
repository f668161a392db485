/**
 * @file The annotations of a dataset that was recorded in the tabletop, after the fact: its episodes are played again, which
 * gives the same actions bit for bit, and the simulator says what happens in them.
 */

import fs from 'node:fs';
import { VlaError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { startProgress } from '../../base/progress.ts';
import { annotationFile } from '../../data/lerobot/annotations.ts';
import { openLeRobot, type LeRobotDataset } from '../../data/lerobot/reader.ts';
import { playEpisodes } from '../recording/episode-pool.ts';
import type { RecordConfig } from '../../../recipes/recording.ts';

/** Which dataset, and how. */
export interface SimulationOptions {
  readonly root: string;
  /** Whether files that are there are made again; otherwise their episodes are left out. */
  readonly replace: boolean;
  readonly workers: number;
  readonly signal: AbortSignal;
}

/** Writes what is missing; resolves with how many files were written. */
export async function annotateFromSimulation(options: SimulationOptions): Promise<number> {
  const { root, replace, workers, signal } = options;
  const dataset = await openLeRobot(root, { episodes: 'all' });
  try {
    const config = recordConfigOf(dataset);
    const indices = dataset.episodes.map(({ index }) => index);
    const episodes = indices.filter((episode) => replace || !fs.existsSync(annotationFile(root, episode)));
    const alreadyDone = indices.length - episodes.length;
    const progress = startProgress({ label: 'annotate', total: indices.length, unit: 'episodes', alreadyDone });
    let done = 0;
    await playEpisodes({
      data: { config, product: { kind: 'annotations' } },
      workers,
      episodes,
      signal,
      async store(recorded, episode) {
        if (recorded.kind !== 'annotations') return;
        requireSame(recorded.actions, await dataset.column('action', episode), `${dataset.name}: episode ${episode}`);
        writeFileAtomic(annotationFile(root, episode), recorded.text);
        progress.update(alreadyDone + ++done);
      },
    });
    if (signal.aborted) {
      throw new VlaError(
        'interrupted',
        `annotate: stopped after ${alreadyDone + done} of ${indices.length} episodes.`,
        { hint: 'Run the same command again to go on.' },
      );
    }
    progress.finish(`${done} episodes annotated`);
    return done;
  } finally {
    await dataset.close();
  }
}

/** How the dataset was recorded: info.json tells. */
function recordConfigOf(dataset: LeRobotDataset): RecordConfig {
  const { record } = (dataset.info.raw['vlakit'] ?? {}) as { record?: RecordConfig };
  if (record !== undefined) return record;
  throw new VlaError('unsupported', `${dataset.name}: expected a dataset of vlakit record, got another one.`, {
    hint: 'Only recordings of the tabletop can be played again; ask a model instead (--endpoint).',
  });
}

function requireSame(played: Float32Array, recorded: Float32Array, where: string): void {
  const place = played.findIndex((value, i) => value !== recorded[i]);
  if (place < 0 && played.length === recorded.length) return;
  throw new VlaError(
    'mismatch',
    `${where}: expected the recorded actions when it is played again, got others from number ${place < 0 ? Math.min(played.length, recorded.length) : place} on.`,
    { hint: 'It was recorded by another version of the tabletop: record again, with --annotations.' },
  );
}
