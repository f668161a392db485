/** @file Conventions as values that are compared before anything moves: rotation, frame, gripper, delta or absolute. */

import { VlaError } from '../base/errors.ts';

/** How a block of numbers in a state or action vector is to be read. */
export interface Convention {
  /** How a rotation is written. `none`: no rotation in this vector. */
  readonly rotation: 'axis-angle' | 'quaternion-xyzw' | 'quaternion-wxyz' | 'euler-xyz' | 'rotation-6d' | 'none';
  /** The frame in which positions and rotations are given. */
  readonly frame: 'base' | 'world' | 'end-effector' | 'camera' | 'joint';
  /** Which number closes the gripper. */
  readonly gripper:
    | 'close-positive'
    | 'close-negative'
    | 'close-zero-open-one'
    | 'close-zero-open-hundred'
    | 'finger-positions'
    | 'none';
  /** What the numbers mean: a target, a change of the current state, or a change relative to the chunk's first state. */
  readonly reference: 'absolute' | 'delta' | 'relative-to-chunk-start';
  /**
   * The unit of the whole vector: physical (metres, radians), scaled to [-1, 1], or joints as LeRobot has them, in degrees or in percent of
   * their calibrated range (-100 to 100), with the gripper from 0 to 100.
   */
  readonly unit: 'si' | 'normalised' | 'degrees' | 'percent';
}

/** One difference between two conventions. */
export interface ConventionDifference {
  readonly field: keyof Convention;
  readonly expected: string;
  readonly got: string;
}

/** The fields in which `got` differs from `expected`; empty when they agree. */
export function compareConventions(expected: Convention, got: Convention): ConventionDifference[] {
  return (Object.keys(expected) as (keyof Convention)[])
    .filter((field) => expected[field] !== got[field])
    .map((field) => ({ field, expected: expected[field], got: got[field] }));
}

/** Throws `mismatch` naming every field in which `got` differs from `expected`; `where` says whose they are. */
export function requireConvention(expected: Convention, got: Convention, where: string): void {
  const differences = compareConventions(expected, got);
  if (differences.length === 0) return;
  const text = differences.map(({ field, expected, got }) => `${field}: expected "${expected}", got "${got}"`);
  throw new VlaError('mismatch', `${where}: ${text.join('; ')}.`, {
    hint: 'Convert one side, or use a policy that was trained for this robot; nothing is converted silently.',
  });
}
