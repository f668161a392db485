/** @file What must hold before a control loop starts. */

import { VlaError } from '../base/errors.ts';
import { embodimentDifferences } from '../interfaces/embodiment-fit.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { Gate } from './gate.ts';

/** Throws `mismatch` unless the robot has a rate and is the one that the policy was made for; how it holds still is its gate's to judge. */
export function checkLoop({ name, embodiment }: Gate, policy: Policy): void {
  const { holdAction, action, controlHz } = embodiment;
  if (holdAction !== null && holdAction.length !== action.names.length) {
    throw new VlaError(
      'mismatch',
      `control loop: expected a hold action of ${action.names.length} values for "${name}", got ${holdAction.length}.`,
    );
  }
  if (action.convention.reference === 'relative-to-chunk-start') {
    throw new VlaError(
      'mismatch',
      `control loop: expected actions that mean the same at every tick, got actions relative to the start of a chunk for "${name}".`,
      { hint: 'Let the policy’s codec decode them to absolute ones: chunks are cut and joined here.' },
    );
  }
  if (!(controlHz > 0)) {
    throw new VlaError('mismatch', `control loop: expected a control rate above 0 Hz for "${name}", got ${controlHz}.`);
  }
  const differences = embodimentDifferences(policy.embodiment, embodiment);
  if (differences.length === 0) return;
  throw new VlaError(
    'mismatch',
    `control loop: policy "${policy.name}" was made for another robot than "${name}": ${differences.join('; ')}.`,
    { hint: 'Use a policy that was trained for this robot.' },
  );
}

/** Throws unless `seconds` is above 0. */
export function checkSeconds(what: string, seconds: number): void {
  if (seconds > 0) return;
  throw new VlaError('bad-argument', `control loop: expected a ${what} above 0 s, got ${seconds}.`);
}
