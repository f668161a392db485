/** @file What plays in a worker thread: an environment and a policy, named by modules so that each thread opens its own. */

import { VlaError } from '../base/errors.ts';
import { embodimentDifferences } from '../interfaces/embodiment-fit.ts';
import type { Environment } from '../interfaces/environment.ts';
import type { Policy } from '../interfaces/policy.ts';

/** A module that exports `openEnvironment` or `openPolicy`, and the (cloneable) options to call it with. */
export interface ModuleCall {
  /** URL of the module. */
  readonly module: string;
  readonly options: unknown;
}

/** `export const openEnvironment: OpenEnvironment` of an environment module. */
export type OpenEnvironment<O = unknown> = (options: O) => Promise<Environment>;

/** `export const openPolicy: OpenPolicy` of a policy module. A policy takes one thread; episodes are spread over workers. */
export type OpenPolicy<O = unknown> = (options: O, environment: Environment) => Promise<Policy>;

/** Opens an environment from its module. */
export async function openEnvironment(call: ModuleCall): Promise<Environment> {
  return (await exported<OpenEnvironment>(call, 'openEnvironment'))(call.options);
}

/** Opens a policy from its module, and refuses one that was made for another robot than the environment's. */
export async function openPolicy(call: ModuleCall, environment: Environment): Promise<Policy> {
  const policy = await (await exported<OpenPolicy>(call, 'openPolicy'))(call.options, environment);
  try {
    checkFit(policy, environment);
  } catch (error) {
    await policy.close();
    throw error;
  }
  return policy;
}

async function exported<T>(call: ModuleCall, name: string): Promise<T> {
  const found = ((await import(call.module)) as Record<string, unknown>)[name];
  if (typeof found === 'function') return found as T;
  throw new VlaError('bad-argument', `${call.module}: expected an exported function ${name}, got ${typeof found}.`, {
    hint: 'See src/benchmarks/player.ts for what such a module exports.',
  });
}

/** Throws a `mismatch` that lists every difference between the policy's robot and the environment's. */
export function checkFit(policy: Policy, environment: Environment): void {
  const differences = embodimentDifferences(policy.embodiment, environment.embodiment);
  if (differences.length === 0) return;
  throw new VlaError(
    'mismatch',
    `Policy "${policy.name}" does not fit environment "${environment.name}": ${differences.join('; ')}.`,
    { hint: 'Use the environment that the policy was trained for.' },
  );
}
