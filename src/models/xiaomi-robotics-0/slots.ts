/**
 * @file Where the numbers of a one- or two-armed robot stand in Xiaomi-Robotics-0's 32 places, for a codec's `slots`. A robot with
 * one arm takes the left. Places 13 and 27 to 31 are free.
 */

/** The places of one arm: position and axis-angle of the end effector, gripper, six joints. */
export interface ArmSlots {
  readonly position: readonly number[];
  readonly rotation: readonly number[];
  readonly gripper: readonly number[];
  readonly joints: readonly number[];
}

/** Length of the padded state and action. */
export const SLOTS = 32;

/**
 * Actions: positions and rotations relative to the chunk's first pose in its frame (`relative-pose`), grippers and joints as
 * differences from the state. States: the published post-training fills grippers and joints; the published LIBERO weights take
 * position, axis-angle and both finger positions in the first eight places instead, not normalised.
 */
export const ARMS = {
  left: { position: [0, 1, 2], rotation: [3, 4, 5], gripper: [6], joints: [7, 8, 9, 10, 11, 12] },
  right: { position: [14, 15, 16], rotation: [17, 18, 19], gripper: [20], joints: [21, 22, 23, 24, 25, 26] },
} as const satisfies Readonly<Record<'left' | 'right', ArmSlots>>;
