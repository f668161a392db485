/**
 * @file The colour of a triangle at a pixel: light and texture coordinates interpolated with perspective at the pixel's middle (beyond the
 * triangle's edge where only other samples lie in it, as multisampling does), then the texture. Colours are bytes, packed 0x00BBGGRR.
 */

import { cubeFace, sampleClamped, sampleRepeated } from './mip-texture.ts';
import type { MipTexture } from './mip-texture.ts';
import { ROWS } from './samples.ts';
import type { Samples } from './samples.ts';
import type { ClassicDrawable } from './scene.ts';
import type { VertexStage } from './vertices.ts';

/**
 * Numbers per prepared triangle: planes over the image (value at its corner, slope x, slope y) of 1 / depth and of red, green and blue
 * over depth; then of texture coordinates: what they are divided by, and two numerators, or the three components of a direction.
 */
const STRIDE = 21;
const [RED, GREEN, BLUE, DIVISOR, S, T] = [3, 6, 9, 12, 15, 18];

/** Faces of a cube map, in OpenGL's order: which components of a direction run along the face, across it and through it. */
export const FACE_AXES = Int32Array.of(2, 1, 0, 2, 1, 0, 0, 2, 1, 0, 2, 1, 0, 1, 2, 0, 1, 2);
/** Their signs. */
export const FACE_SIGNS = Float64Array.of(-1, -1, 1, 1, -1, -1, 1, 1, 1, 1, -1, -1, 1, -1, 1, -1, -1, -1);

/** Colours triangles of one pass; what depends on the triangle alone is computed once. */
export class TriangleShader {
  private readonly samples: Samples;
  private readonly vertices: VertexStage;
  private drawables: readonly ClassicDrawable[] = [];
  /** Per triangle id: the number of its prepared planes, −1 = not yet. */
  private slots = new Int32Array(0);
  private planes = new Float64Array(64 * STRIDE);
  /** Per prepared triangle: its texture, and the cube's face that all of it lies on (−1 = several; a flat texture is face 0). */
  private readonly textures: (MipTexture | null)[] = [];
  private faces = new Int32Array(64);
  private used = 0;
  private readonly texelRow: Int32Array;

  constructor(samples: Samples, vertices: VertexStage) {
    this.samples = samples;
    this.vertices = vertices;
    this.texelRow = new Int32Array(samples.width);
  }

  /** A new image of these drawables, whose triangles are filled. */
  begin(drawables: readonly ClassicDrawable[]): void {
    this.drawables = drawables;
    this.used = 0;
    const room = this.samples.triangle.drawable.length;
    if (this.slots.length < room) this.slots = new Int32Array(room);
    this.slots.fill(-1);
  }

  /** Triangle `id` is another one from now on. */
  forget(id: number): void {
    this.slots[id] = -1;
  }

  /** The colour of triangle `id` at the middle of pixel (x, y). */
  colourAt(id: number, x: number, y: number): number {
    let slot = this.slots[id]!;
    if (slot < 0) slot = this.prepare(id);
    const p = this.planes;
    const at = slot * STRIDE;
    const px = x + 0.5;
    const py = y + 0.5;
    const inverse = p[at]! + p[at + 1]! * px + p[at + 2]! * py;
    // Beyond the horizon of an edge-on triangle there is no depth.
    const depth = inverse > 1e-9 ? 255 / inverse : 255e9;
    let red = (p[at + RED]! + p[at + RED + 1]! * px + p[at + RED + 2]! * py) * depth;
    let green = (p[at + GREEN]! + p[at + GREEN + 1]! * px + p[at + GREEN + 2]! * py) * depth;
    let blue = (p[at + BLUE]! + p[at + BLUE + 1]! * px + p[at + BLUE + 2]! * py) * depth;
    red = red < 0 ? 0 : red > 255 ? 255 : red;
    green = green < 0 ? 0 : green > 255 ? 255 : green;
    blue = blue < 0 ? 0 : blue > 255 ? 255 : blue;
    const texture = this.textures[slot]!;
    if (texture === null) return (red + 0.5) | ((green + 0.5) << 8) | ((blue + 0.5) << 16);
    const face = this.faces[slot]!;
    const texel =
      face < 0 ? texelAlong(texture, p, at + DIVISOR, px, py) : texelOn(texture, face, p, at + DIVISOR, px, py);
    return (
      (red * (texel & 255) * (1 / 255) + 0.5) |
      ((green * ((texel >> 8) & 255) * (1 / 255) + 0.5) << 8) |
      ((blue * ((texel >> 16) & 255) * (1 / 255) + 0.5) << 16)
    );
  }

