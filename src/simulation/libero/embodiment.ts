/** @file LIBERO's Franka Panda as the papers' policies see it. */

import type { Embodiment } from '../../interfaces/embodiment.ts';

/** Control periods per second. */
export const CONTROL_HZ = 20;
/** LIBERO's own names: the view from the table's far side, and from the hand. */
export const CAMERAS = ['agentview', 'robot0_eye_in_hand'] as const;

/** The Panda with two square cameras of `imageSize` pixels. */
export function liberoEmbodiment(imageSize: number): Embodiment {
  return {
    name: 'libero-franka',
    cameras: CAMERAS.map((name) => ({ name, width: imageSize, height: imageSize })),
    state: {
      names: ['x', 'y', 'z', 'axis_angle_x', 'axis_angle_y', 'axis_angle_z', 'finger_1', 'finger_2'],
      convention: {
        rotation: 'axis-angle',
        frame: 'world',
        gripper: 'finger-positions',
        reference: 'absolute',
        unit: 'si',
      },
    },
    action: {
      names: ['dx', 'dy', 'dz', 'rx', 'ry', 'rz', 'gripper'],
      convention: {
        rotation: 'axis-angle',
        // The base stands upright and unturned in the world: a change is the same in both.
        frame: 'base',
        gripper: 'close-positive',
        reference: 'delta',
        unit: 'normalised',
      },
      low: [-1, -1, -1, -1, -1, -1, -1],
      high: [1, 1, 1, 1, 1, 1, 1],
    },
    controlHz: CONTROL_HZ,
    // No motion, and a gripper command of 0 keeps the gripper's own target (the sign is what counts).
    holdAction: [0, 0, 0, 0, 0, 0, 0],
    body: { tag: 'Franka Panda', arms: 1, waist: false, mobileBase: false },
  };
}
