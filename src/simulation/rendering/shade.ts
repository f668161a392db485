/**
 * @file The shading pass: colours each pixel from the triangles its samples see, once per distinct triangle (like multisampling).
 */

import type { RasterBuffers } from './raster-buffers.ts';
import type { Drawable } from './scene.ts';
import { levelFor, sampleCube, sampleFlat, texelArea } from './texture.ts';

/** The colour of one triangle at one pixel, bytes; reused. */
interface Colour {
  red: number;
  green: number;
  blue: number;
}

/** Writes width × height × 3 bytes. `background` is the colour where nothing is seen. */
export function shade(
  buffers: RasterBuffers,
  drawables: readonly Drawable[],
  background: readonly [number, number, number],
  out: Uint8Array,
): void {
  const { width, height, samplesPerSide, triangleId } = buffers;
  const shader = new TriangleShader(buffers, drawables);
  const stride = width * samplesPerSide;
  const scale = 1 / (samplesPerSide * samplesPerSide);
  const [skyRed, skyGreen, skyBlue] = background;
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const first = y * samplesPerSide * stride + x * samplesPerSide;
      const id = triangleId[first]!;
      if (isUniform(triangleId, first, stride, samplesPerSide, id)) {
        if (id < 0) {
          out[at] = skyRed;
          out[at + 1] = skyGreen;
          out[at + 2] = skyBlue;
        } else {
          shader.colourAt(id, x, y);
          out[at] = shader.red;
          out[at + 1] = shader.green;
          out[at + 2] = shader.blue;
        }
        continue;
      }
      let red = 0;
      let green = 0;
      let blue = 0;
      let previous = -2;
      for (let row = 0; row < samplesPerSide; row++) {
        for (let column = 0; column < samplesPerSide; column++) {
          const seen = triangleId[first + row * stride + column]!;
          if (seen >= 0 && seen !== previous) {
            shader.colourAt(seen, x, y);
            previous = seen;
          }
          red += seen < 0 ? skyRed : shader.red;
          green += seen < 0 ? skyGreen : shader.green;
          blue += seen < 0 ? skyBlue : shader.blue;
        }
      }
      out[at] = red * scale;
      out[at + 1] = green * scale;
      out[at + 2] = blue * scale;
    }
  }
}

function isUniform(ids: Int32Array, first: number, stride: number, side: number, id: number): boolean {
  for (let row = 0; row < side; row++) {
    const from = first + row * stride;
    for (let at = from; at < from + side; at++) if (ids[at] !== id) return false;
  }
  return true;
}

/** Interpolates light over a triangle; what depends on the triangle alone is kept until the next one. */
class TriangleShader implements Colour {
  red = 0;
  green = 0;
  blue = 0;
  private readonly buffers: RasterBuffers;
  private readonly drawables: readonly Drawable[];
  private readonly samplesPerSide: number;
  private current = -1;
  /** Corners, and the screen position of the third one in samples. */
  private a = 0;
  private b = 0;
  private c = 0;
  private originX = 0;
  private originY = 0;
  /** Slopes of the first two barycentric weights. */
  private slope0X = 0;
  private slope0Y = 0;
  private slope1X = 0;
  private slope1Y = 0;
  /** Inverse depth, and light times inverse depth, at the corners. */
  private depthA = 0;
  private depthB = 0;
  private depthC = 0;
  private baseRed = 0;
  private baseGreen = 0;
  private baseBlue = 0;
  private drawable: Drawable;
  private level = 0;

  constructor(buffers: RasterBuffers, drawables: readonly Drawable[]) {
    this.buffers = buffers;
    this.drawables = drawables;
    this.samplesPerSide = buffers.samplesPerSide;
    this.drawable = drawables[0]!;
  }

