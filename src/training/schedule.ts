/** @file The learning rate and the averaging decay as functions of the step alone, so that a resumed run repeats them. */

import { VlaError } from '../base/errors.ts';

/** The learning rate over a run. */
export interface ScheduleConfig {
  /** The learning rate at its peak. */
  readonly learningRate: number;
  /** Steps over which it rises linearly from learningRate / warmupSteps. */
  readonly warmupSteps: number;
  /** Where the cosine ends, as a fraction of the peak (0 = zero). */
  readonly finalFraction: number;
}

/**
 * Linear warm-up, then half a cosine down to `finalFraction` (Loshchilov and Hutter 2017, equation 5, one cycle).
 * `step` counts from 0; `steps` is the length of the run.
 */
export function learningRateAt(config: ScheduleConfig, step: number, steps: number): number {
  const { learningRate, warmupSteps, finalFraction } = config;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  return learningRate * (finalFraction + (1 - finalFraction) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}

/** The weight of the old average at `step` (from 0): `decay`, but less in the first steps so that the start is forgotten. */
export function emaDecayAt(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}

/** Throws `bad-argument` for a schedule that cannot work. */
export function checkSchedule(config: ScheduleConfig, steps: number): void {
  if (!(config.learningRate > 0) || !Number.isFinite(config.learningRate)) {
    throw new VlaError(
      'bad-argument',
      `schedule.learningRate: expected a positive number, got ${config.learningRate}.`,
      { hint: 'Correct it in the recipe, or begin with --set schedule.learningRate=1e-3' },
    );
  }
  if (!(config.warmupSteps >= 0 && config.warmupSteps < steps)) {
    throw new VlaError(
      'bad-argument',
      `schedule.warmupSteps: expected 0 to less than the ${steps} steps of the run, got ${config.warmupSteps}.`,
      { hint: 'Train longer (--set loop.steps=…) or warm up for less (--set schedule.warmupSteps=…).' },
    );
  }
  if (!(config.finalFraction >= 0 && config.finalFraction <= 1)) {
    throw new VlaError('bad-argument', `schedule.finalFraction: expected 0 to 1, got ${config.finalFraction}.`, {
      hint: 'It is a share of the peak: correct it in the recipe, or with --set schedule.finalFraction=0.1',
    });
  }
}
