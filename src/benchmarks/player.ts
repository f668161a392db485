/** @file What plays in a worker thread: an environment and a policy, named by modules so that each thread opens its own. */

import { VlaError } from '../base/errors.ts';
import { importModule, moduleName, userError } from '../base/user-module.ts';
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
  const environment = await opened<Environment>(call, 'openEnvironment', [call.options]);
  checkParts(environment, ENVIRONMENT, `${moduleName(call.module)}: openEnvironment`);
  return environment;
}

/** Opens a policy from its module, and refuses one that was made for another robot than the environment's. */
export async function openPolicy(call: ModuleCall, environment: Environment): Promise<Policy> {
  const policy = await opened<Policy>(call, 'openPolicy', [call.options, environment]);
  checkParts(policy, POLICY, `${moduleName(call.module)}: openPolicy`);
  try {
    checkFit(policy, environment);
  } catch (error) {
    await policy.close();
    throw error;
  }
  return policy;
}

async function opened<T>({ module }: ModuleCall, name: string, values: readonly unknown[]): Promise<T> {
  const open = (await importModule(module))[name];
  if (typeof open !== 'function') {
    const got = open === undefined ? 'none' : `a ${typeof open}`;
    throw new VlaError('bad-argument', `${moduleName(module)}: expected an exported function ${name}, got ${got}.`, {
      hint: HINT,
    });
  }
  try {
    return (await open(...values)) as T;
  } catch (cause) {
    throw userError(cause, module, `${name} to return`);
  }
}

const HINT = 'docs/guides/own-environment.md shows what such a module exports, src/interfaces has the types.';

type Kind = 'a string' | 'a positive number' | 'a function' | 'a list of names' | 'a list of cameras' | 'an object';

const KINDS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  'a string': (value) => typeof value === 'string',
  'a positive number': (value) => typeof value === 'number' && value > 0,
  'a function': (value) => typeof value === 'function',
  'a list of names': (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  'a list of cameras': (value) =>
    Array.isArray(value) && value.every((one: { name?: unknown } | null) => typeof one?.name === 'string'),
  'an object': (value) => typeof value === 'object' && value !== null,
};

const EMBODIMENT = {
  'embodiment.cameras': 'a list of cameras',
  'embodiment.state.names': 'a list of names',
  'embodiment.state.convention': 'an object',
  'embodiment.action.names': 'a list of names',
  'embodiment.action.convention': 'an object',
  'embodiment.controlHz': 'a positive number',
} as const;
const ENVIRONMENT = {
  name: 'a string',
  ...EMBODIMENT,
  tasks: 'a list of names',
  perturbations: 'a list of names',
  maxSteps: 'a function',
  reset: 'a function',
  observe: 'a function',
  step: 'a function',
  close: 'a function',
} as const;
const POLICY = {
  name: 'a string',
  ...EMBODIMENT,
  reset: 'a function',
  infer: 'a function',
  close: 'a function',
} as const;

/** Modules may be plain JavaScript: what is not there is said before anything is asked of it. */
function checkParts(value: unknown, parts: Readonly<Record<string, Kind>>, where: string): void {
  const at = (path: string): unknown =>
    path.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown> | null | undefined)?.[key], value);
  const wrong = Object.entries(parts).filter(([path, kind]) => !KINDS[kind](at(path)));
  if (wrong.length === 0) return;
  const list = KINDS['an object'](value)
    ? `${wrong.map(([path, kind]) => `${path} to be ${kind}`).join(', ')}, got something else`
    : `an object with ${Object.keys(parts).join(', ')}, got ${String(value)}`;
  throw new VlaError('bad-argument', `${where}: expected ${list}.`, { hint: HINT });
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
