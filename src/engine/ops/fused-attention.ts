/**
 * @file Attention in one kernel of ONNX Runtime, for graphs that need no attention weights: without a mask in blocks that stay in the
 * cache (Dao et al. 2022), with a mask as ONNX's own operator. The pass `fuse-attention` puts them in.
 */

import { VlaError } from '../../base/errors.ts';
import { divideDims, shapeText, type Dim } from '../axis-size.ts';
import { apply, type TensorType, type Value } from '../graph.ts';
import { hostArray, type HostArray } from '../host-array.ts';
import { defineOp } from '../op.ts';
import { float } from '../onnx/emitter.ts';
import { attentionOp, type AttentionAttributes } from './attention.ts';

export interface HeadsAttentionAttributes extends AttentionAttributes {
  readonly heads: number;
}

function fail(name: string, expected: string, inputs: readonly TensorType[]): never {
  const got = inputs.map((x) => shapeText(x.shape)).join(', ');
  throw new VlaError('bad-shape', `${name}: expected ${expected}, got ${got}.`);
}

export const headsAttentionOp = defineOp<HeadsAttentionAttributes>({
  name: 'headsAttention',
  infer(inputs, { heads }) {
    const [q, k, v] = inputs;
    const [b, t, width] = q!.shape;
    const fits =
      inputs.every((x) => x.dtype === 'f32' && x.shape.length === 3 && x.shape[0] === b) &&
      k!.shape[2] === width &&
      v!.shape[1] === k!.shape[1] &&
      [width, v!.shape[2]].every((size) => divideDims(size!, heads) !== undefined);
    if (!fits) fail('headsAttention', 'f32 q [B, T, H·d], k [B, S, H·d] and v [B, S, H·e]', inputs);
    return [{ dtype: 'f32', shape: [b!, t!, v!.shape[2]!] }];
  },
  onnx(emit, { inputs, outputs, attributes: { heads, scale } }) {
    emit.node('MultiHeadAttention', inputs, outputs, { num_heads: heads, scale: float(scale) }, 'com.microsoft');
  },
  gradient: 'none',
  reference({ inputs, outputs: [out], attributes: { heads, scale }, size }) {
    const [q, k, v] = inputs.map((x) => swapped(x, heads)) as [HostArray, HostArray, HostArray];
    const [b, h, t] = q.shape as [number, number, number];
    const mixed = hostArray('f32', [b, h, t, v.shape[3]!], 'f64');
    const weights = hostArray('f32', [b, h, t, k.shape[2]!], 'f64');
    attentionOp.reference({ inputs: [q, k, v], outputs: [mixed, weights], attributes: { scale }, size });
    copyRows(mixed, out!, [b, h, t, v.shape[3]!]);
  },
});

/** [B, T, H·d] → [B, H, T, d]. */
function swapped(x: HostArray, heads: number): HostArray {
  const [b, t, width] = x.shape as [number, number, number];
  const result = hostArray(x.dtype, [b, heads, t, width / heads], 'f64');
  copyRows(x, result, [b, t, heads, width / heads]);
  return result;
}

/** Copies [A, I, J, d] to [A, J, I, d], by the shape of the source. */
function copyRows(from: HostArray, to: HostArray, [A, I, J, d]: readonly [number, number, number, number]): void {
  for (let a = 0; a < A; a++)
    for (let i = 0; i < I; i++)
      for (let j = 0; j < J; j++)
        for (let c = 0; c < d; c++) to.data[((a * J + j) * I + i) * d + c] = from.data[((a * I + i) * J + j) * d + c]!;
}

/** softmax(scale · q kᵀ) v for each of `heads` parts of the width: q [B, T, H·d], k [B, S, H·d], v [B, S, H·e] → [B, T, H·e]. */
export function headsAttention(q: Value, k: Value, v: Value, attributes: HeadsAttentionAttributes): Value {
  return apply(headsAttentionOp, [q, k, v], attributes)[0]!;
}

export const maskedAttentionOp = defineOp<AttentionAttributes>({
  name: 'maskedAttention',
  infer(inputs, attributes) {
    const [out, weights] = attentionOp.infer(inputs, attributes) as [TensorType, TensorType];
    const whole = (weights.shape as Dim[]).slice(-2).join();
    if (inputs.length !== 4 || inputs[3]!.shape.slice(-2).join() !== whole || out.dtype !== 'f32') {
      fail('maskedAttention', 'f32 and a mask that ends in [T, S]', inputs);
    }
    return [out];
  },
  onnx(emit, { inputs, outputs, attributes: { scale } }) {
    emit.node('Attention', inputs, outputs, { scale: float(scale) });
  },
  gradient: 'none',
  reference({ inputs, outputs: [out], attributes, size }) {
    const [b, h, t] = inputs[0]!.shape as [number, number, number];
    const weights = hostArray('f32', [b, h, t, inputs[1]!.shape[2]!], 'f64');
    attentionOp.reference({ inputs, outputs: [out!, weights], attributes, size });
  },
});

/** As `attention`, with a mask whose last two axes are those of the scores. */
export function maskedAttention(q: Value, k: Value, v: Value, mask: Value, attributes: AttentionAttributes): Value {
  return apply(maskedAttentionOp, [q, k, v, mask], attributes)[0]!;
}
