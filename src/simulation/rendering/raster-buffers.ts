/** @file The working memory of one image: samples, transformed vertices and visible triangles. Grows, never shrinks. */

const VERTEX_FIELDS = [
  'screenX',
  'screenY',
  'inverseDepth',
  'viewX',
  'viewY',
  'viewZ',
  'diffuse',
  'specular',
  'u',
  'v',
  'w',
] as const;
const TRIANGLE_FIELDS = ['cornerA', 'cornerB', 'cornerC', 'drawable'] as const;

type VertexField = (typeof VERTEX_FIELDS)[number];
type TriangleField = (typeof TRIANGLE_FIELDS)[number];

/** The memory of a rasteriser, allocated once. */
export interface RasterBuffers {
  /** Pixels, and samples per pixel along one side. */
  readonly width: number;
  readonly height: number;
  readonly samplesPerSide: number;
  /** Per sample [height·s × width·s]: the triangle seen there (−1 = none) and its inverse depth. */
  readonly triangleId: Int32Array;
  readonly depth: Float32Array;
  /** Per vertex: pixels (in samples), 1/depth, camera coordinates, light, texture coordinates. */
  vertex: Record<VertexField, Float32Array>;
  /** Per drawn triangle: its vertices and its drawable's index. */
  triangle: Record<TriangleField, Int32Array>;
}

/** Buffers for an image of width × height pixels. */
export function makeBuffers(width: number, height: number, samplesPerSide: number): RasterBuffers {
  const samples = width * height * samplesPerSide * samplesPerSide;
  return {
    width,
    height,
    samplesPerSide,
    triangleId: new Int32Array(samples),
    depth: new Float32Array(samples),
    vertex: columns(VERTEX_FIELDS, Float32Array, 0),
    triangle: columns(TRIANGLE_FIELDS, Int32Array, 0),
  };
}

/** Makes room for at least so many vertices and triangles; contents are not kept. */
export function reserve(buffers: RasterBuffers, vertices: number, triangles: number): void {
  if (buffers.vertex.screenX.length < vertices)
    buffers.vertex = columns(VERTEX_FIELDS, Float32Array, Math.ceil(1.25 * vertices));
  if (buffers.triangle.cornerA.length < triangles) {
    buffers.triangle = columns(TRIANGLE_FIELDS, Int32Array, Math.ceil(1.25 * triangles));
  }
}

/** One array of a length per name. */
export function columns<K extends string, A>(
  names: readonly K[],
  array: new (length: number) => A,
  length: number,
): Record<K, A> {
  return Object.fromEntries(names.map((name) => [name, new array(length)])) as Record<K, A>;
}
