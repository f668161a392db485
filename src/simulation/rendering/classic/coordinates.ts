/** @file Texture coordinates, by the rules of MuJoCo's classic renderer (settexture in render_gl3.c). */

import type { Shape } from './shapes.ts';

/** How a texture lies on a thing. */
export interface TextureRule {
  /** Half sizes, as the unit shape is scaled by them; of a mesh those of its box. */
  readonly size: readonly [number, number, number];
  /** Planes and meshes are made in metres; all others are unit shapes. */
  readonly kind: 'mesh' | 'plane' | 'unit';
  /** Repeats along the two directions. */
  readonly repeat: readonly [number, number];
  /** Repeats count per two metres instead of over the whole thing. */
  readonly uniform: boolean;
  /** Whether primitives have their own coordinates or generated ones, as meshes without coordinates have. */
  readonly primitives: 'own' | 'generated';
}

/**
 * Per vertex two numbers for a flat texture, three for a cube map. Null where MuJoCo shows no texture: a cube map on a mesh that has flat
 * coordinates.
 */
export function coordinatesFor(
  texture: 'flat' | 'cube',
  { geometry, object }: Shape,
  rule: TextureRule,
): Float32Array | null {
  const { uvs } = geometry;
  const isMesh = rule.kind === 'mesh';
  if (texture === 'cube') return isMesh && uvs !== null ? null : directions(object, rule);
  return uvs !== null && (isMesh || rule.primitives === 'own') ? scaled(uvs, rule) : projected(object, rule);
}

function scaled(uvs: Float32Array, { size, repeat, uniform, kind }: TextureRule): Float32Array {
  const factor = (k: 0 | 1): number => (repeat[k] > 0 ? repeat[k] : 1) * (uniform && size[k] > 0 ? size[k] : 1);
  const factors = [factor(0), factor(1)];
  const shift = kind === 'plane' && (size[0] <= 0 || size[1] <= 0) ? 0.5 : 0;
  return uvs.map((value, i) => value * factors[i & 1]! - shift);
}

/** A projection along the thing's z axis. */
function projected(object: Float32Array, { size, repeat, uniform, kind }: TextureRule): Float32Array {
  const factor = (k: 0 | 1): number => {
    const half = size[k] > 0 ? size[k] : 1;
    return 0.5 * repeat[k] * (kind === 'unit' ? 1 : 1 / half) * (uniform ? half : 1);
  };
  const [u, v] = [factor(0), factor(1)];
  const out = new Float32Array((object.length / 3) * 2);
  for (let i = 0; 2 * i < out.length; i++) {
    out[2 * i] = u * object[3 * i]! - 0.5;
    out[2 * i + 1] = -v * object[3 * i + 1]! - 0.5;
  }
  return out;
}

/** The direction from the thing's middle. */
function directions(object: Float32Array, { size, uniform }: TextureRule): Float32Array {
  return object.map((value, i) => value * (uniform ? size[i % 3]! : 1));
}
