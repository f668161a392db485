/** @file Open-loop errors of a trained recipe on its held-out episodes, written into the run as open-loop.json. */

import path from 'node:path';
import process from 'node:process';
import type { OpenLoopConfig, Recipe } from '../../recipes/recipe.ts';
import { VlaError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { startProgress } from '../base/progress.ts';
import type { Policy } from '../interfaces/policy.ts';
import { loadPolicy } from '../training/load-policy.ts';
import { evaluateOpenLoop, meanError, type OpenLoopResult } from '../training/open-loop.ts';
import { openTrainingData, policySampleSpec } from '../training/training-data.ts';

/** The file of a run folder that holds the result. */
const OPEN_LOOP_FILE = 'open-loop.json';

/** Throws `bad-argument` for a recipe whose open-loop errors cannot be measured; for use before the training. */
export function checkOpenLoop({ name, openLoop, data }: Recipe): void {
  if (openLoop === null) return;
  if (!Number.isInteger(openLoop.every) || openLoop.every < 1) {
    throw new VlaError(
      'bad-argument',
      `openLoop.every: expected a whole number of at least 1, got ${openLoop.every}.`,
      {
        hint: 'Compare at every frame with --set openLoop.every=1.',
      },
    );
  }
  if (data.datasets[0]!.heldOut.length > 0) return;
  throw new VlaError('bad-argument', `recipe ${name}: expected held-out episodes to measure open loop on, got none.`, {
    hint: 'Hold some out (--set data.datasets.0.heldOut=3,4), or measure nothing (--set openLoop=null).',
  });
}

/** Compares the run's policy with the held-out episodes of its first dataset; prints a table and writes the result. */
export async function measureOpenLoop(
  recipe: Recipe,
  openLoop: OpenLoopConfig,
  folder: string,
  signal: AbortSignal,
): Promise<OpenLoopResult> {
  const { data, codec, device } = recipe;
  checkOpenLoop(recipe);
  const training = await openTrainingData(data);
  const { mean } = await training.statistics('action');
  const trained = training.datasets[0]!.episodes.map(({ index }) => index);
  const heldOut = training.heldOut[0]!;
  const policy = await loadPolicy(folder, { ...device, inWorker: false });
  try {
    const total = heldOut.episodes.reduce((sum, { length }) => sum + Math.ceil(length / openLoop.every), 0);
    const progress = startProgress({ label: 'open loop', total, unit: 'frames' });
    const result = await evaluateOpenLoop({
      policy,
      dataset: heldOut,
      // As a robot would see them: the codec does the resizing.
      sample: policySampleSpec(heldOut, codec.cameras, { ...data, imageSize: null }, codec.horizon),
      meanAction: mean,
      stateIndex: stateIndexOf(policy),
      every: openLoop.every,
      seed: recipe.seed,
      notes: [
        `Chunks of ${codec.horizon} actions, compared step by step with the recorded ones; steps beyond an episode's end are left out.`,
        `Trained on episodes ${trained.join(', ')}.`,
      ],
      signal,
      progress,
    });
    progress.finish();
    writeFileAtomic(path.join(folder, OPEN_LOOP_FILE), `${JSON.stringify(result, null, 2)}\n`);
    process.stdout.write(`${openLoopTable(result)}\n`);
    return result;
  } finally {
    await policy.close();
    await training.close();
  }
}

/** Where the state holds the present value of an action: dimensions of the same name, for absolute actions. */
function stateIndexOf({ embodiment: { state, action } }: Policy): (number | null)[] {
  return action.names.map((name) => {
    const index = state.names.indexOf(name);
    return action.convention.reference === 'absolute' && index >= 0 ? index : null;
  });
}

/** One row per dimension and one for the mean. */
export function openLoopTable({ dimensions, predictors, metric, episodes, frames }: OpenLoopResult): string {
  const width = Math.max(...dimensions.map((name) => name.length));
  const columns = predictors.map(({ name }) => name.padStart(Math.max(14, name.length + 2)));
  const row = (name: string, values: readonly number[]): string =>
    `${name.padEnd(width)}${values.map((value, i) => value.toFixed(4).padStart(columns[i]!.length)).join('')}`;
  return [
    `${metric} on held-out episodes ${episodes.join(', ')} (${frames} frames)`,
    `${' '.repeat(width)}${columns.join('')}`,
    ...dimensions.map((name, d) =>
      row(
        name,
        predictors.map(({ errors }) => errors[d]!),
      ),
    ),
    row('mean', predictors.map(meanError)),
  ].join('\n');
}
