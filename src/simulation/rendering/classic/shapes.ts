/**
 * @file MuJoCo's primitive shapes with the triangles of its classic renderer: light is computed at vertices, so a picture depends on where
 * they are. Counts, texture coordinates and winding are those of MuJoCo 3.14's display lists (render_context.c).
 */

import { makeGeometry } from '../geometry.ts';
import type { Geometry } from '../geometry.ts';

/** How finely shapes are divided: the model's `visual/quality`. */
export interface Tessellation {
  readonly slices: number;
  readonly stacks: number;
  readonly quads: number;
}

/** A shape: a geometry with texture coordinates, and what generated coordinates are computed from. */
export interface Shape {
  readonly geometry: Geometry;
  /** [vertices × 3]: positions before scaling to the shape's size (planes and meshes are not scaled). */
  readonly object: Float32Array;
}

/** Per axis (x, y, z) from object coordinates to metres. */
type Scale = readonly [number, number, number];
type Point = readonly [number, number, number];
type Place = readonly [u: number, v: number];

/** Lines of a plane's grid at most (mjMAXPLANEGRID). */
const MOST_PLANE_LINES = 200;
/** Squares along a side of an infinite plane. MuJoCo makes 200, which shows only where a spot light is small on it. */
const INFINITE_SQUARES = 40;

/** The top of a box (normal +z) alone, or its other five sides. */
export function boxShape(half: Scale, { quads }: Tessellation, sides: 'all' | 'top' | 'rest' = 'all'): Shape {
  const mesh = new ShapeBuilder(half);
  for (const [axis, sign] of [
    [2, 1],
    [2, -1],
    [0, 1],
    [0, -1],
    [1, -1],
    [1, 1],
  ] as const) {
    const isTop = axis === 2 && sign === 1;
    if ((sides === 'top' && !isTop) || (sides === 'rest' && isTop)) continue;
    const normal: Point = [axis === 0 ? sign : 0, axis === 1 ? sign : 0, axis === 2 ? sign : 0];
    const at = (a: number, b: number): Point => (axis === 0 ? [sign, a, b] : axis === 1 ? [a, sign, b] : [a, b, sign]);
    // Seen from outside the two directions turn the other way on three of the sides.
    const flipped = axis === 1 ? sign > 0 : sign < 0;
    mesh.grid(quads, quads, flipped, (i, j) => {
      mesh.vertex(at((2 * i) / quads - 1, (2 * j) / quads - 1), normal, [i / quads, 1 - j / quads]);
    });
  }
  return mesh.build();
}

/** A sphere or an ellipsoid. */
export function sphereShape(radii: Scale, tessellation: Tessellation): Shape {
  const mesh = new ShapeBuilder(radii);
  dome(mesh, tessellation, -1, 1, 0);
  return mesh.build();
}

/** A capsule along z; `half` is half the length of its cylinder. */
export function capsuleShape(radius: number, half: number, tessellation: Tessellation): Shape {
  const parts = [
    new ShapeBuilder([radius, radius, half]),
    ...[1, -1].map(() => new ShapeBuilder([radius, radius, radius])),
  ];
  tube(parts[0]!, tessellation);
  for (const [i, sign] of ([1, -1] as const).entries()) {
    dome(parts[i + 1]!, tessellation, sign > 0 ? 0 : -1, sign > 0 ? 1 : 0, sign, half - radius);
  }
  return merge(parts.map((part) => part.build()));
}

/** A cylinder along z with closed ends. */
export function cylinderShape(radius: number, half: number, tessellation: Tessellation): Shape {
  const mesh = new ShapeBuilder([radius, radius, half]);
  const rings = tessellation.stacks >> 1;
  const { slices } = tessellation;
  for (const sign of [-1, 1] as const) {
    if (sign > 0) tube(mesh, tessellation);
    mesh.grid(slices, rings, sign < 0, (j, i) => {
      const around = (2 * Math.PI * j) / slices;
      // From the rim inwards.
      const r = 1 - i / rings;
      const [x, y] = [r * Math.cos(around), r * Math.sin(around)];
      mesh.vertex([x, y, sign], [0, 0, sign], [0.5 + 0.5 * x, 0.5 + 0.5 * y]);
    });
  }
  return mesh.build();
}

/**
 * A plane with normal +z. Half sizes of zero make it infinite: it then reaches beyond `far` metres and its texture has one tile per two
 * metres. `spacing` is the distance of its grid lines.
 */
export function planeShape([x, y, spacing]: Scale, far: number, repeat: readonly [number, number]): Shape {
  const mesh = new ShapeBuilder([1, 1, 1]);
  const lines = [x, y].map((half, k) => (half > 0 ? planeLines(half, spacing) : endlessLines(far, repeat[k]!)));
  const [xs, ys] = lines as [number[], number[]];
  mesh.grid(xs.length - 1, ys.length - 1, false, (i, j) => {
    const [px, py] = [xs[i]!, ys[j]!];
    const u = x > 0 ? (px + x) / (2 * x) : 0.5 * px;
    const v = y > 0 ? 1 - (py + y) / (2 * y) : -0.5 * py;
    mesh.vertex([px, py, 0], [0, 0, 1], [u, v]);
  });
  return mesh.build();
}

