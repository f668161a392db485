/** @file The tabletop's robot as policies see it: LIBERO's cameras, state and action conventions. */

import type { Embodiment } from '../../interfaces/embodiment.ts';

/** Control periods per second. */
export const CONTROL_HZ = 20;

/** The arm with two square cameras of `imageSize` pixels. */
export function tabletopEmbodiment(imageSize: number): Embodiment {
  return {
    name: 'vlakit-tabletop',
    cameras: ['front', 'wrist'].map((name) => ({ name, width: imageSize, height: imageSize })),
    state: {
      names: ['x', 'y', 'z', 'axis_angle_x', 'axis_angle_y', 'axis_angle_z', 'finger_1', 'finger_2'],
      convention: {
        rotation: 'axis-angle',
        frame: 'base',
        gripper: 'finger-positions',
        reference: 'absolute',
        unit: 'si',
      },
    },
    action: {
      names: ['dx', 'dy', 'dz', 'rx', 'ry', 'rz', 'gripper'],
      convention: {
        rotation: 'axis-angle',
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
    body: { tag: 'vlakit tabletop', arms: 1, waist: false, mobileBase: false },
  };
}
