/** @file Triangle meshes of MuJoCo's primitive shapes, in the geom's own frame, counter-clockwise seen from outside. */

/** A triangle mesh. */
export interface Geometry {
  /** [vertices × 3], metres. */
  readonly positions: Float32Array;
  /** [vertices × 3], unit length. */
  readonly normals: Float32Array;
  /** [vertices × 2] texture coordinates of a mesh that has its own, else null. */
  readonly uvs: Float32Array | null;
  /** [triangles × 3] vertex indices. */
  readonly indices: Uint32Array;
  /** Distance of the farthest vertex from the origin, metres. */
  readonly radius: number;
}

/** Faces of a box: normal, first and second direction (their cross product is the normal). */
const BOX_FACES: readonly (readonly [readonly number[], readonly number[], readonly number[]])[] = [
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  [
    [-1, 0, 0],
    [0, -1, 0],
    [0, 0, 1],
  ],
  [
    [0, 1, 0],
    [-1, 0, 0],
    [0, 0, 1],
  ],
  [
    [0, -1, 0],
    [1, 0, 0],
    [0, 0, 1],
  ],
  [
    [0, 0, 1],
    [1, 0, 0],
    [0, 1, 0],
  ],
  [
    [0, 0, -1],
    [-1, 0, 0],
    [0, 1, 0],
  ],
];

/** Assembles a geometry and computes its radius. */
export function makeGeometry(
  positions: ArrayLike<number>,
  normals: ArrayLike<number>,
  uvs: ArrayLike<number> | null,
  indices: ArrayLike<number>,
): Geometry {
  let squared = 0;
  for (let i = 0; i < positions.length; i += 3) {
    squared = Math.max(squared, positions[i]! ** 2 + positions[i + 1]! ** 2 + positions[i + 2]! ** 2);
  }
  return {
    positions: Float32Array.from(positions),
    normals: Float32Array.from(normals),
    uvs: uvs === null ? null : Float32Array.from(uvs),
    indices: Uint32Array.from(indices),
    radius: Math.sqrt(squared),
  };
}

/** A box with half sizes x, y, z. Each face has `divisions`² squares: lighting is computed at vertices, so large faces need several. */
export function boxGeometry(half: ArrayLike<number>, divisions = 1): Geometry {
  const mesh = new MeshBuilder();
  for (const [normal, u, v] of BOX_FACES) {
    mesh.grid(divisions, (a, b) => ({
      position: [0, 1, 2].map((k) => (normal[k]! + (2 * a - 1) * u[k]! + (2 * b - 1) * v[k]!) * half[k]!),
      normal,
    }));
  }
  return mesh.build();
}

/** A plane through the origin, normal +z, with half sizes x and y. */
export function planeGeometry(x: number, y: number, divisions: number): Geometry {
  const mesh = new MeshBuilder();
  mesh.grid(divisions, (a, b) => ({ position: [(2 * a - 1) * x, (2 * b - 1) * y, 0], normal: [0, 0, 1] }));
  return mesh.build();
}

/** An ellipsoid with three radii (a sphere when they are equal). */
export function ellipsoidGeometry(radii: ArrayLike<number>, rings = 10, segments = 16): Geometry {
  const mesh = new MeshBuilder();
  mesh.revolve(
    segments,
    [...Array(rings + 1).keys()].map((i) => (i / rings) * Math.PI),
    (polar, around) => {
      const direction = [Math.sin(polar) * Math.cos(around), Math.sin(polar) * Math.sin(around), Math.cos(polar)];
      const normal = direction.map((value, k) => value / radii[k]!);
      const length = Math.hypot(...normal);
      return {
        position: direction.map((value, k) => value * radii[k]!),
        normal: normal.map((value) => value / length),
      };
    },
  );
  return mesh.build();
}

