/** @file The visibility pass: which triangle each sample sees, by spans, with the inverse depth interpolated in the image. */

import { OFFSETS } from './samples.ts';
import type { Samples } from './samples.ts';

/** Pixels across and rows of samples down, the last ones included. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** How camera coordinates become samples, and which triangles are seen. */
export interface FillView {
  /** Focal lengths and centre: in pixels across, in rows of samples down. */
  readonly focalX: number;
  readonly focalY: number;
  readonly centreX: number;
  readonly centreY: number;
  /** Nearer than this nothing is drawn, metres. */
  readonly near: number;
  /** 1: what turns counter-clockwise in the image is seen; −1: the other way round, as in a mirror. */
  readonly winding: 1 | -1;
  readonly window: Window;
  /** Per sample the inverse depth that must not be reached, or null. */
  readonly limit: Float32Array | null;
  /** Lights a vertex of a drawable before it is interpolated. */
  readonly light: (vertex: number, drawable: number) => void;
}

/** What is kept of an inverse depth: a hair less, so that a later triangle at the same depth wins (GL_GEQUAL). */
const KEPT = 1 - 2 ** -22;
/** What clipping interpolates. */
const INTERPOLATED = ['viewX', 'viewY', 'red', 'green', 'blue', 'u', 'v', 'w'] as const;

