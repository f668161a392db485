/** @file A pinhole camera read from the simulation, and the projection of points into its image. */

import type { Sim } from '../mujoco/sim.ts';

/** MuJoCo's camera: looks along −z of its frame, y up in the image. */
export interface Camera {
  /** World position [3], metres. */
  readonly position: Float64Array;
  /** Orientation [3 × 3] row-major, camera frame to world. */
  readonly orientation: Float64Array;
  /** Vertical field of view, degrees. */
  readonly fovy: number;
}

/** Nearer than this nothing is drawn, metres. */
export const NEAR = 0.01;

/** The camera's pose now. */
export function cameraOf(sim: Sim, id: number): Camera {
  return {
    position: sim.data('cam_xpos').slice(3 * id, 3 * id + 3),
    orientation: sim.data('cam_xmat').slice(9 * id, 9 * id + 9),
    fovy: sim.model('cam_fovy')[id]!,
  };
}

/**
 * A world point as fractions of the image's width and height (0, 0 = top left; values outside [0, 1] lie outside the image),
 * or null behind the camera. `aspect` is width over height.
 */
export function project(camera: Camera, point: ArrayLike<number>, aspect = 1): [number, number] | null {
  const { position, orientation: r } = camera;
  const [x, y, z] = [point[0]! - position[0]!, point[1]! - position[1]!, point[2]! - position[2]!];
  const depth = -(r[2]! * x + r[5]! * y + r[8]! * z);
  if (depth < NEAR) return null;
  const focal = 0.5 / Math.tan((camera.fovy * Math.PI) / 360);
  const right = r[0]! * x + r[3]! * y + r[6]! * z;
  const up = r[1]! * x + r[4]! * y + r[7]! * z;
  return [0.5 + (focal * right) / (depth * aspect), 0.5 - (focal * up) / depth];
}
