/** @file What training in a test needs beside its recipe: a folder, no clock, no bar. */

import type { TrainingRecipe } from '../src/training/recipe.ts';
import type { TrainPolicyOptions } from '../src/training/train-policy.ts';

/** Trains `recipe` in `folder`; `changes` replace the rest. */
export function trainingOptions(
  folder: string,
  recipe: TrainingRecipe,
  changes: Partial<TrainPolicyOptions> = {},
): TrainPolicyOptions {
  return {
    recipe,
    folder,
    command: 'vlakit train small',
    versions: { vlakit: 'test' },
    evaluate: null,
    signal: new AbortController().signal,
    wallClock: () => 0,
    progressStream: { write: () => true },
    ...changes,
  };
}
