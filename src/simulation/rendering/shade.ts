/**
 * @file The shading pass: colours each pixel from the triangles its samples see, once per distinct triangle (like multisampling).
 */

import type { RasterBuffers } from './raster-buffers.ts';
import type { Drawable } from './scene.ts';
import { levelFor, sampleCube, sampleFlat, texelArea } from './texture.ts';
import type { Texture } from './texture.ts';

/** What shading needs of the triangle at hand: barycentric gradients and its texture level. */
interface Plane {
  a: number;
  b: number;
  c: number;
  originX: number;
  originY: number;
  weight0X: number;
  weight0Y: number;
  weight1X: number;
  weight1Y: number;
  drawable: Drawable;
  texture: Texture | null;
  level: number;
}

/** Writes width × height × 3 bytes. `background` is the colour where nothing is seen. */
export function shade(
  buffers: RasterBuffers,
  drawables: readonly Drawable[],
  background: readonly [number, number, number],
  out: Uint8Array,
): void {
  const { width, height, samplesPerSide, triangleId, vertex } = buffers;
  const { inverseDepth, diffuse, specular } = vertex;
  const stride = width * samplesPerSide;
  const samples = samplesPerSide * samplesPerSide;
  const scale = 1 / samples;
  let current = -2;
  const plane = {} as Plane;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const first = y * samplesPerSide * stride + x * samplesPerSide;
      let [red, green, blue] = [0, 0, 0];
      let [r, g, b] = [0, 0, 0];
      let previous = -3;
      for (let row = 0; row < samplesPerSide; row++) {
        for (let column = 0; column < samplesPerSide; column++) {
          const id = triangleId[first + row * stride + column]!;
          if (id !== previous) {
            previous = id;
            if (id < 0) {
              r = background[0];
              g = background[1];
              b = background[2];
            } else {
              if (id !== current) {
                current = id;
                preparePlane(buffers, drawables, id, samples, plane);
              }
              // The pixel's centre, moved into the triangle when it lies outside.
              const dx = (x + 0.5) * samplesPerSide - plane.originX;
              const dy = (y + 0.5) * samplesPerSide - plane.originY;
              let w0 = plane.weight0X * dx + plane.weight0Y * dy;
              let w1 = plane.weight1X * dx + plane.weight1Y * dy;
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
              const z0 = w0 * inverseDepth[plane.a]!;
              const z1 = w1 * inverseDepth[plane.b]!;
              const z2 = w2 * inverseDepth[plane.c]!;
              const z = 1 / (z0 + z1 + z2);
              const light = (z0 * diffuse[plane.a]! + z1 * diffuse[plane.b]! + z2 * diffuse[plane.c]!) * z;
              const gloss = (z0 * specular[plane.a]! + z1 * specular[plane.b]! + z2 * specular[plane.c]!) * z;
              const { rgba } = plane.drawable;
              r = toByte(rgba[0]! * light + gloss);
              g = toByte(rgba[1]! * light + gloss);
              b = toByte(rgba[2]! * light + gloss);
              if (plane.texture !== null) {
                const { u, v, w } = vertex;
                const tu = (z0 * u[plane.a]! + z1 * u[plane.b]! + z2 * u[plane.c]!) * z;
                const tv = (z0 * v[plane.a]! + z1 * v[plane.b]! + z2 * v[plane.c]!) * z;
                const texel =
                  plane.texture.kind === 'flat'
                    ? sampleFlat(plane.texture, plane.level, tu, tv)
                    : sampleCube(
                        plane.texture,
                        plane.level,
                        tu,
                        tv,
                        (z0 * w[plane.a]! + z1 * w[plane.b]! + z2 * w[plane.c]!) * z,
                      );
                r *= (texel & 255) / 255;
                g *= ((texel >> 8) & 255) / 255;
                b *= ((texel >> 16) & 255) / 255;
              }
            }
          }
          red += r;
          green += g;
          blue += b;
        }
      }
      const at = 3 * (y * width + x);
      out[at] = red * scale;
      out[at + 1] = green * scale;
      out[at + 2] = blue * scale;
    }
  }
}

/** Light beyond 1 is clamped before the texture multiplies it, as the fixed-function pipeline does. */
function toByte(value: number): number {
  return value > 1 ? 255 : value * 255;
}

function preparePlane(
  buffers: RasterBuffers,
  drawables: readonly Drawable[],
  id: number,
  samples: number,
  plane: Plane,
): void {
  const { triangle, vertex } = buffers;
  const { screenX, screenY } = vertex;
  const [a, b, c] = [triangle.cornerA[id]!, triangle.cornerB[id]!, triangle.cornerC[id]!];
  const [x0, x1, x2] = [screenX[a]!, screenX[b]!, screenX[c]!];
  const [y0, y1, y2] = [screenY[a]!, screenY[b]!, screenY[c]!];
  const inverse = 1 / ((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0));
  plane.a = a;
  plane.b = b;
  plane.c = c;
  plane.originX = x2;
  plane.originY = y2;
  plane.weight0X = (y1 - y2) * inverse;
  plane.weight0Y = (x2 - x1) * inverse;
  plane.weight1X = (y2 - y0) * inverse;
  plane.weight1Y = (x0 - x2) * inverse;
  plane.drawable = drawables[triangle.drawable[id]!]!;
  const { texture } = plane.drawable;
  plane.texture = texture;
  if (texture !== null) {
    const { u, v, w } = vertex;
    const corner = (i: number): number[] => [u[i]!, v[i]!, w[i]!];
    const texels = texelArea(texture, corner(a), corner(b), corner(c));
    plane.level = levelFor(texture, texels * Math.abs(inverse) * samples);
  }
}
