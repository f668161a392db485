/** @file The visibility pass: which triangle each sample sees, by spans, with the inverse depth interpolated in screen space. */

import type { RasterBuffers } from './raster-buffers.ts';

/** How a camera's coordinates become samples, and which triangles are seen. */
export interface FillView {
  /** Focal lengths and centre in samples. */
  readonly focalX: number;
  readonly focalY: number;
  readonly centreX: number;
  readonly centreY: number;
  /** Nearer than this nothing is drawn, metres. */
  readonly near: number;
  /** 1: what turns counter-clockwise in the image is seen; −1: the other way round, as in a mirror. */
  readonly winding: 1 | -1;
  /** A factor on inverse depths before they are compared: a hair above 1 lets later triangles win ties. */
  readonly tie: number;
  /** Per sample the inverse depth that must not be reached, or null. */
  readonly limit: Float32Array | null;
  /** The samples that may be drawn: columns and rows, the last ones included. */
  readonly window: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
  /** Called before a vertex of a drawable is interpolated. */
  readonly ready: (vertex: number, drawable: number) => void;
}

/** Fill counters of one image. */
export interface FillState {
  /** Vertices and triangles in use. Clipping appends vertices. */
  vertices: number;
  triangles: number;
}

/** Clips, culls and draws the triangles of one drawable, whose vertices start at `base`. */
export function fillTriangles(
  buffers: RasterBuffers,
  view: FillView,
  indices: Uint32Array,
  base: number,
  drawable: number,
  state: FillState,
): void {
  const { viewZ } = buffers.vertex;
  const near = -view.near;
  for (let t = 0; t < indices.length; t += 3) {
    const a = base + indices[t]!;
    const b = base + indices[t + 1]!;
    const c = base + indices[t + 2]!;
    const behind = (viewZ[a]! > near ? 1 : 0) + (viewZ[b]! > near ? 1 : 0) + (viewZ[c]! > near ? 1 : 0);
    if (behind === 0) fillTriangle(buffers, view, a, b, c, drawable, state);
    else if (behind < 3) fillClipped(buffers, view, [a, b, c], drawable, state);
  }
}

function fillClipped(
  buffers: RasterBuffers,
  view: FillView,
  corners: readonly [number, number, number],
  drawable: number,
  state: FillState,
): void {
  const { viewZ } = buffers.vertex;
  const polygon: number[] = [];
  for (let i = 0; i < 3; i++) {
    const from = corners[i]!;
    const to = corners[(i + 1) % 3]!;
    const fromIn = viewZ[from]! <= -view.near;
    if (fromIn) polygon.push(from);
    if (fromIn === viewZ[to]! <= -view.near) continue;
    view.ready(from, drawable);
    view.ready(to, drawable);
    polygon.push(cut(buffers, view, from, to, state));
  }
  for (let i = 1; i + 1 < polygon.length; i++) {
    fillTriangle(buffers, view, polygon[0]!, polygon[i]!, polygon[i + 1]!, drawable, state);
  }
}

/** Appends the vertex where an edge meets the near plane. */
function cut(buffers: RasterBuffers, view: FillView, from: number, to: number, state: FillState): number {
  const { vertex } = buffers;
  const { near } = view;
  const k = (-near - vertex.viewZ[from]!) / (vertex.viewZ[to]! - vertex.viewZ[from]!);
  const at = state.vertices++;
  for (const name of ['viewX', 'viewY', ...buffers.interpolated]) {
    const field = vertex[name]!;
    field[at] = field[from]! + (field[to]! - field[from]!) * k;
  }
  vertex.viewZ[at] = -near;
  vertex.inverseDepth[at] = 1 / near;
  vertex.screenX[at] = view.centreX + (vertex.viewX[at]! / near) * view.focalX;
  vertex.screenY[at] = view.centreY - (vertex.viewY[at]! / near) * view.focalY;
  return at;
}

/** Draws one front-facing triangle; it gets an id only when some sample sees it (so far). */
function fillTriangle(
  buffers: RasterBuffers,
  view: FillView,
  a: number,
  b: number,
  c: number,
  drawable: number,
  state: FillState,
): void {
  const { screenX, screenY, inverseDepth } = buffers.vertex;
  const x0 = screenX[a]!;
  const y0 = screenY[a]!;
  const x1 = screenX[b]!;
  const y1 = screenY[b]!;
  const x2 = screenX[c]!;
  const y2 = screenY[c]!;
  const area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
  if (area * view.winding >= 0) return;
  const { window, tie, limit } = view;
  let top = Math.ceil((y0 < y1 ? (y0 < y2 ? y0 : y2) : y1 < y2 ? y1 : y2) - 0.5);
  let bottom = Math.floor((y0 > y1 ? (y0 > y2 ? y0 : y2) : y1 > y2 ? y1 : y2) - 0.5);
  if (top < window.top) top = window.top;
  if (bottom > window.bottom) bottom = window.bottom;
  if (top > bottom) return;
  const left = x0 < x1 ? (x0 < x2 ? x0 : x2) : x1 < x2 ? x1 : x2;
  const right = x0 > x1 ? (x0 > x2 ? x0 : x2) : x1 > x2 ? x1 : x2;
  if (right < window.left || left > window.right + 1) return;
  const { depth, triangleId } = buffers;
  const { rows, columns, offsets } = buffers.pattern;
  const width = buffers.width * columns;
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
    const offset = offsets[y % rows]!;
    let start = Math.ceil(low - offset);
    let end = Math.ceil(high - offset) - 1;
    if (start < window.left) start = window.left;
    if (end > window.right) end = window.right;
    if (start > end) continue;
    let z = z2 + (start + offset - x2) * slopeX + (py - y2) * slopeY;
    const last = y * width + end;
    for (let at = y * width + start; at <= last; at++, z += slopeX) {
      if (z * tie > depth[at]! && (limit === null || z < limit[at]!)) {
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
