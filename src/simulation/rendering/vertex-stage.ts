/**
 * @file Vertices of one drawable to the screen, with light computed at each vertex: OpenGL's fixed-function model, as MuJoCo's classic
 * renderer uses it (Gouraud; Blinn highlights with a local viewer; spot lights scale their ambient part too).
 */

import { NEAR } from './camera.ts';
import type { Camera } from './camera.ts';
import type { Light } from './lights.ts';
import type { RasterBuffers } from './raster-buffers.ts';
import type { Drawable } from './scene.ts';

/** The camera and the lights of one image, ready for the vertex loop. */
export interface View {
  readonly camera: Camera;
  /** Focal lengths and centre in samples. */
  readonly focalX: number;
  readonly focalY: number;
  readonly centreX: number;
  readonly centreY: number;
  /** 1 / tan(fovy / 2) and width / height, for culling. */
  readonly cotangent: number;
  readonly aspect: number;
  /** Twelve numbers per light, in camera coordinates; see `packLights`. */
  readonly lights: Float64Array;
}

const LIGHT_STRIDE = 12;

/** The camera and lights as the vertex stage needs them for these buffers. */
export function makeView(buffers: RasterBuffers, camera: Camera, lights: readonly Light[]): View {
  const [width, height] = [buffers.width * buffers.samplesPerSide, buffers.height * buffers.samplesPerSide];
  const cotangent = 1 / Math.tan((camera.fovy * Math.PI) / 360);
  const focalY = (cotangent * height) / 2;
  return {
    camera,
    // Pixels are square: the horizontal field of view follows from the aspect.
    focalX: focalY,
    focalY,
    centreX: width / 2,
    centreY: height / 2,
    cotangent,
    aspect: width / height,
    lights: packLights(camera, lights),
  };
}

/** Per light: position x y z, ambient, diffuse, specular, 1 = parallel rays, direction x y z, cosine of the cut-off, exponent. */
function packLights(camera: Camera, lights: readonly Light[]): Float64Array {
  const out = new Float64Array(lights.length * LIGHT_STRIDE);
  const { orientation: r, position } = camera;
  const turn = (x: number, y: number, z: number): number[] =>
    [0, 1, 2].map((k) => r[k]! * x + r[3 + k]! * y + r[6 + k]! * z);
  for (const [i, light] of lights.entries()) {
    const at = i * LIGHT_STRIDE;
    const head = light.kind === 'head';
    const [lx, ly, lz] = light.position;
    const [dx, dy, dz] = light.direction;
    out.set(head ? [0, 0, 0] : turn(lx! - position[0]!, ly! - position[1]!, lz! - position[2]!), at);
    out.set([light.ambient, light.diffuse, light.specular, light.kind === 'spot' ? 0 : 1], at + 3);
    out.set(head ? [0, 0, -1] : turn(dx!, dy!, dz!), at + 7);
    out[at + 10] = light.kind === 'spot' ? Math.cos((light.cutoff * Math.PI) / 180) : -2;
    out[at + 11] = light.exponent;
  }
  return out;
}

/**
 * Transforms and lights a drawable's vertices into `buffers.vertex` from index `base`.
 * Returns the number of vertices written: 0 when the drawable is outside the picture.
 */
