/** @file Matrix products: batched with transposes (matmul) and plain 2-D with a bias (gemm, under linear). */

import { VlaError } from '../../base/errors.ts';
import { broadcastShapes, shapeText, sizeOf, type Dim } from '../axis-size.ts';
import { apply, type Value } from '../graph.ts';
import { defineOp, sameDtype, type ReferenceCall } from '../op.ts';
import { float } from '../onnx/emitter.ts';
import { broadcastStrides, forEachPosition, sumTo } from './broadcast.ts';
import { reduceSum } from './reduce.ts';
import { reshape } from './shape.ts';

export interface MatmulAttributes {
  /** Read the last two axes of `a` swapped. */
  readonly transA: boolean;
  /** Read the last two axes of `b` swapped. */
  readonly transB: boolean;
  /** The product is multiplied by this number. */
  readonly alpha: number;
}

/** [rows, columns] of a matrix after its optional transposition. */
function matrix(shape: readonly Dim[], swapped: boolean): readonly [Dim, Dim] {
  const [rows, columns] = shape.slice(-2) as [Dim, Dim];
  return swapped ? [columns, rows] : [rows, columns];
}

export const matmulOp = defineOp<MatmulAttributes>({
  name: 'matmul',
  infer([a, b], { transA, transB }) {
    sameDtype('matmul', [a!, b!]);
    if (a!.shape.length >= 2 && b!.shape.length >= 2) {
      const [m, k] = matrix(a!.shape, transA);
      const [k2, n] = matrix(b!.shape, transB);
      const batch = broadcastShapes('matmul', a!.shape.slice(0, -2), b!.shape.slice(0, -2));
      if (k === k2) return [{ dtype: a!.dtype, shape: [...batch, m, n] }];
    }
    throw new VlaError(
      'bad-shape',
      `matmul: expected matrices that fit, got ${shapeText(a!.shape)}${transA ? 'ᵀ' : ''} and ${shapeText(b!.shape)}${transB ? 'ᵀ' : ''}.`,
    );
  },
  onnx(emit, { inputs, outputs, attributes: { transA, transB, alpha } }) {
    if (!transA && !transB && alpha === 1) return emit.node('MatMul', inputs, outputs);
    const attributes = { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: float(alpha) };
    emit.node('FusedMatMul', inputs, outputs, attributes, 'com.microsoft');
  },
  gradient({ inputs: [a, b], gradients: [g], attributes: { transA, transB, alpha } }) {
    // y = α A' B' with A' = A or Aᵀ: dA' = α g B'ᵀ and dB' = α A'ᵀ g, written so that no transpose is left.
    const toA = transA
      ? matmul(b!, g!, { transA: transB, transB: true, alpha })
      : matmul(g!, b!, { transB: !transB, alpha });
    const toB = transB
      ? matmul(g!, a!, { transA: true, transB: transA, alpha })
      : matmul(a!, g!, { transA: !transA, alpha });
    return [sumTo(toA, a!.shape), sumTo(toB, b!.shape)];
  },
  reference({ inputs: [a, b], outputs: [out], attributes }: ReferenceCall<MatmulAttributes>) {
    const [m, n] = out!.shape.slice(-2) as [number, number];
    const [, k] = matrix(a!.shape, attributes.transA) as [number, number];
    const [rowA, stepA] = attributes.transA ? [1, m] : [k, 1];
    const [stepB, columnB] = attributes.transB ? [1, k] : [n, 1];
    const batch = out!.shape.slice(0, -2);
    const strides = [
      broadcastStrides(a!.shape.slice(0, -2), batch).map((stride) => stride * m * k),
      broadcastStrides(b!.shape.slice(0, -2), batch).map((stride) => stride * k * n),
    ];
    forEachPosition(batch, strides, (at, [atA, atB]) => {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let p = 0; p < k; p++) {
            sum += a!.data[atA! + i * rowA + p * stepA]! * b!.data[atB! + p * stepB + j * columnB]!;
          }
          out!.data[(at * m + i) * n + j] = attributes.alpha * sum;
        }
      }
    });
  },
});

/** alpha · a @ b over the last two axes, with broadcast batch axes; `transA` and `transB` read a matrix transposed. */
export function matmul(a: Value, b: Value, options: Partial<MatmulAttributes> = {}): Value {
  const { transA = false, transB = false, alpha = 1 } = options;
  return apply(matmulOp, [a, b], { transA, transB, alpha })[0]!;
}

export interface GemmAttributes {
  readonly transA: boolean;
  readonly transB: boolean;
}

export const gemmOp = defineOp<GemmAttributes>({
  name: 'gemm',
  infer([a, b, c], { transA, transB }) {
    sameDtype('gemm', [a!, b!]);
    const [m, k] = matrix(a!.shape, transA);
    const [k2, n] = matrix(b!.shape, transB);
    if (a!.shape.length !== 2 || b!.shape.length !== 2 || k !== k2 || (c !== undefined && c.shape.join() !== `${n}`)) {
      const shapes = [a!, b!, ...(c === undefined ? [] : [c])].map((x) => shapeText(x.shape)).join(', ');
      throw new VlaError('bad-shape', `gemm: expected matrices and a bias that fit, got ${shapes}.`);
    }
    return [{ dtype: a!.dtype, shape: [m, n] }];
  },
  onnx(emit, { inputs, outputs, attributes: { transA, transB } }) {
    emit.node('Gemm', inputs, outputs, { transA: transA ? 1 : 0, transB: transB ? 1 : 0 });
  },
  gradient({ inputs: [a, b, c], gradients: [g], attributes: { transA, transB } }) {
    const toA = transA ? gemm(b!, g!, { transA: transB, transB: true }) : gemm(g!, b!, { transB: !transB });
    const toB = transB ? gemm(g!, a!, { transA: true, transB: transA }) : gemm(a!, g!, { transA: !transA });
    return c === undefined ? [toA, toB] : [toA, toB, reduceSum(g!, [0])];
  },
  reference({ inputs: [a, b, c], outputs, attributes, size }) {
    matmulOp.reference({ inputs: [a!, b!], outputs, attributes: { ...attributes, alpha: 1 }, size });
    const [out] = outputs;
    const n = out!.shape[1]!;
    if (c !== undefined) for (let i = 0; i < out!.data.length; i++) out!.data[i]! += c.data[i % n]!;
  },
});

function gemm(a: Value, b: Value, options: Partial<GemmAttributes>, bias?: Value): Value {
  const { transA = false, transB = false } = options;
  return apply(gemmOp, bias === undefined ? [a, b] : [a, b, bias], { transA, transB })[0]!;
}

/** x @ weightᵀ + bias over the last axis: x [..., in], weight [out, in] (the layout of PyTorch's checkpoints), bias [out]. */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const [out, width] = weight.shape;
  if (weight.shape.length !== 2 || x.shape.length === 0 || x.shape.at(-1) !== width) {
    throw new VlaError(
      'bad-shape',
      `linear: expected x [..., in] and weight [out, in], got ${shapeText(x.shape)} and ${shapeText(weight.shape)}.`,
    );
  }
  const lead = x.shape.slice(0, -1);
  const y = gemm(reshape(x, [sizeOf(lead), width!]), weight, { transB: true }, bias);
  return reshape(y, [...lead, out!]);
}