/** A capsule along z: a cylinder of `radius` and half length `half`, with a half sphere on each end. */
export function capsuleGeometry(radius: number, half: number, rings = 4, segments = 16): Geometry {
  const mesh = new MeshBuilder();
  const quarter = [...Array(rings + 1).keys()].map((i) => (i / rings) * (Math.PI / 2));
  const rows = [
    ...quarter.map((polar) => ({ polar, shift: half })),
    ...quarter.map((polar) => ({ polar: polar + Math.PI / 2, shift: -half })),
  ];
  mesh.revolve(segments, rows, ({ polar, shift }, around) => {
    const normal = [Math.sin(polar) * Math.cos(around), Math.sin(polar) * Math.sin(around), Math.cos(polar)];
    return { position: [radius * normal[0]!, radius * normal[1]!, radius * normal[2]! + shift], normal };
  });
  return mesh.build();
}

/** A cylinder along z with closed ends. */
export function cylinderGeometry(radius: number, half: number, segments = 20): Geometry {
  const mesh = new MeshBuilder();
  mesh.revolve(segments, [half, -half], (z, around) => ({
    position: [radius * Math.cos(around), radius * Math.sin(around), z],
    normal: [Math.cos(around), Math.sin(around), 0],
  }));
  for (const side of [1, -1]) {
    mesh.disc(segments, (around) => ({
      position:
        around === null
          ? [0, 0, side * half]
          : [radius * Math.cos(side * around), radius * Math.sin(side * around), side * half],
      normal: [0, 0, side],
    }));
  }
  return mesh.build();
}

interface Vertex {
  readonly position: readonly number[];
  readonly normal: readonly number[];
}

class MeshBuilder {
  private readonly positions: number[] = [];
  private readonly normals: number[] = [];
  private readonly indices: number[] = [];

  /** A square of `divisions`² quads; `at` gives the vertex for (a, b) in [0, 1]². */
  grid(divisions: number, at: (a: number, b: number) => Vertex): void {
    const base = this.count();
    for (let j = 0; j <= divisions; j++)
      for (let i = 0; i <= divisions; i++) this.add(at(i / divisions, j / divisions));
    for (let j = 0; j < divisions; j++) {
      for (let i = 0; i < divisions; i++) {
        const corner = base + j * (divisions + 1) + i;
        const above = corner + divisions + 1;
        this.indices.push(corner, corner + 1, above + 1, corner, above + 1, above);
      }
    }
  }

  /** A surface of revolution about z; rows from top to bottom. Degenerate triangles at poles are left out. */
  revolve<Row>(segments: number, rows: readonly Row[], at: (row: Row, around: number) => Vertex): void {
    const base = this.count();
    for (const row of rows) {
      for (let i = 0; i <= segments; i++) this.add(at(row, (i / segments) * 2 * Math.PI));
    }
    for (let j = 0; j + 1 < rows.length; j++) {
      for (let i = 0; i < segments; i++) {
        const top = base + j * (segments + 1) + i;
        const bottom = top + segments + 1;
        this.triangle(top, bottom, bottom + 1);
        this.triangle(top, bottom + 1, top + 1);
      }
    }
  }

  /** A fan around a centre (`at(null)`). */
  disc(segments: number, at: (around: number | null) => Vertex): void {
    const centre = this.count();
    this.add(at(null));
    for (let i = 0; i <= segments; i++) this.add(at((i / segments) * 2 * Math.PI));
    for (let i = 1; i <= segments; i++) this.indices.push(centre, centre + i, centre + i + 1);
  }

  build(): Geometry {
    return makeGeometry(this.positions, this.normals, null, this.indices);
  }

  private triangle(a: number, b: number, c: number): void {
    const distance = (p: number, q: number): number =>
      Math.hypot(...[0, 1, 2].map((k) => this.positions[3 * p + k]! - this.positions[3 * q + k]!));
    if (Math.min(distance(a, b), distance(b, c), distance(c, a)) > 1e-9) this.indices.push(a, b, c);
  }

  private count(): number {
    return this.positions.length / 3;
  }

  private add(vertex: Vertex): void {
    this.positions.push(...vertex.position);
    this.normals.push(...vertex.normal);
  }
}