  /** The colour of triangle `id` at a pixel's centre, moved into the triangle when it lies outside. */
  colourAt(id: number, x: number, y: number): void {
    if (id !== this.current) this.prepare(id);
    const dx = (x + 0.5) * this.samplesPerSide - this.originX;
    const dy = (y + 0.5) * this.samplesPerSide - this.originY;
    let w0 = this.slope0X * dx + this.slope0Y * dy;
    let w1 = this.slope1X * dx + this.slope1Y * dy;
    let w2 = 1 - w0 - w1;
    if (w0 < 0 || w1 < 0 || w2 < 0) {
      if (w0 < 0) w0 = 0;
      if (w1 < 0) w1 = 0;
      if (w2 < 0) w2 = 0;
      const total = 1 / (w0 + w1 + w2);
      w0 *= total;
      w1 *= total;
      w2 *= total;
    }
    // Perspective-correct weights.
    const z0 = w0 * this.depthA;
    const z1 = w1 * this.depthB;
    const z2 = w2 * this.depthC;
    const z = 1 / (z0 + z1 + z2);
    const { diffuse, specular } = this.buffers.vertex;
    const { a, b, c } = this;
    const light = (z0 * diffuse[a]! + z1 * diffuse[b]! + z2 * diffuse[c]!) * z;
    const gloss = (z0 * specular[a]! + z1 * specular[b]! + z2 * specular[c]!) * z;
    // Light beyond 1 is clamped before the texture multiplies it, as the fixed-function pipeline does.
    const red = this.baseRed * light + gloss;
    const green = this.baseGreen * light + gloss;
    const blue = this.baseBlue * light + gloss;
    this.red = red > 1 ? 255 : red * 255;
    this.green = green > 1 ? 255 : green * 255;
    this.blue = blue > 1 ? 255 : blue * 255;
    if (this.drawable.texture !== null) this.applyTexture(z0 * z, z1 * z, z2 * z);
  }

  private applyTexture(w0: number, w1: number, w2: number): void {
    const { u, v, w } = this.buffers.vertex;
    const { a, b, c, level } = this;
    const texture = this.drawable.texture!;
    const tu = w0 * u[a]! + w1 * u[b]! + w2 * u[c]!;
    const tv = w0 * v[a]! + w1 * v[b]! + w2 * v[c]!;
    const texel =
      texture.kind === 'flat'
        ? sampleFlat(texture, level, tu, tv)
        : sampleCube(texture, level, tu, tv, w0 * w[a]! + w1 * w[b]! + w2 * w[c]!);
    this.red *= (texel & 255) / 255;
    this.green *= ((texel >> 8) & 255) / 255;
    this.blue *= ((texel >> 16) & 255) / 255;
  }

  private prepare(id: number): void {
    const { triangle, vertex, samplesPerSide } = this.buffers;
    const { screenX, screenY, inverseDepth } = vertex;
    const a = triangle.cornerA[id]!;
    const b = triangle.cornerB[id]!;
    const c = triangle.cornerC[id]!;
    const x2 = screenX[c]!;
    const y2 = screenY[c]!;
    const x02 = screenX[a]! - x2;
    const y02 = screenY[a]! - y2;
    const x12 = screenX[b]! - x2;
    const y12 = screenY[b]! - y2;
    const inverse = 1 / (x02 * y12 - x12 * y02);
    this.current = id;
    this.a = a;
    this.b = b;
    this.c = c;
    this.originX = x2;
    this.originY = y2;
    this.slope0X = y12 * inverse;
    this.slope0Y = -x12 * inverse;
    this.slope1X = -y02 * inverse;
    this.slope1Y = x02 * inverse;
    this.depthA = inverseDepth[a]!;
    this.depthB = inverseDepth[b]!;
    this.depthC = inverseDepth[c]!;
    const drawable = this.drawables[triangle.drawable[id]!]!;
    this.drawable = drawable;
    this.baseRed = drawable.rgba[0]!;
    this.baseGreen = drawable.rgba[1]!;
    this.baseBlue = drawable.rgba[2]!;
    if (drawable.texture !== null) {
      const { u, v, w } = vertex;
      const corner = (i: number): number[] => [u[i]!, v[i]!, w[i]!];
      const texels = texelArea(drawable.texture, corner(a), corner(b), corner(c));
      this.level = levelFor(drawable.texture, texels * Math.abs(inverse) * samplesPerSide * samplesPerSide);
    }
  }
}
