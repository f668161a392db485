/**
 * @file The colour of a triangle at a pixel: light and texture coordinates interpolated with perspective at the pixel's middle (beyond the
 * triangle's edge where only other samples lie in it, as multisampling does), then the texture.
 */

import type { MipTexture } from './mip-texture.ts';
import { cubeFace, sampleFace, sampleFlat } from './mip-texture.ts';
import type { ClassicDrawable } from './scene.ts';
import type { VertexStage } from './vertices.ts';
import type { ClassicBuffers } from './view.ts';

/** Numbers per prepared triangle: seven planes (1/depth, then red, green, blue, u, v, w over depth), each value at the corner, slope x, slope y. */
const STRIDE = 21;

/** Colours triangles of one image; what depends on the triangle alone is computed once. */
export class TriangleShader {
  /** The last colour, in [0, 255]. */
  red = 0;
  green = 0;
  blue = 0;
  private readonly buffers: ClassicBuffers;
  private readonly vertices: VertexStage;
  private drawables: readonly ClassicDrawable[] = [];
  /** Per triangle id: the number of its prepared planes, −1 = not yet. */
  private slots = new Int32Array(0);
  private planes = new Float64Array(0);
  private used = 0;

  constructor(buffers: ClassicBuffers, vertices: VertexStage) {
    this.buffers = buffers;
    this.vertices = vertices;
  }

  /** A new image, with at most so many triangles. */
  begin(drawables: readonly ClassicDrawable[], triangles: number): void {
    this.drawables = drawables;
    this.used = 0;
    if (this.slots.length < triangles) this.slots = new Int32Array(Math.ceil(1.25 * triangles));
    this.slots.fill(-1, 0, triangles);
  }

  /** Triangle ids from `first` on will be given again to others. */
  forget(first: number, end: number): void {
    this.slots.fill(-1, first, end);
  }

  /** Computes the colour of triangle `id` at the middle of pixel (x, y). */
  colourAt(id: number, x: number, y: number): void {
    let slot = this.slots[id]!;
    if (slot < 0) slot = this.prepare(id);
    const p = this.planes;
    const at = slot * STRIDE;
    const px = x + 0.5;
    const py = y + 0.5;
    const inverse = p[at]! + p[at + 1]! * px + p[at + 2]! * py;
    // Beyond the horizon of an edge-on triangle there is no depth.
    const depth = inverse > 1e-9 ? 1 / inverse : 1e9;
    const r = (p[at + 3]! + p[at + 4]! * px + p[at + 5]! * py) * depth;
    const g = (p[at + 6]! + p[at + 7]! * px + p[at + 8]! * py) * depth;
    const b = (p[at + 9]! + p[at + 10]! * px + p[at + 11]! * py) * depth;
    this.red = r < 0 ? 0 : r > 1 ? 255 : r * 255;
    this.green = g < 0 ? 0 : g > 1 ? 255 : g * 255;
    this.blue = b < 0 ? 0 : b > 1 ? 255 : b * 255;
    const { texture } = this.drawables[this.buffers.triangle.drawable[id]!]!;
    if (texture === null) return;
    const texel =
      texture.kind === 'flat' ? this.flatTexel(texture, at, px, py, depth) : this.cubeTexel(texture, at, px, py);
    this.red *= (texel & 255) * (1 / 255);
    this.green *= ((texel >> 8) & 255) * (1 / 255);
    this.blue *= ((texel >> 16) & 255) * (1 / 255);
  }

  private flatTexel(texture: MipTexture, at: number, px: number, py: number, depth: number): number {
    const p = this.planes;
    const u = (p[at + 12]! + p[at + 13]! * px + p[at + 14]! * py) * depth;
    const v = (p[at + 15]! + p[at + 16]! * px + p[at + 17]! * py) * depth;
    const width = texture.widths[0]! * depth;
    const height = texture.heights[0]! * depth;
    const ux = (p[at + 13]! - u * p[at + 1]!) * width;
    const vx = (p[at + 16]! - v * p[at + 1]!) * height;
    const uy = (p[at + 14]! - u * p[at + 2]!) * width;
    const vy = (p[at + 17]! - v * p[at + 2]!) * height;
    const alongX = ux * ux + vx * vx;
    const alongY = uy * uy + vy * vy;
    return sampleFlat(texture, u, v, alongX > alongY ? alongX : alongY);
  }

  private cubeTexel(texture: MipTexture, at: number, px: number, py: number): number {
    const p = this.planes;
    return cubeTexelAlong(
      texture,
      p[at + 12]! + p[at + 13]! * px + p[at + 14]! * py,
      p[at + 15]! + p[at + 16]! * px + p[at + 17]! * py,
      p[at + 18]! + p[at + 19]! * px + p[at + 20]! * py,
      p,
      at + 12,
    );
  }

