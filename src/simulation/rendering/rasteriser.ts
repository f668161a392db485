/**
 * @file A deterministic CPU renderer: a visibility buffer at 4 samples per pixel, then one shading per distinct triangle and pixel.
 * Plain TypeScript, the same bytes in Node and in browsers of one engine; needs no GPU.
 */

import type { Image } from '../../interfaces/observation.ts';
import type { Camera } from './camera.ts';
import { fillTriangles } from './fill.ts';
import type { FillState } from './fill.ts';
import type { Light } from './lights.ts';
import { makeBuffers, reserve } from './raster-buffers.ts';
import type { RasterBuffers } from './raster-buffers.ts';
import type { Scene } from './scene.ts';
import { shade } from './shade.ts';
import { makeView, transformVertices } from './vertex-stage.ts';

/** The image that a rasteriser draws. */
export interface RasteriserConfig {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Samples per pixel along one side: 2 = 4 samples. */
  readonly samplesPerSide: number;
  /** The colour behind everything, bytes. */
  readonly background: readonly [number, number, number];
}

/** What an image shows of a geom. */
export interface Extent {
  /** How many of the image's samples (`samplesPerSide`² per pixel) show it. */
  readonly samples: number;
  /** The box around them, [x0, y0, x1, y1] in fractions of width and height. */
  readonly box: readonly [number, number, number, number];
}

/** Draws a scene into an image; the same scene gives the same bytes. */
export class Rasteriser {
  private readonly config: RasteriserConfig;
  private readonly buffers: RasterBuffers;
  private readonly image: Image;
  private scene: Scene = { drawables: [] };
  private triangles = 0;

  constructor(config: RasteriserConfig) {
    this.config = config;
    this.buffers = makeBuffers(config.width, config.height, config.samplesPerSide);
    this.image = { width: config.width, height: config.height, data: new Uint8Array(3 * config.width * config.height) };
  }

  /**
   * One image, in memory that the next one overwrites. `positions` [geoms × 3] and `orientations` [geoms × 9] are the geoms' poses (MuJoCo's `geom_xpos`, `geom_xmat`).
   */
  render(
    scene: Scene,
    positions: Float64Array,
    orientations: Float64Array,
    camera: Camera,
    lights: readonly Light[],
  ): Image {
    const { buffers, config } = this;
    const { drawables } = scene;
    this.scene = scene;
    let [vertices, triangles] = [0, 0];
    for (const { geometry } of drawables) {
      vertices += geometry.positions.length / 3;
      triangles += geometry.indices.length / 3;
    }
    // Clipping at the near plane adds at most two vertices and one triangle per triangle.
    reserve(buffers, vertices + 2 * triangles, 2 * triangles);
    buffers.triangleId.fill(-1);
    buffers.depth.fill(0);
    const view = makeView(buffers, camera, lights);
    const state: FillState = { vertices: 0, triangles: 0 };
    for (let i = 0; i < drawables.length; i++) {
      const drawable = drawables[i]!;
      if (drawable.rgba[3]! <= 0) continue;
      const base = state.vertices;
      const count = transformVertices(buffers, view, drawable, positions, orientations, base);
      if (count === 0) continue;
      state.vertices += count;
      fillTriangles(buffers, view, drawable.geometry.indices, base, i, state);
    }
    this.triangles = state.triangles;
    shade(buffers, drawables, config.background, this.image.data);
    return this.image;
  }

  /** Whether a geom is seen by at least one sample of the last image. */
  sees(geom: number): boolean {
    return this.extent(geom) !== null;
  }

  /** What the last image shows of a geom: how many samples, and the box around them in fractions of the image; null when none. */
  extent(geom: number): Extent | null {
    const [first, last] = this.trianglesOf(geom);
    if (first === last) return null;
    const { triangleId, samplesPerSide } = this.buffers;
    const [width, height] = [this.config.width * samplesPerSide, this.config.height * samplesPerSide];
    let [samples, x0, y0, x1, y1] = [0, width, height, 0, 0];
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (triangleId[i]! < first || triangleId[i]! >= last) continue;
        samples++;
        x0 = Math.min(x0, x);
        x1 = Math.max(x1, x + 1);
        y0 = Math.min(y0, y);
        y1 = y + 1;
      }
    }
    return samples === 0 ? null : { samples, box: [x0 / width, y0 / height, x1 / width, y1 / height] };
  }

  /** A geom's triangles have consecutive ids. */
  private trianglesOf(geom: number): [first: number, last: number] {
    const drawable = this.scene.drawables.findIndex((candidate) => candidate.geom === geom);
    const owners = this.buffers.triangle.drawable;
    let first = 0;
    while (first < this.triangles && owners[first] !== drawable) first++;
    let last = first;
    while (last < this.triangles && owners[last] === drawable) last++;
    return [first, last];
  }
}