  /** The colours of triangle `id` at the pixels from (x, y) up to column `end`, into the bytes of an image. */
  colourRun(id: number, x: number, end: number, y: number, out: Uint8Array, at: number): void {
    let slot = this.slots[id]!;
    if (slot < 0) slot = this.prepare(id);
    const texture = this.textures[slot]!;
    if (texture !== null && (this.faces[slot]! < 0 || end - x < 4)) {
      for (; x < end; x++, at += 3) unpack(this.colourAt(id, x, y), out, at);
      return;
    }
    const p = this.planes;
    const from = slot * STRIDE;
    const px = x + 0.5;
    const py = y + 0.5;
    let inverse = p[from]! + p[from + 1]! * px + p[from + 2]! * py;
    let red = p[from + RED]! + p[from + RED + 1]! * px + p[from + RED + 2]! * py;
    let green = p[from + GREEN]! + p[from + GREEN + 1]! * px + p[from + GREEN + 2]! * py;
    let blue = p[from + BLUE]! + p[from + BLUE + 1]! * px + p[from + BLUE + 2]! * py;
    const inverseX = p[from + 1]!;
    const redX = p[from + RED + 1]!;
    const greenX = p[from + GREEN + 1]!;
    const blueX = p[from + BLUE + 1]!;
    if (texture !== null) this.texels(texture, this.faces[slot]!, from + DIVISOR, x, end, py);
    const texels = this.texelRow;
    for (; x < end; x++, at += 3) {
      const depth = inverse > 1e-9 ? 255 / inverse : 255e9;
      let r = red * depth;
      let g = green * depth;
      let b = blue * depth;
      r = r < 0 ? 0 : r > 255 ? 255 : r;
      g = g < 0 ? 0 : g > 255 ? 255 : g;
      b = b < 0 ? 0 : b > 255 ? 255 : b;
      if (texture !== null) {
        const texel = texels[x]!;
        r *= (texel & 255) * (1 / 255);
        g *= ((texel >> 8) & 255) * (1 / 255);
        b *= (texel >> 16) * (1 / 255);
      }
      out[at] = r + 0.5;
      out[at + 1] = g + 0.5;
      out[at + 2] = b + 0.5;
      inverse += inverseX;
      red += redX;
      green += greenX;
      blue += blueX;
    }
  }

  /** The texels of a run of pixels, into `texelRow`. The mip level is that of each group of four's first pixel. */
  private texels(texture: MipTexture, face: number, at: number, x: number, end: number, py: number): void {
    const p = this.planes;
    const row = this.texelRow;
    const px = x + 0.5;
    let divisor = p[at]! + p[at + 1]! * px + p[at + 2]! * py;
    let s = p[at + 3]! + p[at + 4]! * px + p[at + 5]! * py;
    let t = p[at + 6]! + p[at + 7]! * px + p[at + 8]! * py;
    const divisorX = p[at + 1]!;
    const sX = p[at + 4]!;
    const tX = p[at + 7]!;
    const [width, height] = [texture.widths[0]!, texture.heights[0]!];
    const isFlat = texture.kind === 'flat';
    let rho2 = 0;
    for (let left = 0; x < end; x++, left--) {
      const inverse = divisor > 1e-12 ? 1 / divisor : 1e12;
      const u = s * inverse;
      const v = t * inverse;
      if (left === 0) {
        left = 4;
        const sx = (sX - u * divisorX) * inverse * width;
        const tx = (tX - v * divisorX) * inverse * height;
        const sy = (p[at + 5]! - u * p[at + 2]!) * inverse * width;
        const ty = (p[at + 8]! - v * p[at + 2]!) * inverse * height;
        rho2 = Math.max(sx * sx + tx * tx, sy * sy + ty * ty);
      }
      row[x] = isFlat ? sampleRepeated(texture, u, v, rho2) : sampleClamped(texture, face, u, v, rho2);
      divisor += divisorX;
      s += sX;
      t += tX;
    }
  }