export function transformVertices(
  buffers: RasterBuffers,
  view: View,
  drawable: Drawable,
  positions: Float64Array,
  orientations: Float64Array,
  base: number,
): number {
  const { camera, focalX, focalY, centreX, centreY, lights } = view;
  const { geometry, geom, specular: gloss, shininess, emission } = drawable;
  const r = camera.orientation;
  const dx = positions[3 * geom]! - camera.position[0]!;
  const dy = positions[3 * geom + 1]! - camera.position[1]!;
  const dz = positions[3 * geom + 2]! - camera.position[2]!;
  const tx = r[0]! * dx + r[3]! * dy + r[6]! * dz;
  const ty = r[1]! * dx + r[4]! * dy + r[7]! * dz;
  const tz = r[2]! * dx + r[5]! * dy + r[8]! * dz;
  if (outside(view, tx, ty, tz, geometry.radius)) return 0;
  const o = 9 * geom;
  const [a00, a01, a02] = [orientations[o]!, orientations[o + 1]!, orientations[o + 2]!];
  const [a10, a11, a12] = [orientations[o + 3]!, orientations[o + 4]!, orientations[o + 5]!];
  const [a20, a21, a22] = [orientations[o + 6]!, orientations[o + 7]!, orientations[o + 8]!];
  const m00 = r[0]! * a00 + r[3]! * a10 + r[6]! * a20;
  const m01 = r[0]! * a01 + r[3]! * a11 + r[6]! * a21;
  const m02 = r[0]! * a02 + r[3]! * a12 + r[6]! * a22;
  const m10 = r[1]! * a00 + r[4]! * a10 + r[7]! * a20;
  const m11 = r[1]! * a01 + r[4]! * a11 + r[7]! * a21;
  const m12 = r[1]! * a02 + r[4]! * a12 + r[7]! * a22;
  const m20 = r[2]! * a00 + r[5]! * a10 + r[8]! * a20;
  const m21 = r[2]! * a01 + r[5]! * a11 + r[8]! * a21;
  const m22 = r[2]! * a02 + r[5]! * a12 + r[8]! * a22;
  const { screenX, screenY, inverseDepth, viewX, viewY, viewZ, diffuse, specular, u, v, w } = buffers.vertex;
  const { positions: p, normals: n } = geometry;
  const { coordinates } = drawable;
  const isCube = drawable.texture?.kind === 'cube';
  const count = p.length / 3;
  for (let i = 0, j = 0, k = base; i < count; i++, j += 3, k++) {
    const px = p[j]!;
    const py = p[j + 1]!;
    const pz = p[j + 2]!;
    const x = m00 * px + m01 * py + m02 * pz + tx;
    const y = m10 * px + m11 * py + m12 * pz + ty;
    const z = m20 * px + m21 * py + m22 * pz + tz;
    viewX[k] = x;
    viewY[k] = y;
    viewZ[k] = z;
    const inverse = z < -1e-6 ? -1 / z : 0;
    inverseDepth[k] = inverse;
    screenX[k] = centreX + x * inverse * focalX;
    screenY[k] = centreY - y * inverse * focalY;
    const nx = m00 * n[j]! + m01 * n[j + 1]! + m02 * n[j + 2]!;
    const ny = m10 * n[j]! + m11 * n[j + 1]! + m12 * n[j + 2]!;
    const nz = m20 * n[j]! + m21 * n[j + 1]! + m22 * n[j + 2]!;
    let sum = emission;
    let shine = 0;
    for (let at = 0; at < lights.length; at += LIGHT_STRIDE) {
      let lx: number;
      let ly: number;
      let lz: number;
      let fade = 1;
      if (lights[at + 6] === 1) {
        lx = -lights[at + 7]!;
        ly = -lights[at + 8]!;
        lz = -lights[at + 9]!;
      } else {
        lx = lights[at]! - x;
        ly = lights[at + 1]! - y;
        lz = lights[at + 2]! - z;
        const scale = 1 / Math.sqrt(lx * lx + ly * ly + lz * lz + 1e-12);
        lx *= scale;
        ly *= scale;
        lz *= scale;
        const along = -(lx * lights[at + 7]! + ly * lights[at + 8]! + lz * lights[at + 9]!);
        if (along < lights[at + 10]!) continue;
        fade = Math.pow(along, lights[at + 11]!);
      }
      sum += fade * lights[at + 3]!;
      const facing = nx * lx + ny * ly + nz * lz;
      if (facing <= 0) continue;
      sum += fade * lights[at + 4]! * facing;
      const strength = fade * lights[at + 5]! * gloss;
      if (strength > 0) {
        const towards = 1 / Math.sqrt(x * x + y * y + z * z + 1e-12);
        const hx = lx - x * towards;
        const hy = ly - y * towards;
        const hz = lz - z * towards;
        const half = (nx * hx + ny * hy + nz * hz) / Math.sqrt(hx * hx + hy * hy + hz * hz + 1e-12);
        if (half > 0) shine += strength * Math.pow(half, shininess);
      }
    }
    diffuse[k] = sum;
    specular[k] = shine;
    if (coordinates !== null) {
      const at = isCube ? 3 * i : 2 * i;
      u[k] = coordinates[at]!;
      v[k] = coordinates[at + 1]!;
      if (isCube) w[k] = coordinates[at + 2]!;
    }
  }
  return count;
}

/** Whether a sphere lies behind the camera or outside the picture's pyramid. */
function outside(view: View, x: number, y: number, z: number, radius: number): boolean {
  if (z - radius > -NEAR) return true;
  const reach = (radius - z) / view.cotangent;
  return Math.abs(y) - 1.5 * radius > reach || Math.abs(x) - 1.5 * radius > reach * view.aspect;
}
