/** @file Whether the steps of a codec change what its actions refer to in an order that makes sense. */

import { VlaError } from '../base/errors.ts';
import type { PolicyCodecConfig } from './codec-config.ts';
import type { ReferenceChange } from './delta.ts';
import { poseProblem, type PoseChange } from './relative-pose.ts';

/** Throws unless changes of reference start from what the robot's actions are, and refer to state dimensions that exist. */
export function requireReferences(config: PolicyCodecConfig): void {
  const sizes = { action: config.action.names.length, state: config.state.names.length };
  const wrong = config.state.steps.find(({ kind }) => kind === 'reference' || kind === 'relative-pose');
  if (wrong !== undefined) {
    throw new VlaError('bad-argument', `state steps: expected no "${wrong.kind}" step, got one.`, {
      hint: 'Only actions change their reference: take the step out of the state’s.',
    });
  }
  let { reference } = config.action.convention;
  const posed = new Set<number>();
  for (const step of config.action.steps) {
    if (step.kind === 'relative-pose') {
      requireFrom('absolute', reference);
      for (const pose of step.poses) requirePose(pose, posed, sizes);
    } else if (step.kind === 'reference') {
      requireFrom(step.change.from, reference);
      reference = step.change.to;
      requireChange(step.change, posed, sizes.state);
    }
  }
}

function requireFrom(from: string, reference: string): void {
  if (from === reference) return;
  throw new VlaError('mismatch', `action steps: expected a change from "${reference}", got one from "${from}".`, {
    hint: 'It starts from what the embodiment’s action convention says: correct one of the two.',
  });
}

function requirePose(
  pose: PoseChange,
  posed: Set<number>,
  sizes: { readonly action: number; readonly state: number },
): void {
  const problem = poseProblem(pose, sizes.action, sizes.state);
  if (problem !== null) {
    throw new VlaError('bad-argument', `action steps: relative-pose ${problem}.`, {
      hint: 'Indices count the dimensions of the robot’s action and state, before padding.',
    });
  }
  for (const index of [...pose.position, ...pose.rotation]) {
    if (posed.has(index)) throw changedTwice(index);
    posed.add(index);
  }
}

function requireChange({ stateIndex }: ReferenceChange, posed: ReadonlySet<number>, count: number): void {
  const bad = stateIndex.find((index) => index !== null && index >= count);
  if (bad !== undefined) {
    throw new VlaError('bad-argument', `action steps: expected state indices below ${count}, got ${bad}.`, {
      hint: 'A delta is taken from a dimension of the state: name one that exists, or null.',
    });
  }
  const twice = stateIndex.findIndex((index, i) => index !== null && posed.has(i));
  if (twice >= 0) throw changedTwice(twice);
}

function changedTwice(index: number): VlaError {
  return new VlaError('bad-argument', `action steps: expected one change of reference, got two for index ${index}.`, {
    hint: 'Leave the numbers of a pose out of the other change (null).',
  });
}
