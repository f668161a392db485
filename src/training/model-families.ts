/** @file The model families that can be trained and loaded: a hand-written list; shared code asks the family, never its name. */

import { VlaError, lookUp } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { Tensor } from '../base/tensor.ts';
import type { Codec } from '../codec/policy-codec.ts';
import { parseZr0Config, type Zr0Config } from '../models/zr-0/config.ts';
import { createZr0Policy } from '../models/zr-0/policy.ts';
import { createZr0Trainable } from '../models/zr-0/trainable.ts';
import type { SessionOptions } from '../engine/index.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { Trainable } from './trainable.ts';

/** A model's sizes as config.json holds them; `family` says whose they are. */
export type FamilyConfig = Zr0Config;

/** The model of a recipe. */
export interface ModelConfig {
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

/** A trainable policy: what does not come from the codec is drawn per sample. */
export interface PolicyTrainable extends Trainable {
  /** Inputs that do not come from the codec; sample b draws from `randoms[b]`. */
  draw(randoms: readonly Random[]): Record<string, Tensor>;
}

/** What a policy is made of. */
export interface PolicyParts {
  /** For people: tables and logs. */
  readonly name: string;
  readonly config: FamilyConfig;
  readonly codec: Codec;
  readonly embodiment: Embodiment;
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly eulerSteps: number;
  readonly noiseScale: number;
  readonly session: Pick<SessionOptions, 'runtime' | 'threads'>;
}

/** What a family offers. `config` is what its own `parse` returned. */
export interface ModelFamily {
  /** Checks a config.json; throws `bad-data`. */
  parse(config: unknown, where: string): FamilyConfig;
  trainable(model: ModelConfig, codec: Codec, batchSize: number): PolicyTrainable;
  policy(parts: PolicyParts): Promise<Policy>;
}

const FAMILIES: Readonly<Record<string, ModelFamily>> = {
  'zr-0': {
    parse: parseZr0Config,
    trainable: ({ config, draws }, codec, batchSize) => createZr0Trainable({ config, codec, batchSize, draws }),
    policy: ({ eulerSteps, ...parts }) => createZr0Policy({ ...parts, steps: eulerSteps }),
  },
};

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

/** The family that a config.json names. */
export function familyOf(config: unknown, where: string): ModelFamily {
  const family = (config as { family?: unknown } | null)?.family;
  if (typeof family === 'string') return lookUp(`${where}: model family`, family, FAMILIES);
  throw new VlaError('bad-data', `${where}: expected a model configuration with a "family", got none.`, {
    hint: `Families: ${Object.keys(FAMILIES).join(', ')}.`,
  });
}
