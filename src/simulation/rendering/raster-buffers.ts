/** @file The working memory of one image: samples, transformed vertices and visible triangles. Grows, never shrinks. */

/** What filling needs of a vertex: place in the image (in samples), 1 / depth, camera coordinates. */
const PLACE_FIELDS = ['screenX', 'screenY', 'inverseDepth', 'viewX', 'viewY', 'viewZ'] as const;
const TRIANGLE_FIELDS = ['cornerA', 'cornerB', 'cornerC', 'drawable'] as const;

type PlaceField = (typeof PLACE_FIELDS)[number];
type TriangleField = (typeof TRIANGLE_FIELDS)[number];

/** Where the samples of a pixel lie: rows × columns of cells, one sample in each. */
export interface SamplePattern {
  readonly rows: number;
  readonly columns: number;
  /** Per row, the sample's place from the left side of its cell, as a fraction; from the top it is in the middle. */
  readonly offsets: readonly number[];
}

/** `side`² samples in a regular grid. */
export function gridPattern(side: number): SamplePattern {
  return { rows: side, columns: side, offsets: Array.from({ length: side }, () => 0.5) };
}

/** The memory of a renderer, allocated once. `F`: what is interpolated over triangles, beside places. */
export interface RasterBuffers<F extends string = string> {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly pattern: SamplePattern;
  /** Per sample [height·rows × width·columns]: the triangle seen there (−1 = none) and its inverse depth. */
  readonly triangleId: Int32Array;
  readonly depth: Float32Array;
  /** Per vertex. */
  vertex: Record<PlaceField | F, Float32Array>;
  readonly interpolated: readonly F[];
  /** Per drawn triangle: its vertices and its drawable's index. */
  triangle: Record<TriangleField, Int32Array>;
}

/** Buffers for an image of width × height pixels. */
export function makeBuffers<F extends string>(
  width: number,
  height: number,
  pattern: SamplePattern,
  interpolated: readonly F[],
): RasterBuffers<F> {
  const samples = width * height * pattern.rows * pattern.columns;
  return {
    width,
    height,
    pattern,
    triangleId: new Int32Array(samples),
    depth: new Float32Array(samples),
    vertex: columns([...PLACE_FIELDS, ...interpolated], Float32Array, 0),
    interpolated,
    triangle: columns(TRIANGLE_FIELDS, Int32Array, 0),
  };
}

/** Makes room for at least so many vertices and triangles; contents are not kept. */
export function reserve<F extends string>(buffers: RasterBuffers<F>, vertices: number, triangles: number): void {
  if (buffers.vertex.screenX.length < vertices) {
    buffers.vertex = columns([...PLACE_FIELDS, ...buffers.interpolated], Float32Array, Math.ceil(1.25 * vertices));
  }
  if (buffers.triangle.cornerA.length < triangles) {
    buffers.triangle = columns(TRIANGLE_FIELDS, Int32Array, Math.ceil(1.25 * triangles));
  }
}

function columns<K extends string, A>(
  names: readonly K[],
  array: new (length: number) => A,
  length: number,
): Record<K, A> {
  return Object.fromEntries(names.map((name) => [name, new array(length)])) as Record<K, A>;
}
