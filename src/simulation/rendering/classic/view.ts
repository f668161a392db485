/** @file The camera and the lights of one image, in camera coordinates, as the classic renderer's loops need them. */

import type { Camera } from '../camera.ts';
import type { FillView } from './fill.ts';
import type { ClassicLight, Rgb } from './lights.ts';
import { ROWS } from './samples.ts';
import type { Samples } from './samples.ts';

/** A plane in which the world is seen mirrored. */
export interface MirrorPlane {
  /** A point on it, and its unit normal. */
  readonly point: Rgb;
  readonly normal: Rgb;
}

/** The camera and lights of one image. */
export interface ClassicView extends FillView {
  readonly camera: Camera;
  /** Farther than this nothing is drawn, metres. */
  readonly far: number;
  /** The world is seen in this mirror, or directly. */
  readonly mirror: MirrorPlane | null;
  /** What colours (not highlights) are multiplied with. */
  readonly tint: number;
  /** Slopes of the sides of what is seen: half the window's width and height at distance 1, and its middle. */
  readonly frustum: { readonly x: number; readonly y: number; readonly middleX: number; readonly middleY: number };
  /** `LIGHT_STRIDE` numbers per light; see `packLights`. */
  readonly lights: Float64Array;
  /** Light that comes from everywhere: MuJoCo gives some when there is no lamp. */
  readonly ambient: number;
}

/** Numbers per light: position 3, direction 3, cosine of the cut-off, exponent, attenuation 3, ambient 3, diffuse 3, specular 3, 1 = parallel. */
export const LIGHT_STRIDE = 21;
/** MuJoCo's light of scenes without lamps. */
const AMBIENT_WITHOUT_LIGHTS = 0.3;

/** The whole picture, seen directly. */
export function directView(
  { width, height }: Pick<Samples, 'width' | 'height'>,
  camera: Camera,
  lights: readonly ClassicLight[],
  { near, far }: { readonly near: number; readonly far: number },
  light: FillView['light'],
): ClassicView {
  const cotangent = 1 / Math.tan((camera.fovy * Math.PI) / 360);
  const perPixel = (cotangent * height) / 2;
  return {
    camera,
    mirror: null,
    tint: 1,
    focalX: perPixel,
    focalY: perPixel * ROWS,
    centreX: width / 2,
    centreY: (ROWS * height) / 2,
    near,
    far,
    winding: 1,
    limit: null,
    window: { left: 0, top: 0, right: width - 1, bottom: ROWS * height - 1 },
    frustum: { x: width / height / cotangent, y: 1 / cotangent, middleX: 0, middleY: 0 },
    light,
    lights: packLights(camera, lights, null),
    ambient: lights.length === 0 ? AMBIENT_WITHOUT_LIGHTS : 0,
  };
}

/** The same camera's view into a mirror, through some of the samples. */
export function mirroredView(
  direct: ClassicView,
  mirror: MirrorPlane,
  reflectance: number,
  lights: readonly ClassicLight[],
  through: Pick<FillView, 'limit' | 'window' | 'light'>,
): ClassicView {
  const { left, right, top, bottom } = through.window;
  const { focalX, focalY, centreX, centreY } = direct;
  const frustum = {
    x: (right + 1 - left) / 2 / focalX,
    y: (bottom + 1 - top) / 2 / focalY,
    middleX: ((right + 1 + left) / 2 - centreX) / focalX,
    middleY: (centreY - (bottom + 1 + top) / 2) / focalY,
  };
  const packed = packLights(direct.camera, lights, mirror);
  return { ...direct, mirror, tint: reflectance, winding: -1, frustum, lights: packed, ...through };
}

/** A world position (or, with weight 0, direction) seen in a mirror. */
export function reflect({ point, normal }: MirrorPlane, v: Rgb, weight: 0 | 1): Rgb {
  const [x, y, z] = [0, 1, 2].map((k) => v[k]! - weight * point[k]!) as [number, number, number];
  const twice = 2 * (x * normal[0] + y * normal[1] + z * normal[2]);
  return [v[0] - twice * normal[0], v[1] - twice * normal[1], v[2] - twice * normal[2]];
}

function packLights(camera: Camera, lights: readonly ClassicLight[], mirror: MirrorPlane | null): Float64Array {
  const out = new Float64Array(lights.length * LIGHT_STRIDE);
  const { orientation: r, position } = camera;
  const turn = ([x, y, z]: Rgb): number[] => [0, 1, 2].map((k) => r[k]! * x + r[3 + k]! * y + r[6 + k]! * z);
  const seen = (v: Rgb, weight: 0 | 1): Rgb => (mirror === null ? v : reflect(mirror, v, weight));
  for (const [i, light] of lights.entries()) {
    // The head light looks along the camera's gaze.
    const ahead: Rgb = [-r[2]!, -r[5]!, -r[8]!];
    const [x, y, z] = seen(light.position, 1);
    const at = i * LIGHT_STRIDE;
    out.set(turn([x - position[0]!, y - position[1]!, z - position[2]!]), at);
    out.set(turn(seen(light.kind === 'head' ? ahead : unit(light.direction), 0)), at + 3);
    // Half a turn or more: light in all directions.
    out[at + 6] = light.kind === 'spot' && light.cutoff < 180 ? Math.cos((light.cutoff * Math.PI) / 180) : -2;
    out[at + 7] = light.exponent;
    out.set(light.attenuation, at + 8);
    out.set(light.ambient, at + 11);
    out.set(light.diffuse, at + 14);
    out.set(light.specular, at + 17);
    out[at + 20] = light.kind === 'spot' ? 0 : 1;
  }
  return out;
}

function unit(v: Rgb): Rgb {
  const length = Math.hypot(...v) || 1;
  return [v[0] / length, v[1] / length, v[2] / length];
}
