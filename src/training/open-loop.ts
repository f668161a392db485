/**
 * @file Open-loop evaluation: what a policy would do at every frame of recorded episodes, against what was done, per
 * action dimension and beside two baselines that need no learning.
 */

import { VlaError } from '../base/errors.ts';
import type { Progress } from '../base/progress.ts';
import { createSampleReader, type SampleSpec } from '../data/samples.ts';
import type { Dataset } from '../interfaces/episode.ts';
import type { Policy } from '../interfaces/policy.ts';

/** The mean absolute error of one predictor, one number per action dimension, in the robot's units. */
export interface OpenLoopPredictor {
  readonly name: string;
  readonly errors: readonly number[];
}

/** The result, as `open-loop.json` holds it. */
export interface OpenLoopResult {
  readonly dataset: string;
  readonly episodes: readonly number[];
  /** Frames at which chunks were compared. */
  readonly frames: number;
  readonly metric: string;
  readonly dimensions: readonly string[];
  /** The policy first, then the baselines. */
  readonly predictors: readonly OpenLoopPredictor[];
  readonly notes: readonly string[];
}

/** What to compare, and on what. */
export interface OpenLoopOptions {
  readonly policy: Policy;
  /** The held-out episodes, opened. */
  readonly dataset: Dataset;
  readonly sample: SampleSpec;
  /** Mean of the actions of the TRAINING episodes. */
  readonly meanAction: readonly number[];
  /** Per action dimension the state dimension that holds its present value; null where there is none. */
  readonly stateIndex: readonly (number | null)[];
  /** Compare at every n-th frame. */
  readonly every: number;
  readonly seed: number;
  readonly notes: readonly string[];
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/**
 * Infers a chunk at every n-th frame and compares it, step by step, with the recorded actions behind that frame (steps
 * beyond the episode's end are left out). "hold the state" predicts the current state for the whole chunk, "mean action"
 * the training set's mean; where a dimension has no state, its hold baseline is the mean as well.
 */
export async function evaluateOpenLoop(options: OpenLoopOptions): Promise<OpenLoopResult> {
  const { policy, dataset, sample, meanAction, stateIndex, every } = options;
  const { names } = policy.embodiment.action;
  const dim = names.length;
  if (meanAction.length !== dim || stateIndex.length !== dim) {
    throw new VlaError(
      'bad-shape',
      `open loop: expected ${dim} mean actions and state indices, got ${meanAction.length} and ${stateIndex.length}.`,
    );
  }
  const reader = createSampleReader(dataset, sample);
  const sums = { policy: new Float64Array(dim), hold: new Float64Array(dim), mean: new Float64Array(dim) };
  let rows = 0;
  let frames = 0;
  for (const episode of dataset.episodes) {
    await policy.reset({ seed: options.seed + episode.index });
    for (let frame = 0; frame < episode.length; frame += every) {
      if (options.signal.aborted) {
        throw new VlaError('interrupted', `open loop: stopped after ${frames} frames; no result was written.`, {
          hint: 'Run the same command again: the training is finished and is not repeated.',
        });
      }
      const { images, state, instruction, actions, actionIsPad } = await reader.read(episode.index, frame);
      const chunk = await policy.infer({ images, state, instruction });
      const horizon = Math.min(chunk.horizon, sample.window.horizon);
      for (let h = 0; h < horizon && actionIsPad[h] === 0; h++) {
        for (let d = 0; d < dim; d++) {
          const actual = actions[h * dim + d]!;
          const index = stateIndex[d]!;
          sums.policy[d]! += Math.abs(chunk.data[h * chunk.dim + d]! - actual);
          sums.hold[d]! += Math.abs((index === null ? meanAction[d]! : state[index]!) - actual);
          sums.mean[d]! += Math.abs(meanAction[d]! - actual);
        }
        rows++;
      }
      options.progress.update(++frames);
    }
  }
  const errors = (sum: Float64Array): number[] => Array.from(sum, (total) => total / rows);
  return {
    dataset: dataset.name,
    episodes: dataset.episodes.map(({ index }) => index),
    frames,
    metric: 'Mean absolute error',
    dimensions: names,
    predictors: [
      { name: policy.name, errors: errors(sums.policy) },
      { name: 'hold the state', errors: errors(sums.hold) },
      { name: 'mean action', errors: errors(sums.mean) },
    ],
    notes: options.notes,
  };
}

/** The mean of a predictor's errors over the dimensions. */
export function meanError({ errors }: OpenLoopPredictor): number {
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}
