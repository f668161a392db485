/**
 * @file What is transparent: blended over the opaque image in MuJoCo's order, front to back and then back to front, so everything twice.
 * Nothing transparent hides anything, and planes show their back, faintly.
 */

import { fillTriangles } from '../fill.ts';
import type { Pass } from './pass.ts';
import { OPAQUE } from './scene.ts';
import type { ClassicDrawable } from './scene.ts';
import { poseArrays } from './vertices.ts';
import type { Poses } from './vertices.ts';
import type { ClassicView } from './view.ts';

/** A plane seen from behind has this part of its alpha. */
const BACK_ALPHA = 0.3;

/** Whether a drawable is drawn after the opaque ones: by its alpha, or as a plane's back. */
export function isTransparent(drawable: ClassicDrawable, poses: Poses, view: ClassicView): boolean {
  return drawable.rgba[3]! < OPAQUE || (drawable.isPlane && isBehind(drawable, poses, view));
}

/** Blends the transparent drawables over an image that `pass` has just filled. */
export function addTransparent(
  pass: Pass,
  view: ClassicView,
  drawables: readonly ClassicDrawable[],
  poses: Poses,
  out: Uint8Array,
): void {
  const indices = [...drawables.keys()].filter(
    (i) => drawables[i]!.rgba[3]! > 0 && isTransparent(drawables[i]!, poses, view),
  );
  if (indices.length === 0) return;
  const near = indices.map((i) => [i, nearness(drawables[i]!, poses, view)] as const).sort((a, b) => a[1] - b[1]);
  const order = near.map(([i]) => i);
  const bases = new Map<number, number>();
  for (const i of [...order, ...order.toReversed()]) {
    let base = bases.get(i);
    if (base === undefined) {
      base = pass.vertices.sees(i) ? pass.state.vertices : -1;
      if (base >= 0) pass.state.vertices += pass.vertices.transform(i, base);
      bases.set(i, base);
    }
    if (base >= 0) blendDrawable(pass, view, drawables[i]!, poses, i, base, out);
  }
}

/** Triangle by triangle: the samples in front of what is opaque, then their pixels. */
function blendDrawable(
  { buffers, shader, state }: Pass,
  view: ClassicView,
  drawable: ClassicDrawable,
  poses: Poses,
  index: number,
  base: number,
  out: Uint8Array,
): void {
  const behind = drawable.isPlane && isBehind(drawable, poses, view);
  const alpha = drawable.rgba[3]! * (behind ? BACK_ALPHA : 1);
  const { triangleId, depth, width, height, pattern, vertex } = buffers;
  const own: ClassicView = behind ? { ...view, winding: view.winding === 1 ? -1 : 1 } : view;
  const { indices } = drawable.geometry;
  // The samples of one triangle at a time are marked and then put back: depth stays what the opaque image has.
  for (let t = 0; t < indices.length; t += 3) {
    const corners = [0, 1, 2].map((k) => base + indices[t + k]!);
    const firstTriangle = state.triangles;
    const window = boxAround(corners, vertex, view);
    if (window === null) continue;
    const { left, right, top, bottom } = window;
    const columns = right - left + 1;
    const saved = {
      ids: new Int32Array(columns * (bottom - top + 1)),
      depth: new Float32Array(columns * (bottom - top + 1)),
    };
    for (let y = top; y <= bottom; y++) {
      saved.ids.set(triangleId.subarray(y * width + left, y * width + right + 1), (y - top) * columns);
      saved.depth.set(depth.subarray(y * width + left, y * width + right + 1), (y - top) * columns);
    }
    fillTriangles(buffers, { ...own, window }, indices.subarray(t, t + 3), base, index, state);
    if (state.triangles === firstTriangle) continue;
    for (let y = Math.floor(top / pattern.rows); y <= Math.floor(bottom / pattern.rows) && y < height; y++) {
      for (let x = left; x <= right; x++) {
        let [count, id] = [0, -1];
        for (let row = 0; row < pattern.rows; row++) {
          const line = y * pattern.rows + row;
          if (line < top || line > bottom || triangleId[line * width + x]! < firstTriangle) continue;
          id = triangleId[line * width + x]!;
          count++;
        }
        if (count === 0) continue;
        shader.colourAt(id, x, y);
        const part = (alpha * count) / pattern.rows;
        const at = 3 * (y * width + x);
        out[at] = out[at]! * (1 - part) + shader.red * part + 0.5;
        out[at + 1] = out[at + 1]! * (1 - part) + shader.green * part + 0.5;
        out[at + 2] = out[at + 2]! * (1 - part) + shader.blue * part + 0.5;
      }
    }
    shader.forget(firstTriangle, state.triangles);
    state.triangles = firstTriangle;
    for (let y = top; y <= bottom; y++) {
      triangleId.set(saved.ids.subarray((y - top) * columns, (y - top + 1) * columns), y * width + left);
      depth.set(saved.depth.subarray((y - top) * columns, (y - top + 1) * columns), y * width + left);
    }
  }
}

/** The samples that a triangle may touch; all when it crosses the near plane, null when it is outside. */
function boxAround(
  corners: readonly number[],
  { screenX, screenY, viewZ }: Pass['buffers']['vertex'],
  { window, near }: ClassicView,
): ClassicView['window'] | null {
  if (corners.some((corner) => viewZ[corner]! > -near)) return window;
  const xs = corners.map((corner) => screenX[corner]!);
  const ys = corners.map((corner) => screenY[corner]!);
  const left = Math.max(window.left, Math.floor(Math.min(...xs)));
  const right = Math.min(window.right, Math.floor(Math.max(...xs)));
  const top = Math.max(window.top, Math.floor(Math.min(...ys)));
  const bottom = Math.min(window.bottom, Math.floor(Math.max(...ys)));
  return left > right || top > bottom ? null : { left, right, top, bottom };
}

function isBehind({ carrier, id }: ClassicDrawable, poses: Poses, { camera }: ClassicView): boolean {
  const [positions, orientations] = poseArrays({ carrier }, poses);
  let along = 0;
  for (let k = 0; k < 3; k++) {
    along += (camera.position[k]! - positions[3 * id + k]!) * orientations[9 * id + 3 * k + 2]!;
  }
  return along < 0;
}

/** Distance of the bounding sphere from the camera; planes are always far. */
function nearness({ carrier, id, geometry, isPlane }: ClassicDrawable, poses: Poses, { camera }: ClassicView): number {
  if (isPlane) return Infinity;
  const [positions] = poseArrays({ carrier }, poses);
  const away = [0, 1, 2].map((k) => positions[3 * id + k]! - camera.position[k]!);
  return Math.hypot(...away) - geometry.radius;
}
