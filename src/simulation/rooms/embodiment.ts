/** @file The base as policies see it: waypoints in its own frame, odometry since the start, one camera. */

import type { Embodiment } from '../../interfaces/embodiment.ts';
import { BASE_HZ, WAYPOINT_LIMITS } from './base.ts';
import { EGO } from './view.ts';

/**
 * Qwen-VLA's navigation convention: (Δx, Δy, Δθ) per waypoint at 2 Hz, each in the frame of the one before. The state is the pose
 * since the start in the start's frame, the heading as cosine and sine, so that it has no jump.
 */
export function roomsEmbodiment(imageSize: number): Embodiment {
  const plain = { rotation: 'none', gripper: 'none', unit: 'si' } as const;
  return {
    name: 'vlakit-mobile-base',
    cameras: [{ name: EGO, width: imageSize, height: imageSize, label: 'ego' }],
    state: {
      names: ['x', 'y', 'cosine', 'sine'],
      convention: { ...plain, frame: 'world', reference: 'absolute' },
    },
    action: {
      names: ['dx', 'dy', 'dtheta'],
      convention: { ...plain, frame: 'base', reference: 'delta' },
      low: WAYPOINT_LIMITS.map((limit) => -limit),
      high: [...WAYPOINT_LIMITS],
    },
    controlHz: BASE_HZ,
    holdAction: [0, 0, 0],
    body: { tag: 'vlakit mobile base', arms: 0, waist: false, mobileBase: true },
  };
}
