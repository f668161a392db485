/**
 * @file What is transparent: blended over the opaque image in MuJoCo's order, front to back and then back to front, so everything twice.
 * Nothing transparent hides anything, and planes show their back, faintly.
 */

import { clipTriangle } from './fill.ts';
import type { Pass } from './pass.ts';
import { OFFSETS, ROWS } from './samples.ts';
import type { Samples } from './samples.ts';
import { OPAQUE } from './scene.ts';
import type { ClassicDrawable } from './scene.ts';
import { placeOf } from './poses.ts';
import type { Poses } from './poses.ts';
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
  const layers = transparentLayers(drawables, poses, view, (i) => pass.vertices.sees(i));
  if (layers.length === 0) return;
  const bases = new Map<number, number>();
  for (const { index } of layers) {
    if (!bases.has(index)) bases.set(index, pass.vertices.transform(index));
  }
  const layer = new Layer(out);
  for (const { index, behind, alpha } of layers) {
    layer.alpha = alpha;
    drawLayer(
      pass,
      behind ? { ...view, winding: view.winding === 1 ? -1 : 1 } : view,
      drawables[index]!,
      index,
      bases.get(index)!,
      layer,
    );
    layer.flush();
  }
}

/** One blending of one drawable. */
export interface TransparentLayer {
  /** The drawable's place in the scene. */
  readonly index: number;
  readonly alpha: number;
  /** Its triangles are seen from behind: a plane's back. */
  readonly behind: boolean;
}

/** What is blended over the opaque image, in MuJoCo's order. `sees`: whether a drawable may be in the picture. */
export function transparentLayers(
  drawables: readonly ClassicDrawable[],
  poses: Poses,
  view: ClassicView,
  sees: (index: number) => boolean,
): TransparentLayer[] {
  const indices = [...drawables.keys()].filter(
    (i) => drawables[i]!.rgba[3]! > 0 && isTransparent(drawables[i]!, poses, view) && sees(i),
  );
  const near = indices.map((i) => [i, nearness(drawables[i]!, poses, view)] as const).sort((a, b) => a[1] - b[1]);
  return [...near, ...near.toReversed()].map(([index]) => {
    const drawable = drawables[index]!;
    const behind = drawable.isPlane && isBehind(drawable, poses, view);
    return { index, behind, alpha: drawable.rgba[3]! * (behind ? BACK_ALPHA : 1) };
  });
}

/** One drawable's colours per pixel, gathered before they are blended: triangles that share a pixel cover different samples of it. */
class Layer {
  alpha = 1;
  private readonly out: Uint8Array;
  private readonly counts: Uint8Array;
  private readonly sums: Float32Array;
  private readonly touched: number[] = [];

  constructor(out: Uint8Array) {
    this.out = out;
    this.counts = new Uint8Array(out.length / 3);
    this.sums = new Float32Array(out.length);
  }

  add(pixel: number, count: number, colour: number): void {
    // More samples than there are: another side of the same drawable.
    if (this.counts[pixel]! + count > ROWS) this.blend(pixel);
    if (this.counts[pixel] === 0) this.touched.push(pixel);
    this.counts[pixel]! += count;
    this.sums[3 * pixel]! += (colour & 255) * count;
    this.sums[3 * pixel + 1]! += ((colour >> 8) & 255) * count;
    this.sums[3 * pixel + 2]! += (colour >> 16) * count;
  }

  flush(): void {
    for (const pixel of this.touched) this.blend(pixel);
    this.touched.length = 0;
  }

  private blend(pixel: number): void {
    const count = this.counts[pixel]!;
    const kept = 1 - (this.alpha * count) / ROWS;
    for (let at = 3 * pixel; at < 3 * pixel + 3; at++) {
      this.out[at] = this.out[at]! * kept + (this.sums[at]! * this.alpha) / ROWS + 0.5;
      this.sums[at] = 0;
    }
    this.counts[pixel] = 0;
  }
}

/** Triangle by triangle, so that nothing transparent hides anything. */
function drawLayer(
  { samples, shader }: Pass,
  view: ClassicView,
  drawable: ClassicDrawable,
  index: number,
  base: number,
  layer: Layer,
): void {
  const { indices } = drawable.geometry;
  const { triangle, width } = samples;
  const id = samples.triangles;
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [base + indices[t]!, base + indices[t + 1]!, base + indices[t + 2]!];
    const polygon = clipTriangle(samples, view, a, b, c, index);
    for (let i = 1; i + 1 < polygon.length; i++) {
      const corners = [polygon[0]!, polygon[i]!, polygon[i + 1]!] as const;
      [triangle.cornerA[id], triangle.cornerB[id], triangle.cornerC[id]] = corners;
      triangle.drawable[id] = index;
      shader.forget(id);
      cover(samples, view, corners, (x, y, count) => layer.add(y * width + x, count, shader.colourAt(id, x, y)));
    }
  }
}

/** Calls back for each pixel with how many of its samples a front-facing triangle covers before anything opaque. */
function cover(
  { vertex, depth, width }: Samples,
  { winding, window }: ClassicView,
  corners: readonly [number, number, number],
  emit: (x: number, y: number, count: number) => void,
): void {
  const { screenX, screenY, inverseDepth } = vertex;
  const [x0, x1, x2] = corners.map((corner) => screenX[corner]!) as [number, number, number];
  const [y0, y1, y2] = corners.map((corner) => screenY[corner]!) as [number, number, number];
  const [z0, z1, z2] = corners.map((corner) => inverseDepth[corner]!) as [number, number, number];
  const area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
  if (area * winding >= 0) return;
  // Weights of the first and second corner are planes over the image; all three are positive inside.
  const [ax, ay] = [(y1 - y2) / area, (x2 - x1) / area];
  const [bx, by] = [(y2 - y0) / area, (x0 - x2) / area];
  const top = Math.max(window.top, Math.floor(Math.min(y0, y1, y2))) >> 2;
  const bottom = Math.min(window.bottom, Math.floor(Math.max(y0, y1, y2))) >> 2;
  const left = Math.max(window.left, Math.floor(Math.min(x0, x1, x2)));
  const right = Math.min(window.right, Math.floor(Math.max(x0, x1, x2)));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      let count = 0;
      for (let row = 0; row < ROWS; row++) {
        const dx = x + OFFSETS[row]! - x2;
        const dy = ROWS * y + row + 0.5 - y2;
        const a = ax * dx + ay * dy;
        const b = bx * dx + by * dy;
        const c = 1 - a - b;
        if (a < 0 || b < 0 || c < 0) continue;
        if (a * z0 + b * z1 + c * z2 > depth[(ROWS * y + row) * width + x]!) count++;
      }
      if (count > 0) emit(x, y, count);
    }
  }
}

function isBehind(drawable: ClassicDrawable, poses: Poses, { camera }: ClassicView): boolean {
  const world = new Float64Array(12);
  placeOf(drawable, poses, world);
  return [0, 1, 2].reduce((sum, k) => sum + (camera.position[k]! - world[9 + k]!) * world[3 * k + 2]!, 0) < 0;
}

/** Distance of the bounding sphere from the camera; planes are always far. */
function nearness(drawable: ClassicDrawable, poses: Poses, { camera }: ClassicView): number {
  if (drawable.isPlane) return Infinity;
  const world = new Float64Array(12);
  placeOf(drawable, poses, world);
  return Math.hypot(...[0, 1, 2].map((k) => world[9 + k]! - camera.position[k]!)) - drawable.geometry.radius;
}
