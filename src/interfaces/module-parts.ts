/** @file Whether what a module of the user's handed over has the parts of an environment or a policy. */

import { VlaError } from '../base/errors.ts';

/** Where to read how such modules are written. */
export const MODULE_HINT =
  'docs/guides/own-environment.md shows what such a module exports, src/interfaces has the types.';

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

/** Throws `bad-argument` unless `value` has what an environment has; `where` names the module's function. */
export function checkEnvironmentParts(value: unknown, where: string): void {
  checkParts(value, ENVIRONMENT, where);
}

/** Throws `bad-argument` unless `value` has what a policy has; `where` names the module's function. */
export function checkPolicyParts(value: unknown, where: string): void {
  checkParts(value, POLICY, where);
}

/** Modules may be plain JavaScript: what is not there is said before anything is asked of it. */
function checkParts(value: unknown, parts: Readonly<Record<string, Kind>>, where: string): void {
  const at = (path: string): unknown =>
    path.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown> | null | undefined)?.[key], value);
  const wrong = Object.entries(parts).filter(([path, kind]) => !KINDS[kind](at(path)));
  if (wrong.length === 0) return;
  const list = KINDS['an object'](value)
    ? `${wrong.map(([path, kind]) => `${path} to be ${kind}`).join(', ')}, got something else`
    : `an object with ${Object.keys(parts).join(', ')}, got ${String(value)}`;
  throw new VlaError('bad-argument', `${where}: expected ${list}.`, { hint: MODULE_HINT });
}
