/** @file An environment's expert at half speed, as a policy module: one that a safety gate has nothing to change of. */

import { openPolicy as openExpert } from '../../src/benchmarks/expert-policy.ts';
import type { OpenPolicy } from '../../src/benchmarks/player.ts';
import type { ModuleCall } from '../../src/base/user-module.ts';
import { workerUrl } from '../../src/base/worker-url.ts';

const SPEED = 0.5;
/** Numbers of an action that move; the gripper's command stays. */
const MOVING = 6;

/** The entry that a worker opens. */
export const openPolicy: OpenPolicy = async (options, environment) => {
  const expert = await openExpert(options, environment);
  return {
    ...expert,
    name: 'gentle expert',
    async infer(observation) {
      const chunk = await expert.infer(observation);
      return { ...chunk, data: chunk.data.map((value, i) => (i < MOVING ? SPEED * value : value)) };
    },
  };
};

/** Names it for `evaluate`. */
export function gentleExpert(): ModuleCall {
  return { module: workerUrl(import.meta.url, './gentle-expert').href, options: null };
}
