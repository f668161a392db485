/** @file Scenes of primitives that no physics engine knows: drawables, a camera by its heading, and plain lights. */

import type { Camera } from './camera.ts';
import type { Geometry } from './geometry.ts';
import type { Light } from './lights.ts';
import type { Drawable } from './scene.ts';

/** Red, green, blue in [0, 1]. */
export type Rgb = readonly [number, number, number];

/** A dull surface of one colour; `geom` is its place in the lists of positions and orientations. */
export function plainDrawable(geom: number, geometry: Geometry, rgb: Rgb): Drawable {
  return {
    geom,
    geometry,
    rgba: Float64Array.of(...rgb, 1),
    texture: null,
    coordinates: null,
    specular: 0,
    shininess: 1,
    emission: 0,
  };
}

/** A camera at a position (metres) that looks along a heading and down by a pitch (radians); `fovy` in degrees. */
export function lookingCamera(
  position: readonly [number, number, number],
  heading: number,
  pitch: number,
  fovy: number,
): Camera {
  const [c, s] = [Math.cos(heading), Math.sin(heading)];
  const [cp, sp] = [Math.cos(pitch), Math.sin(pitch)];
  // Columns: right, up, and backwards, since a camera looks along its −z.
  const orientation = [s, c * sp, -c * cp, -c, s * sp, -s * cp, 0, cp, sp];
  return { position: Float64Array.from(position), orientation: Float64Array.from(orientation), fovy };
}

/** Light from the camera, and a sun that tells the sides of things apart. */
export function plainLights(strength: number): Light[] {
  const none = new Float64Array(3);
  const rest = { cutoff: 180, exponent: 0, specular: 0 };
  return [
    { kind: 'head', position: none, direction: none, ambient: 0.45 * strength, diffuse: 0.3 * strength, ...rest },
    {
      kind: 'directional',
      position: none,
      direction: Float64Array.of(0.42, -0.26, -0.87),
      ambient: 0,
      diffuse: 0.4 * strength,
      ...rest,
    },
  ];
}
