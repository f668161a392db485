/** @file A pinhole camera read from the simulation, and the projection of points into its image. */

import type { Sim } from '../mujoco/sim.ts';
import type { Drawable } from './scene.ts';

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

/**
 * The box around a drawable in the camera's image as [x0, y0, x1, y1], fractions of width and height clipped to [0, 1], or null when no
 * vertex is in front of the camera. What hides it does not count. `positions` and `orientations` are the geoms' poses.
 */
export function projectedBox(
  camera: Camera,
  drawable: Drawable,
  positions: Float64Array,
  orientations: Float64Array,
  aspect = 1,
): [number, number, number, number] | null {
  const { geom, geometry } = drawable;
  const box: [number, number, number, number] = [1, 1, 0, 0];
  const point = new Float64Array(3);
  let seen = false;
  for (let i = 0; i < geometry.positions.length; i += 3) {
    for (let k = 0; k < 3; k++) {
      const row = 9 * geom + 3 * k;
      point[k] =
        positions[3 * geom + k]! +
        orientations[row]! * geometry.positions[i]! +
        orientations[row + 1]! * geometry.positions[i + 1]! +
        orientations[row + 2]! * geometry.positions[i + 2]!;
    }
    const at = project(camera, point, aspect);
    if (at === null) continue;
    seen = true;
    box[0] = Math.min(box[0], Math.max(0, at[0]));
    box[1] = Math.min(box[1], Math.max(0, at[1]));
    box[2] = Math.max(box[2], Math.min(1, at[0]));
    box[3] = Math.max(box[3], Math.min(1, at[1]));
  }
  return seen ? box : null;
}
