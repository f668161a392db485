/**
 * @file The mirror: where its surface is seen, the light of the mirrored world, weakened, is added to its own. A point of the mirrored
 * world counts only behind the surface: nearer ones lie on the mirror's back.
 */

import type { Window } from './fill.ts';
import type { Pass } from './pass.ts';
import { ROWS } from './samples.ts';
import { OPAQUE } from './scene.ts';
import type { ClassicDrawable, ClassicScene } from './scene.ts';
import type { ClassicLight, Rgb } from './lights.ts';
import { placeOf } from './poses.ts';
import type { Poses } from './poses.ts';
import { mirroredView } from './view.ts';
import type { ClassicView, MirrorPlane } from './view.ts';

/** Adds what the scene's mirror shows to an image. `reflection`: a pass of the same size as `direct`. */
export function addMirror(
  direct: Pass,
  reflection: Pass,
  view: ClassicView,
  scene: ClassicScene,
  poses: Poses,
  lights: readonly ClassicLight[],
  out: Uint8Array,
): void {
  const { drawables } = scene;
  const at = drawables.findIndex(({ reflectance }) => reflectance > 0);
  if (at < 0) return;
  const mirror = drawables[at]!;
  const window = windowOf(direct, at);
  if (window === null) return;
  const light = (vertex: number, drawable: number): void => reflection.vertices.light(vertex, drawable);
  const through = { limit: limitIn(direct, at, window), window, light };
  const mirrored = mirroredView(view, planeOf(mirror, poses), mirror.reflectance, lights, through);
  reflection.fill(mirrored, drawables, poses, (drawable) => isMirrored(drawable, mirror));
  addColours(reflection, window, out);
}

/** Whether a mirror shows a drawable: opaque things but itself. */
export function isMirrored({ id, carrier, rgba }: ClassicDrawable, mirror: ClassicDrawable): boolean {
  return rgba[3]! >= OPAQUE && !(id === mirror.id && carrier === mirror.carrier);
}

/** The box around the samples that see the mirror. */
function windowOf(pass: Pass, mirror: number): Window | null {
  const [first, end] = pass.trianglesOf(mirror);
  if (first === end) return null;
  const { triangleId, width, height } = pass.samples;
  let [left, right, top, bottom] = [width, -1, ROWS * height, -1];
  for (let y = 0, at = 0; y < ROWS * height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (triangleId[at]! < first || triangleId[at]! >= end) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  // Whole pixels.
  return right < 0 ? null : { left, right, top: top & ~3, bottom: bottom | 3 };
}

/** In the window: the mirror's inverse depth where it is seen, 0 elsewhere. */
function limitIn(pass: Pass, mirror: number, { left, right, top, bottom }: Window): Float32Array {
  const [first, end] = pass.trianglesOf(mirror);
  const { triangleId, depth, width } = pass.samples;
  const limit = new Float32Array(triangleId.length);
  for (let y = top; y <= bottom; y++) {
    for (let at = y * width + left; at <= y * width + right; at++) {
      if (triangleId[at]! >= first && triangleId[at]! < end) limit[at] = depth[at]!;
    }
  }
  return limit;
}

/** The mirror's side is the one with normal +z. */
export function planeOf(mirror: ClassicDrawable, poses: Poses): MirrorPlane {
  const world = new Float64Array(12);
  placeOf(mirror, poses, world);
  const normal = [world[2]!, world[5]!, world[8]!] as const;
  const height = mirror.geometry.positions[2]!;
  const point = [0, 1, 2].map((k) => world[9 + k]! + height * normal[k]!) as unknown as Rgb;
  return { point, normal };
}

function addColours({ samples, shader }: Pass, window: Window, out: Uint8Array): void {
  const { width, triangleId } = samples;
  const sum = (old: number, four: number): number => Math.min(255, old + ((four + 2) >> 2));
  for (let y = window.top >> 2; y <= window.bottom >> 2; y++) {
    for (let x = window.left; x <= window.right; x++) {
      let [red, green, blue, colour] = [0, 0, 0, 0];
      let previous = -1;
      for (let row = ROWS * y; row < ROWS * y + ROWS; row++) {
        const id = triangleId[row * width + x]!;
        if (id < 0) continue;
        if (id !== previous) colour = shader.colourAt(id, x, y);
        previous = id;
        red += colour & 255;
        green += (colour >> 8) & 255;
        blue += colour >> 16;
      }
      if (previous < 0) continue;
      const at = 3 * (y * width + x);
      out[at] = sum(out[at]!, red);
      out[at + 1] = sum(out[at + 1]!, green);
      out[at + 2] = sum(out[at + 2]!, blue);
    }
  }
}
