/** @file What changes from image to image, packed as the shaders read it: the view with its lights, and the drawables in it. */

import { PLACE_STRIDE, type Places } from '../places.ts';
import type { ClassicDrawable } from '../scene.ts';
import { skyPlanes } from '../sky.ts';
import { dullestCosine } from '../vertices.ts';
import { LIGHT_STRIDE, type ClassicView } from '../view.ts';
import { MOST_LIGHTS } from './shaders.ts';

/** A uniform buffer is bound at multiples of this, bytes. */
const ALIGNMENT = 256;
/** Where the lights begin, and floats per light: six vectors. */
const [LIGHTS, LIGHT_FLOATS] = [24, 24];

/** Bytes of the struct `View`, and from one view to the next. */
export const VIEW_BYTES: number = 4 * (LIGHTS + LIGHT_FLOATS * MOST_LIGHTS);
export const VIEW_STRIDE: number = Math.ceil(VIEW_BYTES / ALIGNMENT) * ALIGNMENT;
/** Bytes of the struct `Drawable`, and from one drawable to the next. */
export const DRAWABLE_BYTES = 96;
export const DRAWABLE_STRIDE: number = ALIGNMENT;

/** The struct `View`, at a float of `out`. `height` of the image, pixels. */
export function packView(view: ClassicView, height: number, out: Float32Array, at: number): void {
  const { lights, ambient, tint, focalX, focalY, centreX, centreY } = view;
  out.set([focalX / centreX, -focalY / centreY, height, lights.length / LIGHT_STRIDE], at);
  out.set(depthRow(view), at + 4);
  out.set([ambient, tint, 0, 0], at + 8);
  const planes = skyPlanes(view);
  for (let k = 0; k < 3; k++) out.set(planes.subarray(3 * k, 3 * k + 3), at + 12 + 4 * k);
  for (let i = 0; i * LIGHT_STRIDE < lights.length; i++) {
    const l = lights.subarray(i * LIGHT_STRIDE, (i + 1) * LIGHT_STRIDE);
    const to = at + LIGHTS + LIGHT_FLOATS * i;
    out.set([l[0]!, l[1]!, l[2]!, l[20]!, l[3]!, l[4]!, l[5]!, l[6]!, l[8]!, l[9]!, l[10]!, l[7]!], to);
    for (let k = 0; k < 3; k++) out.set(l.subarray(11 + 3 * k, 14 + 3 * k), to + 12 + 4 * k);
  }
}

/**
 * Clip z as a sum over camera coordinates and 1. Directly: near / distance, so that what is nearer is greater. In a mirror: 1 on its plane,
 * which cuts off what lies before it, and falling behind it along every ray.
 */
function depthRow({ near, mirror, camera, frustum }: ClassicView): [number, number, number, number] {
  if (mirror === null) return [0, 0, 0, near];
  const { orientation: r, position } = camera;
  const normal = [0, 1, 2].map((k) => [0, 1, 2].reduce((sum, i) => sum + r[3 * i + k]! * mirror.normal[i]!, 0));
  const height = mirror.normal.reduce((sum, n, i) => sum + n * (position[i]! - mirror.point[i]!), 0);
  // So small that it stays above 1/2 up to the horizon.
  const factor = 0.5 / Math.hypot(1, frustum.x + Math.abs(frustum.middleX), frustum.y + Math.abs(frustum.middleY));
  const [x, y, z] = normal.map((value) => factor * value) as [number, number, number];
  return [x, y, z - 1, factor * height];
}

/** The struct `Drawable`, at a float of `out`. `alpha`: of its layer. */
export function packDrawable(
  drawable: ClassicDrawable,
  { values }: Places,
  index: number,
  alpha: number,
  out: Float32Array,
  at: number,
): void {
  const { rgba, specular, shininess, emission, texture, coordinates } = drawable;
  const from = PLACE_STRIDE * index;
  for (let row = 0; row < 3; row++) {
    for (let k = 0; k < 3; k++) out[at + 4 * row + k] = values[from + 3 * row + k]!;
    out[at + 4 * row + 3] = values[from + 9 + row]!;
  }
  for (let k = 0; k < 3; k++) out[at + 12 + k] = rgba[k]!;
  out[at + 15] = alpha;
  out[at + 16] = specular;
  out[at + 17] = shininess;
  out[at + 18] = emission;
  out[at + 19] = dullestCosine(specular, shininess);
  out[at + 20] = texture === null || coordinates === null ? 0 : texture.kind === 'flat' ? 1 : 2;
}
