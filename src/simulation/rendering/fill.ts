/** @file The visibility pass: which triangle each sample sees, by spans, with the inverse depth interpolated in screen space. */

import { NEAR } from './camera.ts';
import type { RasterBuffers } from './raster-buffers.ts';
import type { View } from './vertex-stage.ts';

/** Fill counters of one image. */
export interface FillState {
  /** Vertices and triangles in use. Clipping appends vertices. */
  vertices: number;
  triangles: number;
}

/** Clips, culls and draws the triangles of one drawable, whose vertices start at `base`. */
export function fillTriangles(
  buffers: RasterBuffers,
  view: View,
  indices: Uint32Array,
  base: number,
  drawable: number,
  state: FillState,
): void {
  const { viewZ } = buffers.vertex;
  for (let t = 0; t < indices.length; t += 3) {
    const a = base + indices[t]!;
    const b = base + indices[t + 1]!;
    const c = base + indices[t + 2]!;
    const behind = (viewZ[a]! > -NEAR ? 1 : 0) + (viewZ[b]! > -NEAR ? 1 : 0) + (viewZ[c]! > -NEAR ? 1 : 0);
    if (behind === 0) fillTriangle(buffers, a, b, c, drawable, state);
    else if (behind < 3) fillClipped(buffers, view, [a, b, c], drawable, state);
  }
}

function fillClipped(
  buffers: RasterBuffers,
  view: View,
  corners: readonly [number, number, number],
  drawable: number,
  state: FillState,
): void {
  const { viewZ } = buffers.vertex;
  const polygon: number[] = [];
  for (let i = 0; i < 3; i++) {
    const from = corners[i]!;
    const to = corners[(i + 1) % 3]!;
    const fromIn = viewZ[from]! <= -NEAR;
    if (fromIn) polygon.push(from);
    if (fromIn !== viewZ[to]! <= -NEAR) polygon.push(cut(buffers, view, from, to, state));
  }
  for (let i = 1; i + 1 < polygon.length; i++) {
    fillTriangle(buffers, polygon[0]!, polygon[i]!, polygon[i + 1]!, drawable, state);
  }
}

/** Appends the vertex where an edge meets the near plane. */
function cut(buffers: RasterBuffers, view: View, from: number, to: number, state: FillState): number {
  const { vertex } = buffers;
  const k = (-NEAR - vertex.viewZ[from]!) / (vertex.viewZ[to]! - vertex.viewZ[from]!);
  const at = state.vertices++;
  for (const field of [vertex.viewX, vertex.viewY, vertex.diffuse, vertex.specular, vertex.u, vertex.v, vertex.w]) {
    field[at] = field[from]! + (field[to]! - field[from]!) * k;
  }
  vertex.viewZ[at] = -NEAR;
  vertex.inverseDepth[at] = 1 / NEAR;
  vertex.screenX[at] = view.centreX + (vertex.viewX[at]! / NEAR) * view.focalX;
  vertex.screenY[at] = view.centreY - (vertex.viewY[at]! / NEAR) * view.focalY;
  return at;
}

/** Draws one front-facing triangle; it gets an id only when some sample sees it (so far). */
function fillTriangle(
  buffers: RasterBuffers,
  a: number,
  b: number,
  c: number,
  drawable: number,
  state: FillState,
): void {
  const { screenX, screenY, inverseDepth } = buffers.vertex;
  const { depth, triangleId } = buffers;
  const width = buffers.width * buffers.samplesPerSide;
  const height = buffers.height * buffers.samplesPerSide;
  const x0 = screenX[a]!;
  const y0 = screenY[a]!;
  const x1 = screenX[b]!;
  const y1 = screenY[b]!;
  const x2 = screenX[c]!;
  const y2 = screenY[c]!;
  const area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
  if (area >= 0) return;
  let top = Math.ceil((y0 < y1 ? (y0 < y2 ? y0 : y2) : y1 < y2 ? y1 : y2) - 0.5);
  let bottom = Math.floor((y0 > y1 ? (y0 > y2 ? y0 : y2) : y1 > y2 ? y1 : y2) - 0.5);
  if (top < 0) top = 0;
  if (bottom >= height) bottom = height - 1;
  if (top > bottom) return;
  const left = x0 < x1 ? (x0 < x2 ? x0 : x2) : x1 < x2 ? x1 : x2;
  const right = x0 > x1 ? (x0 > x2 ? x0 : x2) : x1 > x2 ? x1 : x2;
  if (right < 0.5 || left > width - 0.5 || Math.ceil(left - 0.5) > Math.floor(right - 0.5)) return;
  const inverseArea = 1 / area;
  const z2 = inverseDepth[c]!;
  const z02 = inverseDepth[a]! - z2;
  const z12 = inverseDepth[b]! - z2;
  const slopeX = ((y1 - y2) * z02 + (y2 - y0) * z12) * inverseArea;
  const slopeY = ((x2 - x1) * z02 + (x0 - x2) * z12) * inverseArea;
  const id = state.triangles;
  let seen = false;
  for (let y = top; y <= bottom; y++) {
    const py = y + 0.5;
    let low = 1e9;
    let high = -1e9;
    if (y0 <= py !== y1 <= py) {
      const x = x0 + ((py - y0) * (x1 - x0)) / (y1 - y0);
      if (x < low) low = x;
      if (x > high) high = x;
    }
    if (y1 <= py !== y2 <= py) {
      const x = x1 + ((py - y1) * (x2 - x1)) / (y2 - y1);
      if (x < low) low = x;
      if (x > high) high = x;
    }
    if (y2 <= py !== y0 <= py) {
      const x = x2 + ((py - y2) * (x0 - x2)) / (y0 - y2);
      if (x < low) low = x;
      if (x > high) high = x;
    }
    let start = Math.ceil(low - 0.5);
    let end = Math.ceil(high - 0.5) - 1;
    if (start < 0) start = 0;
    if (end >= width) end = width - 1;
    if (start > end) continue;
    let z = z2 + (start + 0.5 - x2) * slopeX + (py - y2) * slopeY;
    const last = y * width + end;
    for (let at = y * width + start; at <= last; at++, z += slopeX) {
      if (z > depth[at]!) {
        depth[at] = z;
        triangleId[at] = id;
        seen = true;
      }
    }
  }
  if (!seen) return;
  const { triangle } = buffers;
  triangle.cornerA[id] = a;
  triangle.cornerB[id] = b;
  triangle.cornerC[id] = c;
  triangle.drawable[id] = drawable;
  state.triangles = id + 1;
}
