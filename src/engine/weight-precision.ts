/** @file How large matrices are held: which precision means which layout on which runtime, and the numbers themselves. */

import { VlaError } from '../base/errors.ts';
import { fromHalf } from '../base/half.ts';
import type { DType, Tensor } from '../base/tensor.ts';
import type { Runtime, WeightPrecision } from './session-types.ts';

/**
 * How a matrix [N, K] lies in few bits. `channels`: i8 [K, N] and a scale per output. `blocks`: u8 [N, K / block,
 * block · bits / 8] and a scale per block, zero in the middle of the range.
 */
export type WeightLayout =
  | { readonly kind: 'channels' }
  | { readonly kind: 'blocks'; readonly bits: 4 | 8; readonly block: number };

/**
 * The layout of a precision. On the processor a product of whole numbers with one scale per channel is more than twice as fast as
 * one with blocks; graphics cards have kernels for blocks only.
 */
export function layoutOf(precision: Exclude<WeightPrecision, 'f32'>, runtime: Runtime): WeightLayout {
  if (precision === 'int4') return { kind: 'blocks', bits: 4, block: 32 };
  return runtime === 'webgpu' ? { kind: 'blocks', bits: 8, block: 32 } : { kind: 'channels' };
}

/** Element type and shape of the two tensors that stand for a matrix [N, K]. */
export function layoutTypes(layout: WeightLayout, [N, K]: readonly [number, number]) {
  if (layout.kind === 'channels') {
    return { matrix: { dtype: 'i8', shape: [K, N] }, scale: { dtype: 'f32', shape: [N] } } as const;
  }
  const blocks = Math.ceil(K / layout.block);
  return {
    matrix: { dtype: 'u8', shape: [N, blocks, (layout.block * layout.bits) / 8] },
    scale: { dtype: 'f32', shape: [N, blocks] },
  } as const;
}

/** A matrix in few bits under construction: `matrix` and `scale` are filled by `quantiseRange`. */
export interface QuantisedMatrix {
  readonly layout: WeightLayout;
  readonly shape: readonly [N: number, K: number];
  readonly matrix: Int8Array | Uint8Array;
  readonly scale: Float32Array;
}

/** An empty matrix [N, K]. */
export function emptyMatrix(layout: WeightLayout, shape: readonly [number, number]): QuantisedMatrix {
  const { matrix, scale } = layoutTypes(layout, shape);
  const bytes = matrix.shape.reduce((a, b) => a * b, 1);
  return {
    layout,
    shape,
    matrix: matrix.dtype === 'i8' ? new Int8Array(bytes) : new Uint8Array(bytes),
    scale: new Float32Array(scale.shape.reduce((a: number, b) => a * b, 1)),
  };
}

/** Fills the rows of outputs [first, first + count) from their numbers in the order of the checkpoint, [count, K]. */
export function quantiseRange(target: QuantisedMatrix, first: number, rows: Float32Array): void {
  if (target.layout.kind === 'channels') quantiseChannels(target, first, rows);
  else quantiseBlocks(target, target.layout, first, rows);
}

/** A whole matrix in memory. */
export function quantiseMatrix(layout: WeightLayout, content: Tensor): QuantisedMatrix {
  const target = emptyMatrix(layout, content.shape as readonly [number, number]);
  quantiseRange(target, 0, floatsOf(content.dtype, content.data));
  return target;
}

/** Numbers of a float type as float32; float32 itself is not copied. */
export function floatsOf(dtype: DType, data: Tensor['data']): Float32Array {
  if (dtype === 'f32') return data as Float32Array;
  if (dtype === 'bf16') {
    const words = Uint32Array.from(data as Uint16Array);
    for (let i = 0; i < words.length; i++) words[i] = words[i]! << 16;
    return new Float32Array(words.buffer);
  }
  if (dtype === 'f16') return Float32Array.from(data as Uint16Array, fromHalf);
  if (dtype === 'f64') return Float32Array.from(data as Float64Array);
  throw new VlaError('unsupported', `weights: expected floats to bring to fewer bits, got ${dtype}.`);
}

function largest(rows: Float32Array, from: number, to: number): number {
  let max = 0;
  for (let i = from; i < to; i++) {
    const size = Math.abs(rows[i]!);
    if (size > max) max = size;
  }
  return max;
}

/** Outputs that are turned together: their bytes lie side by side in the target. */
const STRIP = 16;

function quantiseChannels({ shape: [N, K], matrix, scale }: QuantisedMatrix, first: number, rows: Float32Array): void {
  const count = rows.length / K;
  const inverse = new Float32Array(count);
  for (let n = 0; n < count; n++) {
    const max = largest(rows, n * K, (n + 1) * K);
    scale[first + n] = max / 127;
    inverse[n] = max === 0 ? 0 : 127 / max;
  }
  for (let from = 0; from < count; from += STRIP) {
    const to = Math.min(count, from + STRIP);
    for (let k = 0; k < K; k++) {
      const at = k * N + first;
      // Truncation of a positive number rounds halves up.
      for (let n = from; n < to; n++) matrix[at + n] = ((rows[n * K + k]! * inverse[n]! + 127.5) | 0) - 127;
    }
  }
}

function quantiseBlocks(
  { shape: [, K], matrix, scale }: QuantisedMatrix,
  { bits, block }: Extract<WeightLayout, { kind: 'blocks' }>,
  first: number,
  rows: Float32Array,
): void {
  const blocks = Math.ceil(K / block);
  const bytes = (block * bits) / 8;
  const half = 2 ** (bits - 1);
  for (let n = 0; n < rows.length / K; n++) {
    for (let s = 0; s < blocks; s++) {
      const from = n * K + s * block;
      const to = Math.min((n + 1) * K, from + block);
      const peak = signedPeak(rows, from, to);
      // The largest number lies on the end of the range that has one step more.
      const step = -peak / half;
      const inverse = peak === 0 ? 0 : 1 / step;
      const at = (first + n) * blocks + s;
      scale[at] = step;
      for (let i = 0; i < block; i++) {
        const value = from + i < to ? rows[from + i]! : 0;
        const level = Math.min(2 * half - 1, Math.floor(value * inverse + half + 0.5));
        if (bits === 8) matrix[at * bytes + i] = level;
        else matrix[at * bytes + (i >> 1)]! |= level << (4 * (i & 1));
      }
    }
  }
}

/** The number of the largest magnitude. */
function signedPeak(rows: Float32Array, from: number, to: number): number {
  let peak = 0;
  for (let i = from; i < to; i++) if (Math.abs(rows[i]!) > Math.abs(peak)) peak = rows[i]!;
  return peak;
}