  private prepare(id: number): number {
    const { triangle, vertex, pattern } = this.buffers;
    const a = triangle.cornerA[id]!;
    const b = triangle.cornerB[id]!;
    const c = triangle.cornerC[id]!;
    const index = triangle.drawable[id]!;
    this.vertices.light(a, index);
    this.vertices.light(b, index);
    this.vertices.light(c, index);
    const slot = this.used++;
    this.slots[id] = slot;
    if ((slot + 1) * STRIDE > this.planes.length) this.growPlanes();
    const { screenX, screenY, inverseDepth: z, red, green, blue, u, v, w } = vertex;
    const toX = 1 / pattern.columns;
    const toY = 1 / pattern.rows;
    const x2 = screenX[c]! * toX;
    const y2 = screenY[c]! * toY;
    const x02 = screenX[a]! * toX - x2;
    const y02 = screenY[a]! * toY - y2;
    const x12 = screenX[b]! * toX - x2;
    const y12 = screenY[b]! * toY - y2;
    const inverse = 1 / (x02 * y12 - x12 * y02);
    const p = this.planes;
    const za = z[a]!;
    const zb = z[b]!;
    const zc = z[c]!;
    const plane = (at: number, fa: number, fb: number, fc: number): void => {
      const d0 = (fa - fc) * inverse;
      const d1 = (fb - fc) * inverse;
      const slopeX = d0 * y12 - d1 * y02;
      const slopeY = d1 * x02 - d0 * x12;
      p[at] = fc - slopeX * x2 - slopeY * y2;
      p[at + 1] = slopeX;
      p[at + 2] = slopeY;
    };
    const at = slot * STRIDE;
    plane(at, za, zb, zc);
    plane(at + 3, red[a]! * za, red[b]! * zb, red[c]! * zc);
    plane(at + 6, green[a]! * za, green[b]! * zb, green[c]! * zc);
    plane(at + 9, blue[a]! * za, blue[b]! * zb, blue[c]! * zc);
    const { texture } = this.drawables[index]!;
    if (texture === null) return slot;
    plane(at + 12, u[a]! * za, u[b]! * zb, u[c]! * zc);
    plane(at + 15, v[a]! * za, v[b]! * zb, v[c]! * zc);
    if (texture.kind === 'cube') plane(at + 18, w[a]! * za, w[b]! * zb, w[c]! * zc);
    return slot;
  }

  private growPlanes(): void {
    const larger = new Float64Array(Math.max(4096 * STRIDE, 2 * this.planes.length));
    larger.set(this.planes);
    this.planes = larger;
  }
}

/**
 * The texel of a cube map in a direction whose components change from pixel to pixel by the slopes in `planes` (value, slope x, slope y
 * for each of the three, from `at` on).
 */
export function cubeTexelAlong(
  texture: MipTexture,
  x: number,
  y: number,
  z: number,
  planes: ArrayLike<number>,
  at: number,
): number {
  const face = cubeFace(x, y, z);
  const axis = face >> 1;
  // OpenGL's table: which components run along s and t of each face, and their signs.
  const sAxis = axis === 0 ? 2 : 0;
  const tAxis = axis === 1 ? 2 : 1;
  const sSign = face === 0 || face === 5 ? -1 : 1;
  const tSign = face === 2 ? 1 : -1;
  const major = axis === 0 ? x : axis === 1 ? y : z;
  const inverse = major === 0 ? 0 : 1 / (major < 0 ? -major : major);
  const majorSign = major < 0 ? -1 : 1;
  const s = sSign * (sAxis === 0 ? x : z) * inverse;
  const t = tSign * (tAxis === 1 ? y : z) * inverse;
  // Derivatives of s and t by the quotient rule; half a face per unit.
  const width = 0.5 * texture.widths[0]! * inverse;
  const mx = majorSign * planes[at + 3 * axis + 1]!;
  const my = majorSign * planes[at + 3 * axis + 2]!;
  const sx = (sSign * planes[at + 3 * sAxis + 1]! - s * mx) * width;
  const sy = (sSign * planes[at + 3 * sAxis + 2]! - s * my) * width;
  const tx = (tSign * planes[at + 3 * tAxis + 1]! - t * mx) * width;
  const ty = (tSign * planes[at + 3 * tAxis + 2]! - t * my) * width;
  const alongX = sx * sx + tx * tx;
  const alongY = sy * sy + ty * ty;
  return sampleFace(texture, face, 0.5 + 0.5 * s, 0.5 + 0.5 * t, alongX > alongY ? alongX : alongY);
}
