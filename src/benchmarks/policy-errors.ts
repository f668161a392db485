/** @file A policy's own errors in an episode: they say where they happened, and cannot be taken for mistakes of the command line or of vlakit. */

import { InvariantError, VlaError } from '../base/errors.ts';
import type { Policy } from '../interfaces/policy.ts';

/**
 * The policy for one episode; `where` names the episode. What its code throws becomes a VlaError. What it cannot take in (`bad-argument`, for
 * example an instruction that is too long) is a `mismatch` of policy and episode; broken invariants stay as they are.
 */
export function policyInEpisode(policy: Policy, where: string): Policy {
  const told = (tick: number, cause: unknown): unknown =>
    policyError(`Policy "${policy.name}" in ${where}, tick ${tick}`, cause);
  return {
    name: policy.name,
    embodiment: policy.embodiment,
    ...(policy.continues === undefined ? {} : { continues: policy.continues }),
    async reset(episode) {
      try {
        await policy.reset(episode);
      } catch (cause) {
        throw told(0, cause);
      }
    },
    async infer(observation, options) {
      try {
        return await policy.infer(observation, options);
      } catch (cause) {
        throw told(observation.tick ?? 0, cause);
      }
    },
    close: () => policy.close(),
  };
}

function policyError(where: string, cause: unknown): unknown {
  if (cause instanceof InvariantError) return cause;
  if (!(cause instanceof VlaError)) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const hint = 'The policy’s own code failed: its stack is the cause of this error.';
    return new VlaError('bad-data', `${where}: ${text}`, { cause, hint });
  }
  const { code, message, hint } = cause;
  const meant = code === 'bad-argument' ? 'mismatch' : code;
  return new VlaError(meant, `${where}: ${message}`, { cause, ...(hint === undefined ? {} : { hint }) });
}
