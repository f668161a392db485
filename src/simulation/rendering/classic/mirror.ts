/**
 * @file The mirror: where its surface is seen, the light of the mirrored world, weakened, is added to its own. A point of the mirrored
 * world counts only behind the surface: nearer ones lie on the mirror's back.
 */

import type { Pass } from './pass.ts';
import { OPAQUE } from './scene.ts';
import type { ClassicDrawable, ClassicScene } from './scene.ts';
import type { ClassicLight, Rgb } from './lights.ts';
import { poseArrays } from './vertices.ts';
import type { Poses } from './vertices.ts';
import { mirroredView } from './view.ts';
import type { ClassicView, MirrorPlane } from './view.ts';

/** Which samples see the mirror: its inverse depth there (0 elsewhere), and the box around them. */
interface MirrorSamples {
  readonly limit: Float32Array;
  readonly window: ClassicView['window'];
}

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
  const samples = samplesOf(direct, at);
  if (samples === null) return;
  const through = {
    ...samples,
    ready: (vertex: number, drawable: number): void => reflection.vertices.light(vertex, drawable),
  };
  const mirrored = mirroredView(view, planeOf(mirror, poses), mirror.reflectance, lights, through);
  const isMirrored = ({ id, carrier, rgba }: ClassicDrawable): boolean =>
    rgba[3]! >= OPAQUE && !(id === mirror.id && carrier === mirror.carrier);
  reflection.fill(mirrored, drawables, poses, isMirrored);
  addColours(reflection, samples.window, out);
}

function samplesOf({ buffers, state }: Pass, mirror: number): MirrorSamples | null {
  const { triangle, triangleId, depth, width, height, pattern } = buffers;
  const isMirror = new Uint8Array(state.triangles);
  for (let id = 0; id < state.triangles; id++) isMirror[id] = triangle.drawable[id] === mirror ? 1 : 0;
  if (!isMirror.includes(1)) return null;
  const limit = new Float32Array(triangleId.length);
  const [columns, rows] = [width * pattern.columns, height * pattern.rows];
  let [left, right, top, bottom] = [columns, -1, rows, -1];
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, at++) {
      const id = triangleId[at]!;
      if (id < 0 || isMirror[id] === 0) continue;
      limit[at] = depth[at]!;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < 0 ? null : { limit, window: { left, right, top, bottom } };
}

/** The mirror's side is the one with normal +z. */
function planeOf({ id, carrier, geometry }: ClassicDrawable, poses: Poses): MirrorPlane {
  const [positions, orientations] = poseArrays({ carrier }, poses);
  const normal = [2, 5, 8].map((k) => orientations[9 * id + k]!) as unknown as Rgb;
  const height = geometry.positions[2]!;
  const point = [0, 1, 2].map((k) => positions[3 * id + k]! + height * normal[k]!) as unknown as Rgb;
  return { point, normal };
}

function addColours({ buffers, shader }: Pass, window: ClassicView['window'], out: Uint8Array): void {
  const { width, triangleId, pattern } = buffers;
  const { rows } = pattern;
  const clamp = (value: number): number => (value > 255 ? 255 : value);
  for (let y = Math.floor(window.top / rows); y <= Math.floor(window.bottom / rows); y++) {
    for (let x = window.left; x <= window.right; x++) {
      let [red, green, blue, count] = [0, 0, 0, 0];
      let previous = -1;
      for (let row = 0; row < rows; row++) {
        const line = y * rows + row;
        const id = line < window.top || line > window.bottom ? -1 : triangleId[line * width + x]!;
        if (id < 0) continue;
        if (id !== previous) shader.colourAt(id, x, y);
        previous = id;
        red += shader.red;
        green += shader.green;
        blue += shader.blue;
        count++;
      }
      if (count === 0) continue;
      const at = 3 * (y * width + x);
      out[at] = clamp(out[at]! + red / rows + 0.5);
      out[at + 1] = clamp(out[at + 1]! + green / rows + 0.5);
      out[at + 2] = clamp(out[at + 2]! + blue / rows + 0.5);
    }
  }
}