/** Clips, culls and draws triangles of one drawable, whose vertices start at `base`. */
export function fillTriangles(
  samples: Samples,
  view: FillView,
  indices: Uint32Array,
  base: number,
  drawable: number,
): void {
  const { screenX, screenY, viewZ } = samples.vertex;
  const near = -view.near;
  const { winding, window } = view;
  const top = window.top + 0.5;
  const bottom = window.bottom + 0.5;
  for (let t = 0; t < indices.length; t += 3) {
    const a = base + indices[t]!;
    const b = base + indices[t + 1]!;
    const c = base + indices[t + 2]!;
    if (viewZ[a]! > near || viewZ[b]! > near || viewZ[c]! > near) {
      fillClipped(samples, view, a, b, c, drawable);
      continue;
    }
    const x0 = screenX[a]!;
    const y0 = screenY[a]!;
    const x1 = screenX[b]!;
    const y1 = screenY[b]!;
    const x2 = screenX[c]!;
    const y2 = screenY[c]!;
    if (((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) * winding >= 0) continue;
    if ((y0 < top && y1 < top && y2 < top) || (y0 > bottom && y1 > bottom && y2 > bottom)) continue;
    // Sorted from top to bottom; the order of equal ones does not matter, since a flat edge crosses no row.
    if (y0 <= y1) {
      if (y1 <= y2) fillSorted(samples, view, a, b, c, a, b, c, drawable);
      else if (y0 <= y2) fillSorted(samples, view, a, c, b, a, b, c, drawable);
      else fillSorted(samples, view, c, a, b, a, b, c, drawable);
    } else if (y0 <= y2) fillSorted(samples, view, b, a, c, a, b, c, drawable);
    else if (y1 <= y2) fillSorted(samples, view, b, c, a, a, b, c, drawable);
    else fillSorted(samples, view, c, b, a, a, b, c, drawable);
  }
}

function fillClipped(samples: Samples, view: FillView, a: number, b: number, c: number, drawable: number): void {
  const polygon = clipTriangle(samples, view, a, b, c, drawable);
  for (let i = 1; i + 1 < polygon.length; i++) {
    const indices = Uint32Array.of(polygon[0]!, polygon[i]!, polygon[i + 1]!);
    fillTriangles(samples, view, indices, 0, drawable);
  }
}

/** The corners of what lies beyond the near plane of a triangle; new vertices are appended. */
export function clipTriangle(
  samples: Samples,
  view: FillView,
  a: number,
  b: number,
  c: number,
  drawable: number,
): number[] {
  const { viewZ } = samples.vertex;
  const corners = [a, b, c];
  if (corners.every((corner) => viewZ[corner]! <= -view.near)) return corners;
  const polygon: number[] = [];
  for (let i = 0; i < 3; i++) {
    const from = corners[i]!;
    const to = corners[(i + 1) % 3]!;
    const fromIn = viewZ[from]! <= -view.near;
    if (fromIn) polygon.push(from);
    if (fromIn === viewZ[to]! <= -view.near) continue;
    view.light(from, drawable);
    view.light(to, drawable);
    // Always from the inside out, so that neighbours share the vertex.
    polygon.push(fromIn ? cut(samples, view, from, to) : cut(samples, view, to, from));
  }
  return polygon;
}

/** Appends the vertex where an edge meets the near plane. */
function cut(samples: Samples, view: FillView, from: number, to: number): number {
  const { vertex } = samples;
  const { near } = view;
  const k = (-near - vertex.viewZ[from]!) / (vertex.viewZ[to]! - vertex.viewZ[from]!);
  const at = samples.vertices++;
  for (const name of INTERPOLATED) {
    const field = vertex[name];
    field[at] = field[from]! + (field[to]! - field[from]!) * k;
  }
  // Rounded to 32 bits it must not be nearer than `near`, or it would be cut again.
  vertex.viewZ[at] = -near * (1 + 2 ** -22);
  vertex.inverseDepth[at] = 1 / near;
  vertex.screenX[at] = view.centreX + (vertex.viewX[at]! / near) * view.focalX;
  vertex.screenY[at] = view.centreY - (vertex.viewY[at]! / near) * view.focalY;
  return at;
}

/** Draws a front-facing triangle with corners `p`, `q`, `r` from top to bottom; it gets an id only when some sample sees it (so far). */
function fillSorted(
  samples: Samples,
  view: FillView,
  p: number,
  q: number,
  r: number,
  a: number,
  b: number,
  c: number,
  drawable: number,
): void {
  const { screenX, screenY, inverseDepth } = samples.vertex;
  const { window, limit } = view;
  const xp = screenX[p]!;
  const yp = screenY[p]!;
  const xq = screenX[q]!;
  const yq = screenY[q]!;
  const xr = screenX[r]!;
  const yr = screenY[r]!;
  let y = Math.ceil(yp - 0.5);
  let bottom = Math.ceil(yr - 0.5) - 1;
  if (y < window.top) y = window.top;
  if (bottom > window.bottom) bottom = window.bottom;
  if (y > bottom) return;
  const area = (xq - xp) * (yr - yp) - (xr - xp) * (yq - yp);
  const inverseArea = 1 / area;
  const zp = inverseDepth[p]!;
  const zq = inverseDepth[q]! - zp;
  const zr = inverseDepth[r]! - zp;
  const slopeX = ((yr - yp) * zq - (yq - yp) * zr) * inverseArea;
  const slopeY = ((xq - xp) * zr - (xr - xp) * zq) * inverseArea;
  const long = (xr - xp) / (yr - yp);
  const upper = (xq - xp) / (yq - yp);
  const lower = (xr - xq) / (yr - yq);
  const { triangleId, depth, width } = samples;
  const { left, right } = window;
  const id = samples.triangles;
  let seen = false;
  for (; y <= bottom; y++) {
    const py = y + 0.5;
    const x0 = xp + (py - yp) * long;
    const x1 = py < yq ? xp + (py - yp) * upper : xq + (py - yq) * lower;
    const offset = OFFSETS[y & 3]!;
    let start = Math.ceil((x0 < x1 ? x0 : x1) - offset);
    let end = Math.ceil((x0 < x1 ? x1 : x0) - offset) - 1;
    if (start < left) start = left;
    if (end > right) end = right;
    if (start > end) continue;
    let z = zp + (start + offset - xp) * slopeX + (py - yp) * slopeY;
    const last = y * width + end;
    if (limit === null) {
      for (let at = y * width + start; at <= last; at++, z += slopeX) {
        if (z <= depth[at]!) continue;
        depth[at] = z * KEPT;
        triangleId[at] = id;
        seen = true;
      }
      continue;
    }
    for (let at = y * width + start; at <= last; at++, z += slopeX) {
      if (z <= depth[at]! || z >= limit[at]!) continue;
      depth[at] = z * KEPT;
      triangleId[at] = id;
      seen = true;
    }
  }
  if (!seen) return;
  const { triangle } = samples;
  triangle.cornerA[id] = a;
  triangle.cornerB[id] = b;
  triangle.cornerC[id] = c;
  triangle.drawable[id] = drawable;
  samples.triangles = id + 1;
}
