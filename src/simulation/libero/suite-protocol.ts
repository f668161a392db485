/**
 * @file How the papers play LIBERO's suites: the longest episodes, the settling, the seeds (openvla-oft, openpi and vla-evaluation-harness
 * agree).
 */

import { lookUp } from '../../base/errors.ts';

/** The longest episode per suite, in control steps after the settling: a little more than the longest demonstration. */
const MAX_STEPS: Readonly<Record<string, number>> = {
  libero_spatial: 220,
  libero_object: 280,
  libero_goal: 300,
  libero_10: 520,
  libero_90: 400,
};

/** Control steps that let the objects come to rest before a policy sees them. */
export const SETTLE_STEPS = 10;
/** What the robot is told meanwhile: stay, and open the gripper. */
export const SETTLE_ACTION = [0, 0, 0, 0, 0, 0, -1] as const;
/** What openpi and vla-evaluation-harness give numpy's generator for each task; openvla-oft: 0. */
export const HARNESS_SEED = 7;

/** The longest episode of a suite, in control steps. */
export function maxStepsOf(suite: string): number {
  return lookUp('LIBERO suite', suite, MAX_STEPS);
}
