/** @file The working memory of one pass: samples, transformed vertices and visible triangles. Grows, never shrinks. */

import { columns } from '../raster-buffers.ts';

/** Rows of samples per row of pixels. */
export const ROWS = 4;
/**
 * Four samples per pixel, one in each quarter of its height; per quarter the place from the left as a fraction of the width. From the top
 * each lies in the middle of its quarter. These are the places of Mesa's software renderer (D3D's standard pattern, upside down).
 */
export const OFFSETS = Float64Array.of(0.625, 0.125, 0.875, 0.375);

/**
 * Per vertex: place in the image (pixels across, rows of samples down), 1 / depth, camera coordinates, colour in [0, 1], texture
 * coordinates.
 */
const VERTEX_FIELDS = [
  'screenX',
  'screenY',
  'inverseDepth',
  'viewX',
  'viewY',
  'viewZ',
  'red',
  'green',
  'blue',
  'u',
  'v',
  'w',
] as const;
/** Per triangle that some sample saw: its vertices and its drawable's index. */
const TRIANGLE_FIELDS = ['cornerA', 'cornerB', 'cornerC', 'drawable'] as const;

/** The memory of a pass. */
export interface Samples {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Per sample [4·height × width]: the triangle seen there (−1 = none), and its inverse depth. */
  readonly triangleId: Int32Array;
  readonly depth: Float32Array;
  vertex: Record<(typeof VERTEX_FIELDS)[number], Float32Array>;
  triangle: Record<(typeof TRIANGLE_FIELDS)[number], Int32Array>;
  /** How many of each are in use. Clipping appends vertices. */
  vertices: number;
  triangles: number;
}

/** Memory for an image of width × height pixels. */
export function makeSamples(width: number, height: number): Samples {
  return {
    width,
    height,
    triangleId: new Int32Array(ROWS * width * height),
    depth: new Float32Array(ROWS * width * height),
    vertex: columns(VERTEX_FIELDS, Float32Array, 0),
    triangle: columns(TRIANGLE_FIELDS, Int32Array, 0),
    vertices: 0,
    triangles: 0,
  };
}

/** Makes room for at least so many vertices and triangles; contents are not kept. */
export function reserve(samples: Samples, vertices: number, triangles: number): void {
  if (samples.vertex.screenX.length < vertices) {
    samples.vertex = columns(VERTEX_FIELDS, Float32Array, Math.ceil(1.25 * vertices));
  }
  if (samples.triangle.cornerA.length < triangles) {
    samples.triangle = columns(TRIANGLE_FIELDS, Int32Array, Math.ceil(1.25 * triangles));
  }
}
