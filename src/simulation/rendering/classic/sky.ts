/** @file The sky: a cube map looked up along each pixel's ray (MuJoCo turns it by a quarter about x: its top is the world's +z). */

import type { Camera } from '../camera.ts';
import type { MipTexture } from './mip-texture.ts';
import { cubeTexelAlong } from './shade.ts';
import type { ClassicView } from './view.ts';

/** Colours of the sky in one image. */
export class SkyShader {
  /** The last colour, in [0, 255]; black without a sky. */
  red = 0;
  green = 0;
  blue = 0;
  private readonly texture: MipTexture | null;
  /** Per component of the direction: value at the image's corner, slope x, slope y, per pixel. */
  private readonly planes = new Float64Array(9);

  constructor(texture: MipTexture | null, view: ClassicView, rows: number, columns: number) {
    this.texture = texture;
    const perX = columns / view.focalX;
    const perY = rows / view.focalY;
    const { orientation: r }: Camera = view.camera;
    const left = -view.centreX / view.focalX;
    const top = view.centreY / view.focalY;
    const world = (k: number): [number, number, number] => [
      r[3 * k]! * left + r[3 * k + 1]! * top - r[3 * k + 2]!,
      r[3 * k]! * perX,
      -r[3 * k + 1]! * perY,
    ];
    this.planes.set(world(0), 0);
    this.planes.set(world(2), 3);
    this.planes.set(
      world(1).map((value) => -value),
      6,
    );
  }

  /** Computes the colour at the middle of pixel (x, y). */
  colourAt(x: number, y: number): void {
    if (this.texture === null) return;
    const p = this.planes;
    const along = (at: number): number => p[at]! + p[at + 1]! * (x + 0.5) + p[at + 2]! * (y + 0.5);
    const texel = cubeTexelAlong(this.texture, along(0), along(3), along(6), p, 0);
    this.red = texel & 255;
    this.green = (texel >> 8) & 255;
    this.blue = (texel >> 16) & 255;
  }
}
