/** @file Scaled dot-product attention (Vaswani et al. 2017, equation 1) with grouped queries, a mask and a lean gradient. */

import { VlaError } from '../../base/errors.ts';
import { broadcastShapes, divideDims, multiplyDims, shapeText, type Dim } from '../axis-size.ts';
import { apply, type TensorType, type Value } from '../graph.ts';
import type { HostArray } from '../host-array.ts';
import { defineOp, sameDtype, type GradientCall } from '../op.ts';
import { float } from '../onnx/emitter.ts';
import { mul, sub } from './binary.ts';
import { broadcastStrides, forEachPosition, sumTo } from './broadcast.ts';
import { matmul } from './matmul.ts';
import { reduceSum } from './reduce.ts';
import { reshape } from './shape.ts';

export interface AttentionAttributes {
  /** The products of queries and keys are multiplied by this; usually 1/√d. */
  readonly scale: number;
}

function fail(inputs: readonly TensorType[]): never {
  throw new VlaError(
    'bad-shape',
    'attention: expected q [B, H, T, d], k [B, G, S, d], v [B, G, S, e] with H a multiple of G, and a mask that broadcasts to ' +
      `[B, H, T, S], got ${inputs.map((x) => shapeText(x.shape)).join(', ')}.`,
  );
}

/** Queries of the heads that share one key head lie side by side: [B, H, T, …] is [B, G, (H/G)·T, …] in memory. */
function grouped(shape: readonly Dim[], groups: Dim): Dim[] {
  const perGroup = divideDims(shape[1]!, groups)!;
  return [shape[0]!, groups, multiplyDims(perGroup, shape[2]!), shape[3]!];
}

export const attentionOp = defineOp<AttentionAttributes>({
  name: 'attention',
  infer(inputs) {
    const [q, k, v, mask] = inputs;
    if (q!.shape.length !== 4 || k!.shape.length !== 4 || v!.shape.length !== 4) fail(inputs);
    sameDtype('attention', inputs);
    const [b, h, t, d] = q!.shape as [Dim, Dim, Dim, Dim];
    const [kb, g, s, kd] = k!.shape as [Dim, Dim, Dim, Dim];
    const fits = kb === b && kd === d && v!.shape.slice(0, 3).join() === [b, g, s].join();
    if (!fits || divideDims(h, g) === undefined) fail(inputs);
    const scores: Dim[] = [b, h, t, s];
    if (mask !== undefined && broadcastShapes('attention mask', mask.shape, scores).join() !== scores.join())
      fail(inputs);
    // The second output is the attention weights.
    return [
      { dtype: q!.dtype, shape: [b, h, t, v!.shape[3]!] },
      { dtype: q!.dtype, shape: scores },
    ];
  },
  onnx(emit, { inputs: [q, k, v, mask], outputs: [out, weights], inputTypes, outputTypes, attributes: { scale } }) {
    const [qType, kType] = inputTypes as [TensorType, TensorType];
    const [outType, weightsType] = outputTypes as [TensorType, TensorType];
    const groups = kType.shape[1]!;
    const plain = groups === qType.shape[1];
    const regroup = (name: string, shape: readonly Dim[]): string =>
      plain ? name : emit.value('Reshape', [name, emit.shape(grouped(shape, groups))]);
    const attributes = { transB: 1, alpha: float(scale) };
    let scores = emit.value('FusedMatMul', [regroup(q!, qType.shape), k!], attributes, 'com.microsoft');
    if (!plain) scores = emit.value('Reshape', [scores, emit.shape(weightsType.shape)]);
    if (mask !== undefined) scores = emit.value('Add', [scores, mask]);
    emit.node('Softmax', [scores], [weights!], { axis: -1 });
    if (plain) return emit.node('MatMul', [weights!, v!], [out!]);
    const mixed = emit.value('MatMul', [regroup(weights!, weightsType.shape), v!]);
    emit.node('Reshape', [mixed, emit.shape(outType.shape)], [out!]);
  },
  gradient({
    inputs,
    outputs: [out, weights],
    gradients: [g, second],
    attributes: { scale },
  }: GradientCall<AttentionAttributes>) {
    const [q, k, v, mask] = inputs;
    if (second != null) {
      throw new VlaError('unsupported', 'attention: no gradient flows through the attention weights.', {
        hint: 'Write it with matmul and softmax.',
      });
    }
    const groups = k!.shape[1]!;
    const fold = (x: Value): Value => reshape(x, grouped(x.shape, groups));
    // Σⱼ dPᵢⱼ Pᵢⱼ = Σ dOᵢ Oᵢ (Dao et al. 2022, section 3.1): the sum runs over d entries instead of S.
    const sums = reduceSum(mul(g!, out!), [-1], { keepDims: true });
    const toWeights = reshape(matmul(fold(g!), v!, { transB: true }), weights!.shape);
    const toScores = mul(sub(toWeights, sums), weights!);
    const toQ = reshape(matmul(fold(toScores), k!, { alpha: scale }), q!.shape);
    const toK = matmul(fold(toScores), fold(q!), { transA: true, alpha: scale });
    const toV = matmul(fold(weights!), fold(g!), { transA: true });
    return mask === undefined ? [toQ, toK, toV] : [toQ, toK, toV, sumTo(toScores, mask.shape)];
  },
  reference({ inputs: [q, k, v, mask], outputs: [out, weights], attributes: { scale } }) {
    const [, heads, length, d] = q!.shape as [number, number, number, number];
    const [, groups, keys, width] = v!.shape as [number, number, number, number];
    const shifts = maskValues(mask, weights!.shape);
    for (let row = 0; row < weights!.data.length / keys; row++) {
      const head = Math.floor(row / length);
      const group = Math.floor(head / heads) * groups + Math.floor(((head % heads) * groups) / heads);
      const scores = Float64Array.from({ length: keys }, (_, s) => {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += q!.data[row * d + i]! * k!.data[(group * keys + s) * d + i]!;
        return sum * scale + (shifts?.[row * keys + s] ?? 0);
      });
      const max = scores.reduce((a, b) => Math.max(a, b), -Infinity);
      const total = scores.reduce((sum, score) => sum + Math.exp(score - max), 0);
      const mixed = new Float64Array(width);
      for (let s = 0; s < keys; s++) {
        const weight = Math.exp(scores[s]! - max) / total;
        weights!.data[row * keys + s] = weight;
        for (let i = 0; i < width; i++) mixed[i]! += weight * v!.data[(group * keys + s) * width + i]!;
      }
      out!.data.set(mixed, row * width);
    }
  },
});

function maskValues(mask: HostArray | undefined, shape: readonly number[]): Float64Array | undefined {
  if (mask === undefined) return undefined;
  const values = new Float64Array(shape.reduce((a, b) => a * b, 1));
  forEachPosition(shape, [broadcastStrides(mask.shape, shape)], (at, [from]) => (values[at] = mask.data[from!]!));
  return values;
}

/**
 * softmax(scale · q kᵀ + mask) v: q [B, H, T, d], k [B, G, S, d] and v [B, G, S, e], where each of the G key heads serves H/G
 * neighbouring query heads → [B, H, T, e]. The mask is added and broadcasts to [B, H, T, S]: 0 where a query may look, a large
 * negative but finite number (−1e9) where not, so that a row without any key stays finite.
 */
export function attention(q: Value, k: Value, v: Value, mask: Value | null, options: AttentionAttributes): Value {
  return apply(attentionOp, mask === null ? [q, k, v] : [q, k, v, mask], options)[0]!;
}
