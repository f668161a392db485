/** @file `vlakit models adopt`: a policy of a published model for one robot, with the weights left where they are. */

import path from 'node:path';
import process from 'node:process';
import { InvalidArgumentError, type Command } from 'commander';
import { requireWritableFolder } from '../../base/files.ts';
import { startProgress, type Progress } from '../../base/progress.ts';
import type { ModelChoices, PolicyChoices } from '../../models/published-policy.ts';
import { nameList, oneOf, wholeNumber } from '../argument-parsers.ts';
import { samplingOptions, samplingSettings, type SamplingOptions } from '../players.ts';
import { localFolder } from './local-folder.ts';

interface Options extends ModelChoices, SamplingOptions {
  readonly embodiment: string;
  readonly out: string;
  readonly statistics?: string;
  readonly cameras?: NonNullable<PolicyChoices['cameras']>;
  readonly horizon?: number;
  readonly instructionTokens?: number;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  samplingOptions(
    command
      .argument('<model>', 'a folder as a hub holds it, or hf://owner/name[@revision]')
      .requiredOption('--embodiment <file>', 'the robot, as embodiment.json of a checkpoint describes one')
      .requiredOption('--out <folder>', 'where the policy goes; its weights stay where they are')
      .option('--statistics <file>', 'normalisation statistics (default: those beside the weights)')
      .option('--robot-type <name>', 'whose statistics, where a file has those of several robots')
      .option(
        '--cameras <list>',
        'cameras in the prompt’s order, with their views: front=base,wrist=left_wrist',
        cameras,
      )
      .option('--normalisation <kind>', 'quantile, min-max or mean-std (default: the model’s)', oneOf(KINDS))
      .option('--absolute <names>', 'actions that are not relative to the state, or "none"', absolute)
      .option('--horizon <n>', 'actions of a chunk (default: as published)', wholeNumber(1))
      .option('--instruction-tokens <n>', 'the longest instruction (default: 64 tokens)', wholeNumber(1)),
  ).action((model: string, options: Options) => adopt(model, options));
}

const KINDS = ['quantile', 'min-max', 'mean-std'] as const;

async function adopt(model: string, options: Options): Promise<void> {
  const { embodiment, out, statistics = null, cameras: chosen = null, ...rest } = options;
  const { eulerSteps: _, noiseScale: __, mode: ___, ...choices } = rest;
  requireWritableFolder(path.dirname(path.resolve(out)));
  const { adoptPublished } = await import('../../checkpoints/adopt-published.ts');
  let bar: Progress | undefined;
  const {
    family,
    size,
    horizon,
    cameras: seen,
  } = await adoptPublished(await localFolder(model), out, {
    embodiment,
    statistics,
    choices: { ...choices, cameras: chosen },
    settings: samplingSettings(options),
    onProgress(done, total) {
      bar ??= startProgress({ label: 'weights', total, unit: 'tensors' });
      bar.update(done);
      if (done === total) bar.finish();
    },
  });
  process.stdout.write(`${family} (${size}) with ${seen.join(', ')}, chunks of ${horizon}: ${out}\n`);
}

/** Cameras with a view each, or without: `front=base,wrist`. */
function cameras(text: string): NonNullable<PolicyChoices['cameras']> {
  return nameList(text).map((one) => {
    const at = one.indexOf('=');
    const [name, view] = at < 0 ? [one, null] : [one.slice(0, at), one.slice(at + 1)];
    if (name !== '' && view !== '') return { name, view };
    throw new InvalidArgumentError(`Expected names as in front=base,wrist, got "${one}".`);
  });
}

const absolute = (text: string): string[] => (text === 'none' ? [] : nameList(text));