  private prepare(id: number): number {
    const { triangle, vertex } = this.samples;
    const a = triangle.cornerA[id]!;
    const b = triangle.cornerB[id]!;
    const c = triangle.cornerC[id]!;
    const index = triangle.drawable[id]!;
    this.vertices.light(a, index);
    this.vertices.light(b, index);
    this.vertices.light(c, index);
    const slot = this.used++;
    this.slots[id] = slot;
    if (slot >= this.faces.length) this.grow();
    const { screenX, screenY, inverseDepth: z, red, green, blue, u, v, w } = vertex;
    this.setCorners(screenX[a]!, screenY[a]! / ROWS, screenX[b]!, screenY[b]! / ROWS, screenX[c]!, screenY[c]! / ROWS);
    const za = z[a]!;
    const zb = z[b]!;
    const zc = z[c]!;
    const at = slot * STRIDE;
    this.plane(at, za, zb, zc);
    this.plane(at + RED, red[a]! * za, red[b]! * zb, red[c]! * zc);
    this.plane(at + GREEN, green[a]! * za, green[b]! * zb, green[c]! * zc);
    this.plane(at + BLUE, blue[a]! * za, blue[b]! * zb, blue[c]! * zc);
    const { texture } = this.drawables[index]!;
    this.textures[slot] = texture;
    if (texture === null) return slot;
    if (texture.kind === 'flat') {
      this.faces[slot] = 0;
      this.plane(at + DIVISOR, za, zb, zc);
      this.plane(at + S, u[a]! * za, u[b]! * zb, u[c]! * zc);
      this.plane(at + T, v[a]! * za, v[b]! * zb, v[c]! * zc);
      return slot;
    }
    const face = cubeFace(u[a]! + u[b]! + u[c]!, v[a]! + v[b]! + v[c]!, w[a]! + w[b]! + w[c]!);
    const isOne = [a, b, c].every((corner) => meets(face, u[corner]!, v[corner]!, w[corner]!));
    this.faces[slot] = isOne ? face : -1;
    this.plane(at + DIVISOR, u[a]! * za, u[b]! * zb, u[c]! * zc);
    this.plane(at + S, v[a]! * za, v[b]! * zb, v[c]! * zc);
    this.plane(at + T, w[a]! * za, w[b]! * zb, w[c]! * zc);
    if (isOne) directionToFace(this.planes, at + DIVISOR, face);
    return slot;
  }

  /** Corners of the triangle at hand, for `plane`: the third one, and barycentric slopes. */
  private cornerX = 0;
  private cornerY = 0;
  private slope0X = 0;
  private slope0Y = 0;
  private slope1X = 0;
  private slope1Y = 0;

  private setCorners(x0: number, y0: number, x1: number, y1: number, x2: number, y2: number): void {
    const inverse = 1 / ((x0 - x2) * (y1 - y2) - (x1 - x2) * (y0 - y2));
    this.cornerX = x2;
    this.cornerY = y2;
    this.slope0X = (y1 - y2) * inverse;
    this.slope0Y = (x2 - x1) * inverse;
    this.slope1X = (y2 - y0) * inverse;
    this.slope1Y = (x0 - x2) * inverse;
  }

