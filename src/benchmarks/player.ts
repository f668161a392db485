/** @file What plays in a worker thread: an environment and a policy, named by modules so that each thread opens its own. */

import { VlaError } from '../base/errors.ts';
import { callModule, moduleName, type ModuleCall } from '../base/user-module.ts';
import { embodimentDifferences } from '../interfaces/embodiment-fit.ts';
import type { Environment } from '../interfaces/environment.ts';
import { MODULE_HINT, checkEnvironmentParts, checkPolicyParts } from '../interfaces/module-parts.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { PlayedEpisode, PlayHooks } from './play-episode.ts';
import type { PlannedEpisode } from './protocol.ts';

export type { ModuleCall } from '../base/user-module.ts';

/** `export const openEnvironment: OpenEnvironment` of an environment module. */
export type OpenEnvironment<O = unknown> = (options: O) => Promise<Environment>;

/** `export const openPolicy: OpenPolicy` of a policy module. A policy takes one thread; episodes are spread over workers. */
export type OpenPolicy<O = unknown> = (options: O, environment: Environment) => Promise<Policy>;

/** Hears what is played, in the thread that plays: a recorder, a live view. */
export interface PlayListener {
  /** The policy that is played, heard. */
  readonly policy: Policy;
  /** As of `PlayHooks`. */
  acting(tick: number, observation: Observation, action: Float32Array, age: number): Promise<void> | void;
  /** Nothing more is played; gives what went wrong while listening. Called once. */
  finish(): Promise<readonly Error[]>;
}

/** `export const openListener: OpenListener` of a module that listens. */
export type OpenListener<O = unknown> = (options: O, environment: Environment, policy: Policy) => Promise<PlayListener>;

/** Plays one episode from its reset to its outcome; null: it was stopped. `hooks` as `playEpisode` takes them. */
export type PlayOne = (planned: PlannedEpisode, hooks: PlayHooks) => Promise<PlayedEpisode | null>;

/** `export const openPlayer: OpenPlayer` of a module that plays episodes in its own way. */
export type OpenPlayer<O = unknown> = (options: O, environment: Environment, policy: Policy) => Promise<PlayOne>;

/** Opens a player from its module, which is one of ours. */
export async function openPlayer(call: ModuleCall, environment: Environment, policy: Policy): Promise<PlayOne> {
  return callModule<PlayOne>(call.module, 'openPlayer', [call.options, environment, policy], MODULE_HINT);
}

/** Opens a listener from its module, which is one of ours. */
export async function openListener(call: ModuleCall, environment: Environment, policy: Policy): Promise<PlayListener> {
  return callModule<PlayListener>(call.module, 'openListener', [call.options, environment, policy], MODULE_HINT);
}

/** Opens an environment from its module. */
export async function openEnvironment(call: ModuleCall): Promise<Environment> {
  const environment = await callModule<Environment>(call.module, 'openEnvironment', [call.options], MODULE_HINT);
  checkEnvironmentParts(environment, `${moduleName(call.module)}: openEnvironment`);
  return environment;
}

/** Opens a policy from its module, and refuses one that was made for another robot than the environment's. */
export async function openPolicy(call: ModuleCall, environment: Environment): Promise<Policy> {
  const policy = await callModule<Policy>(call.module, 'openPolicy', [call.options, environment], MODULE_HINT);
  checkPolicyParts(policy, `${moduleName(call.module)}: openPolicy`);
  try {
    checkFit(policy, environment);
  } catch (error) {
    await policy.close();
    throw error;
  }
  return policy;
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
