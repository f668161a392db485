/** @file The SO-100 and SO-101 arms as policies see them: six joints, named, numbered and counted as LeRobot does. */

import type { CameraSpec, Embodiment } from '../../interfaces/embodiment.ts';

/** From the base to the hand; joint i is the servo with the id i + 1. */
export const JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper'] as const;

/** A joint's name. */
export type Joint = (typeof JOINTS)[number];

/** The servos' ids, in the order of `JOINTS`. */
export const IDS: readonly number[] = JOINTS.map((_, i) => i + 1);

/** It may turn without an end: it has no range to be found. */
export const FULL_TURN: Joint = 'wrist_roll';

/**
 * What a joint's number means; the gripper is 0 (closed) to 100 (open) in both. `degrees`: 0 is the middle of the calibrated range (what
 * LeRobot does unless told otherwise). `percent`: −100 to 100 over the calibrated range.
 */
export type JointUnit = 'degrees' | 'percent';

/** What the embodiment is made from. */
export interface So101Body {
  readonly unit: JointUnit;
  /** Inclusive limits of the joints' numbers, in the order of `JOINTS`. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly cameras: readonly CameraSpec[];
  /** Control rate, hertz. */
  readonly controlHz: number;
}

/** The arm's embodiment. Its names are those of LeRobot's datasets. */
export function so101Embodiment({ unit, low, high, cameras, controlHz }: So101Body): Embodiment {
  const names = JOINTS.map((joint) => `${joint}.pos`);
  const convention = {
    rotation: 'none',
    frame: 'joint',
    gripper: 'close-zero-open-hundred',
    reference: 'absolute',
    unit,
  } as const;
  return {
    name: 'so101',
    cameras,
    state: { names, convention },
    action: { names, convention, low, high },
    controlHz,
    // What holds still is the last target, which no constant says; limits of its motion say "hold": "last-target".
    holdAction: null,
    body: { tag: 'SO-101', arms: 1, waist: false, mobileBase: false },
  };
}