  private plane(at: number, fa: number, fb: number, fc: number): void {
    const slopeX = (fa - fc) * this.slope0X + (fb - fc) * this.slope1X;
    const slopeY = (fa - fc) * this.slope0Y + (fb - fc) * this.slope1Y;
    this.planes[at] = fc - slopeX * this.cornerX - slopeY * this.cornerY;
    this.planes[at + 1] = slopeX;
    this.planes[at + 2] = slopeY;
  }

  private grow(): void {
    const planes = new Float64Array(2 * this.planes.length);
    planes.set(this.planes);
    this.planes = planes;
    const faces = new Int32Array(2 * this.faces.length);
    faces.set(this.faces);
    this.faces = faces;
  }
}

function unpack(colour: number, out: Uint8Array, at: number): void {
  out[at] = colour;
  out[at + 1] = colour >> 8;
  out[at + 2] = colour >> 16;
}

/** The texel of a cube map at a pixel; `p` holds the planes of a direction's three components from `at` on. */
export function texelAlong(texture: MipTexture, p: Float64Array, at: number, px: number, py: number): number {
  const x = p[at]! + p[at + 1]! * px + p[at + 2]! * py;
  const y = p[at + 3]! + p[at + 4]! * px + p[at + 5]! * py;
  const z = p[at + 6]! + p[at + 7]! * px + p[at + 8]! * py;
  const face = cubeFace(x, y, z);
  scratch.set(p.subarray(at, at + 9));
  directionToFace(scratch, 0, face);
  return texelOn(texture, face, scratch, 0, px, py);
}

const scratch = new Float64Array(9);

/** Whether a direction meets a face, or its border. */
function meets(face: number, x: number, y: number, z: number): boolean {
  const axis = FACE_AXES[3 * face + 2]!;
  const through = FACE_SIGNS[3 * face + 2]! * (axis === 0 ? x : axis === 1 ? y : z) * (1 + 1e-6);
  return Math.abs(x) <= through && Math.abs(y) <= through && Math.abs(z) <= through;
}

/** Replaces the planes of a direction's components by those of a divisor and of s and t in [0, 1] times the divisor, on one face. */
function directionToFace(p: Float64Array, at: number, face: number): void {
  for (let k = 0; k < 3; k++) {
    const s = p[at + k + 3 * FACE_AXES[3 * face]!]! * FACE_SIGNS[3 * face]!;
    const t = p[at + k + 3 * FACE_AXES[3 * face + 1]!]! * FACE_SIGNS[3 * face + 1]!;
    const through = p[at + k + 3 * FACE_AXES[3 * face + 2]!]! * FACE_SIGNS[3 * face + 2]!;
    p[at + k] = through;
    p[at + 3 + k] = 0.5 * (through + s);
    p[at + 6 + k] = 0.5 * (through + t);
  }
}

/** The texel at a pixel; `p` holds the planes of divisor, s and t from `at` on. */
function texelOn(texture: MipTexture, face: number, p: Float64Array, at: number, px: number, py: number): number {
  const divisor = p[at]! + p[at + 1]! * px + p[at + 2]! * py;
  const inverse = divisor > 1e-12 ? 1 / divisor : 1e12;
  const s = (p[at + 3]! + p[at + 4]! * px + p[at + 5]! * py) * inverse;
  const t = (p[at + 6]! + p[at + 7]! * px + p[at + 8]! * py) * inverse;
  // How many texels are crossed from pixel to pixel.
  const width = texture.widths[0]! * inverse;
  const height = texture.heights[0]! * inverse;
  const sx = (p[at + 4]! - s * p[at + 1]!) * width;
  const tx = (p[at + 7]! - t * p[at + 1]!) * height;
  const sy = (p[at + 5]! - s * p[at + 2]!) * width;
  const ty = (p[at + 8]! - t * p[at + 2]!) * height;
  const alongX = sx * sx + tx * tx;
  const alongY = sy * sy + ty * ty;
  const rho2 = alongX > alongY ? alongX : alongY;
  return texture.kind === 'flat' ? sampleRepeated(texture, s, t, rho2) : sampleClamped(texture, face, s, t, rho2);
}
