/** @file Texture coordinates of shapes that have none of their own, as MuJoCo's classic renderer generates them. */

/** How a texture lies on a shape. */
export interface TextureLayout {
  /** Repeats along x and y. */
  readonly repeat: readonly [number, number];
  /** Repeats count per two metres instead of over the whole shape. */
  readonly uniform: boolean;
}

/**
 * A flat texture: a projection along the shape's own z axis, so the sides of a box show streaks. `half` are the shape's half sizes;
 * 0 = infinite. Two numbers per vertex. (The offsets were found by comparison with MuJoCo's pictures.)
 */
export function flatCoordinates(
  positions: Float32Array,
  half: ArrayLike<number>,
  { repeat, uniform }: TextureLayout,
): Float32Array {
  const scale = (k: 0 | 1): number => (0.5 * repeat[k]) / (uniform || half[k]! <= 0 ? 1 : half[k]!);
  const [scaleU, scaleV] = [scale(0), scale(1)];
  const out = new Float32Array((positions.length / 3) * 2);
  for (let i = 0; 2 * i < out.length; i++) {
    out[2 * i] = scaleU * positions[3 * i]! - 0.5;
    out[2 * i + 1] = -scaleV * positions[3 * i + 1]!;
  }
  return out;
}

/**
 * A cube map: the direction from the shape's centre, after the shape is scaled to unit size (primitives, unless uniform). Three numbers
 * per vertex.
 */
export function cubeCoordinates(
  positions: Float32Array,
  half: ArrayLike<number>,
  isMesh: boolean,
  { uniform }: TextureLayout,
): Float32Array {
  const scale = [0, 1, 2].map((k) => {
    const size = half[k]! > 0 ? half[k]! : half[0]!;
    if (isMesh) return uniform ? size : 1;
    return uniform ? 1 : 1 / size;
  });
  return positions.map((value, i) => value * scale[i % 3]!);
}
