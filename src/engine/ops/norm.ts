/** @file Layer normalisation (Ba et al. 2016) and root-mean-square normalisation (Zhang and Sennrich 2019), over the last axis. */

import { VlaError } from '../../base/errors.ts';
import { shapeText, sizeOf } from '../axis-size.ts';
import { apply, constant, type TensorType, type Value } from '../graph.ts';
import { defineOp, sameDtype, type GradientCall, type LoweringCall } from '../op.ts';
import { float, type Emitter, type OnnxAttribute } from '../onnx/emitter.ts';
import { ONNX_TYPES } from '../onnx/types.ts';
import { div, mul, sub } from './binary.ts';
import { matmul } from './matmul.ts';
import { dimSize, lastAxis, reduceSum, rowShape } from './reduce.ts';
import { expand, reshape } from './shape.ts';

export interface NormAttributes {
  /** Added to the variance (or mean square) before the root. */
  readonly epsilon: number;
}

function check(name: string, [x, ...parameters]: readonly TensorType[]): void {
  sameDtype(name, [x!, ...parameters]);
  const width = x!.shape[lastAxis(name, x!)];
  for (const p of parameters) {
    if (p.shape.length !== 1 || p.shape[0] !== width) {
      throw new VlaError('bad-shape', `${name}: expected parameters [${width}], got ${shapeText(p.shape)}.`);
    }
  }
}

/** Σ x w / D of each row: x [..., D], w [D] → [..., 1]. */
function weightedMean(x: Value, weight: Value): Value {
  const width = x.shape.at(-1)!;
  const column = reshape(div(weight, dimSize(width, x.dtype)), [width, 1]);
  return reshape(matmul(reshape(x, [sizeOf(x.shape.slice(0, -1)), width]), column), rowShape(x.shape));
}

/** Σ over all rows of each column: x [..., D] → [D]. */
function columnSums(x: Value): Value {
  return reduceSum(
    x,
    x.shape.slice(0, -1).map((_, i) => i),
  );
}

/** Writes the node; its statistics are float32 whatever the element type, so they are cast to what the record says. */
function writeNorm(
  emit: Emitter,
  type: 'LayerNormalization' | 'SimplifiedLayerNormalization',
  { inputs, outputs, outputTypes }: LoweringCall<NormAttributes>,
  attributes: Readonly<Record<string, OnnxAttribute>>,
): void {
  const { dtype } = outputTypes[0]!;
  if (dtype === 'f32') return emit.node(type, inputs, outputs, attributes);
  const [y, ...statistics] = outputs;
  const wide = statistics.map(() => emit.fresh());
  emit.node(type, inputs, [y!, ...wide], attributes);
  for (const [i, name] of statistics.entries()) emit.node('Cast', [wide[i]!], [name], { to: ONNX_TYPES[dtype] });
}

export const layerNormOp = defineOp<NormAttributes>({
  name: 'layerNorm',
  infer(inputs) {
    check('layerNorm', inputs);
    const [x] = inputs;
    const row = { dtype: x!.dtype, shape: rowShape(x!.shape) };
    // y, mean, 1 / √(variance + ε)
    return [{ dtype: x!.dtype, shape: x!.shape }, row, row];
  },
  onnx(emit, call) {
    const { epsilon } = call.attributes;
    writeNorm(emit, 'LayerNormalization', call, { axis: -1, epsilon: float(epsilon) });
  },
  gradient({ inputs: [x, weight, bias], outputs: [, mean, inverse], gradients: [g] }: GradientCall<NormAttributes>) {
    // With n the normalised x and p = g n: dx = (g w − mean(g w) − n mean(p w)) / deviation; the means are matrix products.
    const normal = mul(sub(x!, mean!), inverse!);
    const product = mul(g!, normal);
    const centred = sub(sub(mul(g!, weight!), mul(normal, weightedMean(product, weight!))), weightedMean(g!, weight!));
    const toX = mul(centred, inverse!);
    const toWeight = columnSums(product);
    return bias === undefined ? [toX, toWeight] : [toX, toWeight, columnSums(g!)];
  },
  reference({ inputs: [x, weight, bias], outputs: [out, means, inverses], attributes: { epsilon } }) {
    const width = x!.shape.at(-1)!;
    for (let row = 0; row < means!.data.length; row++) {
      const values = Float64Array.from(x!.data.subarray(row * width, (row + 1) * width));
      const mean = values.reduce((a, b) => a + b, 0) / width;
      const inverse = 1 / Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / width + epsilon);
      means!.data[row] = mean;
      inverses!.data[row] = inverse;
      for (let i = 0; i < width; i++) {
        out!.data[row * width + i] = (values[i]! - mean) * inverse * weight!.data[i]! + (bias?.data[i] ?? 0);
      }
    }
  },
});

/** (x − mean) / √(variance + epsilon) · weight + bias over the last axis; weight and bias [D], or null for 1 and 0. */
export function layerNorm(x: Value, weight: Value | null, bias: Value | null, epsilon: number): Value {
  const width = x.shape.slice(-1);
  const scale = weight ?? expand(constant(1, x.dtype), width);
  return apply(layerNormOp, bias === null ? [x, scale] : [x, scale, bias], { epsilon })[0]!;
}

export const rmsNormOp = defineOp<NormAttributes>({
  name: 'rmsNorm',
  infer(inputs) {
    check('rmsNorm', inputs);
    const [x] = inputs;
    // y, 1 / √(mean square + ε)
    return [
      { dtype: x!.dtype, shape: x!.shape },
      { dtype: x!.dtype, shape: rowShape(x!.shape) },
    ];
  },
  onnx(emit, call) {
    const { epsilon } = call.attributes;
    writeNorm(emit, 'SimplifiedLayerNormalization', call, { axis: -1, epsilon: float(epsilon), stash_type: 1 });
  },
  gradient({ inputs: [x, weight], outputs: [, inverse], gradients: [g] }: GradientCall<NormAttributes>) {
    // With p = g x: dx = r (g w − x r² mean(p w)), and dw = Σ over rows of r p, which is a product of matrices.
    const product = mul(g!, x!);
    const shift = mul(weightedMean(product, weight!), mul(inverse!, inverse!));
    const toX = mul(sub(mul(g!, weight!), mul(x!, shift)), inverse!);
    const width = x!.shape.at(-1)!;
    const rows = sizeOf(x!.shape.slice(0, -1));
    const toWeight = matmul(reshape(inverse!, [1, rows]), reshape(product, [rows, width]));
    return [toX, reshape(toWeight, [width])];
  },
  reference({ inputs: [x, weight], outputs: [out, inverses], attributes: { epsilon } }) {
    const width = x!.shape.at(-1)!;
    for (let row = 0; row < inverses!.data.length; row++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += x!.data[row * width + i]! ** 2;
      const inverse = 1 / Math.sqrt(sum / width + epsilon);
      inverses!.data[row] = inverse;
      for (let i = 0; i < width; i++)
        out!.data[row * width + i] = x!.data[row * width + i]! * inverse * weight!.data[i]!;
    }
  },
});

/** x / √(mean(x²) + epsilon) · weight over the last axis; weight [D]. */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
  return apply(rmsNormOp, [x, weight], { epsilon })[0]!;
}