/** How far an infinite plane moves at a time to stay under the camera, metres: a whole number of texture tiles. */
export function planeStep(far: number, repeat: number): number {
  return repeat > 0 ? 2 / repeat : (2.1 * far) / (MOST_PLANE_LINES - 2);
}

function planeLines(half: number, spacing: number): number[] {
  const step = Math.max(spacing, half / (MOST_PLANE_LINES - 2));
  let inner = Math.floor(half / Math.max(1e-15, step));
  inner -= inner % 2;
  const padding = half - inner * step;
  const lines = [-half];
  for (let i = 0; i <= inner; i++) lines.push(-half + padding + 2 * step * i);
  return [...lines, half];
}

function endlessLines(far: number, repeat: number): number[] {
  const half = 1.05 * far + planeStep(far, repeat);
  return Array.from({ length: INFINITE_SQUARES + 1 }, (_, i) => half * ((2 * i) / INFINITE_SQUARES - 1));
}

/** The part of a unit sphere between two latitudes (in quarter turns); a half is moved up or down by `shift`. */
function dome(
  mesh: ShapeBuilder,
  { slices, stacks }: Tessellation,
  from: number,
  to: number,
  shift: number,
  lift = 0,
): void {
  const rows = ((to - from) * stacks) >> 1;
  mesh.grid(slices, rows, false, (j, i) => {
    const around = (2 * Math.PI * j) / slices;
    const latitude = (Math.PI / 2) * (from + (to - from) * (i / rows));
    const flat = Math.cos(latitude);
    const normal: Point = [flat * Math.cos(around), flat * Math.sin(around), Math.sin(latitude)];
    const v = (to - (latitude * 2) / Math.PI) / (to - from);
    mesh.vertex([normal[0], normal[1], normal[2] + shift], normal, [j / slices, v], shift * lift);
  });
}

/** The side of a cylinder from z = −1 to 1. */
function tube(mesh: ShapeBuilder, { slices, stacks }: Tessellation): void {
  mesh.grid(slices, stacks, false, (j, i) => {
    const around = (2 * Math.PI * j) / slices;
    const height = (2 * i) / stacks - 1;
    const [x, y] = [Math.cos(around), Math.sin(around)];
    mesh.vertex([x, y, height], [x, y, 0], [j / slices, (1 - height) / 2]);
  });
}

function merge(shapes: readonly Shape[]): Shape {
  const positions: number[] = [];
  const normals: number[] = [];
  const uvs: number[] = [];
  const object: number[] = [];
  const indices: number[] = [];
  for (const { geometry, object: own } of shapes) {
    const base = positions.length / 3;
    positions.push(...geometry.positions);
    normals.push(...geometry.normals);
    uvs.push(...geometry.uvs!);
    object.push(...own);
    indices.push(...geometry.indices.map((index) => index + base));
  }
  return { geometry: makeGeometry(positions, normals, uvs, indices), object: Float32Array.from(object) };
}

class ShapeBuilder {
  private readonly scale: Scale;
  private readonly positions: number[] = [];
  private readonly normals: number[] = [];
  private readonly uvs: number[] = [];
  private readonly object: number[] = [];
  private readonly indices: number[] = [];

  constructor(scale: Scale) {
    this.scale = scale;
  }

  /** Columns × rows quads between vertices that `put` adds in turn. */
  grid(columns: number, rows: number, flipped: boolean, put: (column: number, row: number) => void): void {
    const base = this.object.length / 3;
    for (let j = 0; j <= rows; j++) for (let i = 0; i <= columns; i++) put(i, j);
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < rows; j++) {
        const corner = base + j * (columns + 1) + i;
        const [a, b, c, d] = [corner, corner + 1, corner + columns + 2, corner + columns + 1];
        if (flipped) this.quad(d, c, b, a);
        else this.quad(a, b, c, d);
      }
    }
  }

  /** `lift` moves it along z, in metres. */
  vertex(object: Point, normal: Point, [u, v]: Place, lift = 0): void {
    const [sx, sy, sz] = this.scale;
    this.object.push(...object);
    this.positions.push(object[0] * sx, object[1] * sy, object[2] * sz + lift);
    const turned = [normal[0] / sx, normal[1] / sy, normal[2] / sz];
    const length = Math.hypot(...turned);
    this.normals.push(...turned.map((value) => value / length));
    this.uvs.push(u, v);
  }

  build(): Shape {
    const geometry = makeGeometry(this.positions, this.normals, this.uvs, this.indices);
    return { geometry, object: Float32Array.from(this.object) };
  }

  /** Split along the diagonal that Mesa uses; a pole's triangle has no area and is left out. */
  private quad(a: number, b: number, c: number, d: number): void {
    this.triangle(a, b, d);
    this.triangle(b, c, d);
  }

  private triangle(a: number, b: number, c: number): void {
    const corner = (i: number): string =>
      this.object
        .slice(3 * i, 3 * i + 3)
        .map((value) => value.toFixed(9))
        .join(' ');
    const [p, q, r] = [corner(a), corner(b), corner(c)];
    if (p !== q && q !== r && r !== p) this.indices.push(a, b, c);
  }
}
