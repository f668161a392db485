/** @file The world of a recording (recipes/recording.ts), and which random streams each episode draws from. */

import { VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import { FIRST_EVALUATION_SEED } from '../../benchmarks/protocol.ts';
import type { WorldChoice } from '../../simulation/worlds.ts';
import type { RecordConfig } from '../../../recipes/recording.ts';

/** The world of a recording, as it is opened. */
export function worldOf({ world, imageSize }: RecordConfig): WorldChoice {
  return { imageSize, ...(world === undefined ? {} : { world }) };
}

/** The seed of an attempt at an episode: below the evaluations' first seed, so no recorded scene is ever a test scene. */
export function recordingSeed(config: RecordConfig, episode: number, attempt: number): number {
  return new Random(config.seed, episode, attempt, 0).integer(FIRST_EVALUATION_SEED);
}

/** A disturbance for one attempt at an episode: each call turns the next action into the one to execute. */
export function createActionNoise(
  config: RecordConfig,
  episode: number,
  attempt: number,
): (action: Float32Array) => Float32Array {
  const { cleanShare, sigma, correlation, scale, slips } = config.noise;
  const random = new Random(config.seed, episode, attempt, 1);
  const strength = random.uniform() < cleanShare ? 0 : random.range(...sigma);
  const fresh = Math.sqrt(1 - correlation * correlation);
  const state = new Float32Array(scale.length);
  let slipping = 0;
  return (action) => {
    for (const [i, factor] of scale.entries()) {
      state[i] = correlation * state[i]! + fresh * strength * factor * random.normal();
    }
    const executed = action.map((value, i) => value + state[i]!);
    if (slips === null) return executed;
    const [shortest, longest] = slips.steps;
    const begins = random.uniform() < slips.rate;
    const length = shortest + random.integer(longest - shortest + 1);
    slipping = slipping > 0 ? slipping - 1 : begins && strength > 0 ? length : 0;
    if (slipping > 0) executed[slips.dimension] = -executed[slips.dimension]!;
    return executed;
  };
}

/** Throws `bad-argument` for a recording that cannot work; `tasks` and `actionDim` are the environment's. */
export function checkRecordConfig(config: RecordConfig, actionDim: number): void {
  const check = (name: string, value: unknown, good: boolean, range: string): void => {
    if (good) return;
    throw new VlaError('bad-argument', `record.${name}: expected ${range}, got ${String(value)}.`, {
      hint: `Correct it in the recipe, or with --set record.${name}=…`,
    });
  };
  const { episodes, tasks, imageSize, attempts, noise } = config;
  check('episodes', episodes, Number.isInteger(episodes) && episodes >= 1, 'a whole number of at least 1');
  check('tasks', tasks.length, tasks.length >= 1, 'at least one task');
  check('imageSize', imageSize, Number.isInteger(imageSize) && imageSize >= 8, 'at least 8 pixels');
  check('attempts', attempts, Number.isInteger(attempts) && attempts >= 1, 'a whole number of at least 1');
  check('noise.cleanShare', noise.cleanShare, noise.cleanShare >= 0 && noise.cleanShare <= 1, '0 to 1');
  check('noise.correlation', noise.correlation, Math.abs(noise.correlation) < 1, 'less than 1');
  check('noise.sigma', noise.sigma, noise.sigma[0] >= 0 && noise.sigma[1] >= noise.sigma[0], 'an ascending range');
  check('noise.scale', noise.scale.length, noise.scale.length === actionDim, `${actionDim} factors`);
  const { slips } = noise;
  if (slips === null) return;
  check('noise.slips.rate', slips.rate, slips.rate >= 0 && slips.rate <= 1, '0 to 1');
  check(
    'noise.slips.steps',
    slips.steps,
    slips.steps[0] >= 1 && slips.steps[1] >= slips.steps[0],
    'an ascending range',
  );
  check(
    'noise.slips.dimension',
    slips.dimension,
    slips.dimension >= 0 && slips.dimension < actionDim,
    `0 to ${actionDim - 1}`,
  );
}
