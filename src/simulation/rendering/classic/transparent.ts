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
    (i) => drawables[i]!.rgba[3]! > 0 && isTransparent(drawables[i]!, poses, view) && pass.vertices.sees(i),
  );
  if (indices.length === 0) return;
  const near = indices.map((i) => [i, nearness(drawables[i]!, poses, view)] as const).sort((a, b) => a[1] - b[1]);
  const bases = new Map<number, number>();
  for (const [i] of near) {
    bases.set(i, pass.state.vertices);
    pass.state.vertices += pass.vertices.transform(i, pass.state.vertices);
  }
  const layer = new Layer(pass.buffers.width * pass.buffers.height, pass.buffers.pattern.rows, out);
  for (const [i] of [...near, ...near.toReversed()]) {
    const drawable = drawables[i]!;
    const behind = drawable.isPlane && isBehind(drawable, poses, view);
    layer.alpha = drawable.rgba[3]! * (behind ? BACK_ALPHA : 1);
    drawLayer(
      pass,
      behind ? { ...view, winding: view.winding === 1 ? -1 : 1 } : view,
      drawable,
      i,
      bases.get(i)!,
      layer,
    );
    layer.flush();
  }
}

/** One drawable's colours per pixel, gathered before they are blended: triangles that share a pixel cover different samples of it. */
class Layer {
  alpha = 1;
  private readonly samples: number;
  private readonly out: Uint8Array;
  private readonly counts: Uint8Array;
  private readonly sums: Float32Array;
  private readonly touched: number[] = [];

  constructor(pixels: number, samples: number, out: Uint8Array) {
    this.samples = samples;
    this.out = out;
    this.counts = new Uint8Array(pixels);
    this.sums = new Float32Array(3 * pixels);
  }

  add(pixel: number, count: number, red: number, green: number, blue: number): void {
    // More samples than there are: another side of the same drawable.
    if (this.counts[pixel]! + count > this.samples) this.blend(pixel);
    if (this.counts[pixel] === 0) this.touched.push(pixel);
    this.counts[pixel]! += count;
    this.sums[3 * pixel]! += red * count;
    this.sums[3 * pixel + 1]! += green * count;
    this.sums[3 * pixel + 2]! += blue * count;
  }

  flush(): void {
    for (const pixel of this.touched) this.blend(pixel);
    this.touched.length = 0;
  }

  private blend(pixel: number): void {
    const count = this.counts[pixel]!;
    const kept = 1 - (this.alpha * count) / this.samples;
    for (let at = 3 * pixel; at < 3 * pixel + 3; at++) {
      this.out[at] = this.out[at]! * kept + (this.sums[at]! * this.alpha) / this.samples + 0.5;
      this.sums[at] = 0;
    }
    this.counts[pixel] = 0;
  }
}

/** Triangle by triangle: its samples in front of what is opaque are marked, gathered, and put back, so that nothing hides the next one. */
function drawLayer(
  { buffers, shader, state }: Pass,
  view: ClassicView,
  drawable: ClassicDrawable,
  index: number,
  base: number,
  layer: Layer,
): void {
  const { triangleId, depth, width, pattern, vertex } = buffers;
  const { indices } = drawable.geometry;
  for (let t = 0; t < indices.length; t += 3) {
    const window = boxAround(
      [0, 1, 2].map((k) => base + indices[t + k]!),
      vertex,
      view,
    );
    if (window === null) continue;
    const { left, right, top, bottom } = window;
    const first = state.triangles;
    const columns = right - left + 1;
    const rows = Array.from({ length: bottom - top + 1 }, (_, i) => (top + i) * width + left);
    const saved = rows.map((at) => [triangleId.slice(at, at + columns), depth.slice(at, at + columns)] as const);
    fillTriangles(buffers, { ...view, window }, indices.subarray(t, t + 3), base, index, state);
    if (state.triangles === first) continue;
    for (let y = Math.floor(top / pattern.rows); y <= Math.floor(bottom / pattern.rows); y++) {
      for (let x = left; x <= right; x++) {
        let [count, id] = [0, -1];
        for (let line = Math.max(top, y * pattern.rows); line <= Math.min(bottom, y * pattern.rows + 3); line++) {
          if (triangleId[line * width + x]! < first) continue;
          id = triangleId[line * width + x]!;
          count++;
        }
        if (count === 0) continue;
        shader.colourAt(id, x, y);
        layer.add(y * width + x, count, shader.red, shader.green, shader.blue);
      }
    }
    shader.forget(first, state.triangles);
    state.triangles = first;
    for (const [i, [ids, depths]] of saved.entries()) {
      triangleId.set(ids, rows[i]!);
      depth.set(depths, rows[i]!);
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
