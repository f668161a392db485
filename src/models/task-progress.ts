/**
 * @file How far a task is, as a policy keeps account of it (DM0's progress variant): each chunk says how far the task will be at its
 * end, and what was executed of the chunk counts.
 *
 * Training of it is not public, and the paper says only that progress supervises repetitive tasks. Here a sample's progress before
 * its chunk is the input, and the progress after it the target.
 */

import { VlaError } from '../base/errors.ts';
import type { Codec } from '../codec/policy-codec.ts';
import type { AnyFamily, FamilyConfig, FamilyProgress } from './family.ts';

/** The codec's output that holds the progress before and after a sample's chunk, [B, 2]. */
export const PROGRESS = 'progress';

/** What a family offers for progress. Throws `mismatch` where the model has no parameters for it. */
export function requireProgress(
  family: AnyFamily,
  config: FamilyConfig,
): FamilyProgress<FamilyConfig, unknown, unknown> {
  if (family.progress?.has(config) === true) return family.progress;
  throw new VlaError(
    'mismatch',
    `${family.name}: expected a model that tells the task’s progress, got one that does not.`,
    {
      hint: 'Of the families DM0 can: set model.config.expert.progress.',
    },
  );
}

/** The same, for training on a codec; also throws where the codec does not say how far samples are. */
export function requireProgressTargets(family: AnyFamily, config: FamilyConfig, codec: Codec): void {
  requireProgress(family, config);
  const shape = codec.trainingInputs(1)[PROGRESS]?.shape;
  if (shape?.join() === '1,2') return;
  throw new VlaError(
    'mismatch',
    `${family.name} progress: expected a codec output "${PROGRESS}" of 2 numbers, got none.`,
    {
      hint: 'Add { kind: "values", feature: "supervision.chunk_progress", output: "progress", size: 2, normalisation: { kind: "identity" } } to codec.supervision; annotations hold it.',
    },
  );
}

/** The progress when `executed` actions of a chunk of `horizon` are done, from that before it and the predicted one after it. */
export function advanceProgress(before: number, predicted: number, executed: number, horizon: number): number {
  return Math.min(1, Math.max(0, before + (predicted - before) * (executed / horizon)));
}

/** The account of one episode. */
export interface ProgressAccount {
  /** The progress at an observation: 0 at first. Without ticks, all of the last chunk counts as executed. */
  at(tick: number | undefined): number;
  /** Notes what a chunk inferred there predicts for its end. */
  note(tick: number | undefined, predicted: number, horizon: number): void;
  reset(): void;
}

/** Opens an account. */
export function openProgressAccount(): ProgressAccount {
  let last: { before: number; tick: number | undefined; predicted: number; horizon: number } | null = null;
  const at = (tick: number | undefined): number => {
    if (last === null) return 0;
    const { before, predicted, horizon } = last;
    const passed = tick === undefined || last.tick === undefined ? horizon : tick - last.tick;
    return advanceProgress(before, predicted, Math.min(horizon, Math.max(0, passed)), horizon);
  };
  return {
    at,
    note(tick, predicted, horizon) {
      last = { before: at(tick), tick, predicted, horizon };
    },
    reset() {
      last = null;
    },
  };
}
