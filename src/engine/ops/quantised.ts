/**
 * @file Products with weights in few bits. Channels: 8 bits, one scale per output; the activations are brought to 8 bits row by
 * row when they are met, and the product is one of whole numbers. Blocks: 4 or 8 bits, one scale per run of inputs.
 *
 * Axes: M rows, K inputs, N outputs, S blocks of a row.
 */

import { VlaError } from '../../base/errors.ts';
import { shapeText } from '../axis-size.ts';
import { apply, type TensorType, type Value } from '../graph.ts';
import { defineOp } from '../op.ts';

type NoAttributes = Readonly<Record<never, never>>;

/** The byte that stands for zero in a row. */
const ZERO = 128;
/** Steps from zero to the largest magnitude. */
const STEPS = 127;
/** A row of zeros is divided by this. */
const SMALLEST = Math.fround(1e-30);

function requireTypes(name: string, expected: string, holds: boolean, got: readonly TensorType[]): void {
  if (holds) return;
  const types = got.map((x) => `${x.dtype} ${shapeText(x.shape)}`).join(', ');
  throw new VlaError('bad-shape', `${name}: expected ${expected}, got ${types}.`);
}

const is = (x: TensorType | undefined, dtype: string, ...shape: readonly unknown[]): boolean =>
  x?.dtype === dtype && x.shape.length === shape.length && x.shape.every((dim, i) => dim === shape[i]);

/** To the nearest whole number, halves to the even one, as ONNX rounds. */
function roundEven(x: number): number {
  const whole = Math.floor(x);
  const rest = x - whole;
  if (rest !== 0.5) return Math.round(x);
  return whole % 2 === 0 ? whole : whole + 1;
}

/** The largest magnitude of K numbers from `at`, divided into 127 steps. */
function stepOf(data: ArrayLike<number>, at: number, K: number): number {
  let largest = 0;
  for (let k = at; k < at + K; k++) largest = Math.max(largest, Math.abs(data[k]!));
  return Math.max(Math.fround(largest * Math.fround(1 / STEPS)), SMALLEST);
}

export const quantiseRowsOp = defineOp<NoAttributes>({
  name: 'quantiseRows',
  infer(inputs) {
    const [x] = inputs;
    requireTypes('quantiseRows', 'f32 [M, K]', x!.dtype === 'f32' && x!.shape.length === 2, inputs);
    return [
      { dtype: 'u8', shape: x!.shape },
      { dtype: 'f32', shape: [x!.shape[0]!, 1] },
    ];
  },
  onnx(emit, { inputs: [x], outputs: [rows, scale], inputTypes: [type] }) {
    const M = type!.shape[0]!;
    const largest = emit.value('ReduceMax', [emit.value('Abs', [x!]), emit.integers([1])], { keepdims: 1 });
    const step = emit.value('Mul', [largest, emit.scalar(1 / STEPS, 'f32')]);
    emit.node('Max', [step, emit.scalar(SMALLEST, 'f32')], [scale!]);
    const zero =
      typeof M === 'number'
        ? emit.filled(ZERO, 'u8', [M])
        : emit.value('Expand', [emit.filled(ZERO, 'u8', [1]), emit.shape([M])]);
    emit.node('QuantizeLinear', [x!, emit.value('Reshape', [scale!, emit.integers([-1])]), zero], [rows!], { axis: 0 });
  },
  gradient: 'none',
  reference({ inputs: [x], outputs: [rows, scale] }) {
    const [M, K] = x!.shape as [number, number];
    for (let m = 0; m < M; m++) {
      const step = stepOf(x!.data, m * K, K);
      scale!.data[m] = step;
      for (let k = m * K; k < (m + 1) * K; k++) rows!.data[k] = ZERO + roundEven(Math.fround(x!.data[k]! / step));
    }
  },
});

