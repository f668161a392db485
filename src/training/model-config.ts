/** @file The model of a recipe: its configuration, and how it is trained and sampled. */

import { VlaError } from '../base/errors.ts';
import type { FamilyConfig } from '../models/family.ts';

/** The model of a recipe. */
export interface ModelConfig {
  /** Sizes as config.json holds them; `family` says whose they are. */
  readonly config: FamilyConfig;
  /** Draws of noise and time that share one pass over the prompt, per sample. */
  readonly draws: number;
  /** Euler steps from noise to actions when the policy acts. */
  readonly eulerSteps: number;
  /**
   * Standard deviation of the noise that the policy's sampling starts from, 0 to 1. 1, the papers' choice, draws from all that was
   * demonstrated; less keeps to what is likeliest, and a robot in doubt changes its mind less often.
   */
  readonly noiseScale: number;
}

/** Throws `bad-argument` for numbers with which a model would learn nothing, or could not act afterwards. */
export function checkModel({ draws, eulerSteps, noiseScale }: ModelConfig): void {
  const check = (name: string, value: number, good: boolean, range: string): void => {
    if (good) return;
    throw new VlaError('bad-argument', `model.${name}: expected ${range}, got ${value}.`, {
      hint: `Correct it in the recipe, or with --set model.${name}=…`,
    });
  };
  check('draws', draws, Number.isInteger(draws) && draws >= 1, 'a whole number of at least 1');
  check('eulerSteps', eulerSteps, Number.isInteger(eulerSteps) && eulerSteps >= 1, 'a whole number of at least 1');
  check('noiseScale', noiseScale, noiseScale >= 0 && noiseScale <= 1, '0 to 1');
}
