/** @file Where things are in LIBERO's camera images, which are mirrored left to right. */

import type { Box, ImagePoint } from '../../../interfaces/annotation.ts';
import { quaternionToMatrix } from '../../../base/rotation.ts';
import type { Vector3 } from '../../../base/rotation.ts';
import type { Sim } from '../../mujoco/sim.ts';
import { cameraOf, project } from '../../rendering/camera.ts';
import type { Camera } from '../../rendering/camera.ts';
import { CAMERAS } from '../embodiment.ts';
import { add, corners, middle, placed, subtract } from './geometry.ts';
import type { Part, Scene } from './scene.ts';

/** A box that is smaller than this share of the image's width or height shows nothing. */
const SMALLEST = 0.005;

/** The cameras of one moment. */
export interface Sight {
  /**
   * The box around an object or region in each image, clipped to it, as if nothing hid it; null where it is out of the image, or where other
   * objects hide all of it, as far as samples tell.
   */
  boxes(name: string): Record<string, Box | null>;
  /** Takes points of the robot's base frame to the images of this moment, also later on. */
  locator(): (position: ArrayLike<number>) => Record<string, ImagePoint | null>;
}

/** What the cameras of a simulation see now. `base`: where the robot's base frame is in the world, metres. */
export function sightOf(sim: Sim, scene: Scene, base: Vector3): Sight {
  const cameras = CAMERAS.map((name) => [name, cameraOf(sim, sim.id('camera', name))] as const);
  return {
    boxes(name) {
      const isObject = scene.task.objects[name] !== undefined;
      const shapes = isObject ? scene.shapes(name) : [scene.site(name)];
      const others = Object.keys(scene.task.objects).filter(
        (other) => other !== name && other !== scene.task.sites[name]?.parent,
      );
      const hiding = others.flatMap((other) => scene.shapes(other));
      return Object.fromEntries(cameras.map(([camera, view]) => [camera, boxOf(view, shapes, hiding)]));
    },
    locator: () => (position) => {
      const point: Vector3 = [position[0]! + base[0], position[1]! + base[1], position[2]! + base[2]];
      return Object.fromEntries(cameras.map(([camera, view]) => [camera, seenAt(view, point)]));
    },
  };
}

function boxOf(camera: Camera, shapes: readonly Part[], hiding: readonly Part[]): Box | null {
  let [x0, y0, x1, y1] = [1, 1, 0, 0];
  for (const shape of shapes) {
    for (const corner of corners(shape)) {
      const at = seenAt(camera, placed(shape, corner));
      if (at === null) return null;
      [x0, y0, x1, y1] = [Math.min(x0, at[0]), Math.min(y0, at[1]), Math.max(x1, at[0]), Math.max(y1, at[1])];
    }
  }
  const box = [x0, y0, x1, y1].map((value) => Math.max(0, Math.min(1, value))) as unknown as Box;
  if (box[2] - box[0] < SMALLEST || box[3] - box[1] < SMALLEST) return null;
  const eye = [...camera.position] as unknown as Vector3;
  const shown = shapes.flatMap(samples).some((point) => {
    const inside = seenAt(camera, point)!.every((value) => value >= 0 && value <= 1);
    return inside && !hiding.some((other) => isBetween(other, eye, point));
  });
  return shown ? box : null;
}

/** The middle of a box, and the points half-way from there to its corners. */
function samples(shape: Part): Vector3[] {
  const centre = middle(shape);
  return [centre, ...corners(shape).map((corner) => add(centre, subtract(placed(shape, corner), centre), 0.5))];
}

function seenAt(camera: Camera, point: Vector3): [number, number] | null {
  const at = project(camera, point);
  return at === null ? null : [1 - at[0], at[1]];
}

/** Whether a box meets the segment from an eye to a point (slab method in the box's frame). */
function isBetween(box: Part, eye: Vector3, point: Vector3): boolean {
  const m = quaternionToMatrix(box.orientation);
  const [from, to] = [eye, point].map((p) => {
    const d = subtract(p, box.position);
    return [0, 1, 2].map((k) => m[k]! * d[0] + m[3 + k]! * d[1] + m[6 + k]! * d[2]);
  }) as [number[], number[]];
  let [enter, leave] = [0, 1];
  for (let k = 0; k < 3; k++) {
    const step = to[k]! - from[k]!;
    if (Math.abs(step) < 1e-12) {
      if (from[k]! < box.low[k]! || from[k]! > box.high[k]!) return false;
      continue;
    }
    const [a, b] = [(box.low[k]! - from[k]!) / step, (box.high[k]! - from[k]!) / step];
    enter = Math.max(enter, Math.min(a, b));
    leave = Math.min(leave, Math.max(a, b));
  }
  return enter <= leave;
}