export const channelProductOp = defineOp<NoAttributes>({
  name: 'channelProduct',
  infer(inputs) {
    const [rows, rowScale, matrix, scale] = inputs;
    const [M, K] = rows!.shape;
    const N = matrix!.shape[1];
    const fits = is(rows, 'u8', M, K) && is(rowScale, 'f32', M, 1) && is(matrix, 'i8', K, N) && is(scale, 'f32', N);
    requireTypes('channelProduct', 'u8 [M, K], f32 [M, 1], i8 [K, N] and f32 [N]', fits, inputs);
    return [{ dtype: 'f32', shape: [M!, N!] }];
  },
  onnx(emit, { inputs: [rows, rowScale, matrix, scale], outputs }) {
    const one = emit.scalar(1, 'f32');
    const inputs = [rows!, matrix!, one, scale!, emit.scalar(ZERO, 'u8')];
    emit.node('Mul', [emit.value('MatMulIntegerToFloat', inputs, {}, 'com.microsoft'), rowScale!], outputs);
  },
  gradient: 'none',
  reference({ inputs: [rows, rowScale, matrix, scale], outputs: [out] }) {
    const [M, N] = out!.shape as [number, number];
    const K = matrix!.shape[0]!;
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let k = 0; k < K; k++) sum += (rows!.data[m * K + k]! - ZERO) * matrix!.data[k * N + n]!;
        out!.data[m * N + n] = Math.fround(sum * scale!.data[n]!) * rowScale!.data[m]!;
      }
    }
  },
});

/** x [M, K] times a matrix of 8-bit numbers [K, N] with a scale per column: x [M, K] → [M, N]. Rows of x are quantised too. */
export function channelProduct(x: Value, matrix: Value, scale: Value): Value {
  const [rows, rowScale] = apply(quantiseRowsOp, [x], {});
  return apply(channelProductOp, [rows!, rowScale!, matrix, scale], {})[0]!;
}

export interface BlockAttributes {
  readonly bits: 4 | 8;
  /** Inputs that share a scale: 16, 32, 64 or 128. */
  readonly block: number;
}

export const blockProductOp = defineOp<BlockAttributes>({
  name: 'blockProduct',
  infer(inputs, { bits, block }) {
    const [x, blocks, scale] = inputs;
    const [M, K] = x!.shape;
    const N = blocks!.shape[0];
    const S = Math.ceil((K as number) / block);
    const fits = is(x, 'f32', M, K) && is(blocks, 'u8', N, S, (block * bits) / 8) && is(scale, 'f32', N, S);
    requireTypes('blockProduct', `f32 [M, K], u8 [N, K/${block}, ${(block * bits) / 8}] and f32 [N, S]`, fits, inputs);
    return [{ dtype: 'f32', shape: [M!, N!] }];
  },
  onnx(emit, { inputs, outputs, inputTypes: [x, blocks], attributes: { bits, block } }) {
    const attributes = { K: x!.shape[1] as number, N: blocks!.shape[0] as number, bits, block_size: block };
    emit.node('MatMulNBits', inputs, outputs, { ...attributes, accuracy_level: 4 }, 'com.microsoft');
  },
  gradient: 'none',
  reference({ inputs: [x, blocks, scale], outputs: [out], attributes: { bits, block } }) {
    const [M, N] = out!.shape as [number, number];
    const K = x!.shape[1]!;
    const S = scale!.shape[1]!;
    const perByte = 8 / bits;
    const half = 2 ** (bits - 1);
    const valueAt = (n: number, k: number): number => {
      const at = (n * S * block + k) / perByte;
      const byte = blocks!.data[Math.floor(at)]!;
      const level = bits === 8 ? byte : (byte >> (4 * (k % 2))) & 15;
      return (level - half) * scale!.data[n * S + Math.floor(k / block)]!;
    };
    for (let n = 0; n < N; n++) {
      const row = Float64Array.from({ length: K }, (_, k) => valueAt(n, k));
      for (let m = 0; m < M; m++) {
        let sum = 0;
        for (let k = 0; k < K; k++) sum += x!.data[m * K + k]! * row[k]!;
        out!.data[m * N + n] = sum;
      }
    }
  },
});

/** x [M, K] times a matrix in blocks, u8 [N, S, block · bits / 8] with scales [N, S], zero in the middle → [M, N]. */
export function blockProduct(x: Value, blocks: Value, scale: Value, attributes: BlockAttributes): Value {
  return apply(blockProductOp, [x, blocks, scale], attributes)[0]!;
}
