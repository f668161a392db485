/** @file The sky: a cube map looked up along each pixel's ray (MuJoCo turns it by a quarter about x: its top is the world's +z). */

import type { MipTexture } from './mip-texture.ts';
import { ROWS } from './samples.ts';
import { texelAlong } from './shade.ts';
import type { ClassicView } from './view.ts';

/** Colours of the sky in one image. */
export class SkyShader {
  private readonly texture: MipTexture | null;
  private readonly planes: Float64Array;

  constructor(texture: MipTexture | null, view: ClassicView) {
    this.texture = texture;
    this.planes = skyPlanes(view);
  }

  /** The colour at the middle of pixel (x, y), packed 0x00BBGGRR; black without a sky. */
  colourAt(x: number, y: number): number {
    return this.texture === null ? 0 : texelAlong(this.texture, this.planes, 0, x + 0.5, y + 0.5);
  }
}

/** Per component of the direction that is looked up: value at the image's corner, slope x, slope y, per pixel. */
export function skyPlanes(view: ClassicView): Float64Array {
  const { orientation: r } = view.camera;
  const left = -view.centreX / view.focalX;
  const top = view.centreY / view.focalY;
  const world = (k: number): number[] => [
    r[3 * k]! * left + r[3 * k + 1]! * top - r[3 * k + 2]!,
    r[3 * k]! / view.focalX,
    (-r[3 * k + 1]! * ROWS) / view.focalY,
  ];
  return Float64Array.of(...world(0), ...world(2), ...world(1).map((value) => -value));
}
