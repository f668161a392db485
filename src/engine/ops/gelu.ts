/** @file GELU (Hendrycks and Gimpel 2016), exact or with the tanh approximation. */

import { apply, type Value } from '../graph.ts';
import { isFloat } from '../host-array.ts';
import { defineOp } from '../op.ts';
import { VlaError } from '../../base/errors.ts';
import { add, mul, sub } from './binary.ts';
import { erfNumber } from './erf.ts';
import { erf, exp, sigmoid } from './unary.ts';

export interface GeluAttributes {
  /** `none`: x Φ(x). `tanh`: the approximation that GPT-2 and most vision towers use. */
  readonly approximate: 'tanh' | 'none';
}

/** √(2/π) and the cubic coefficient of the tanh form. */
const C = Math.sqrt(2 / Math.PI);
const A = 0.044715;

export const geluOp = defineOp<GeluAttributes>({
  name: 'gelu',
  infer([x]) {
    if (!isFloat(x!.dtype)) throw new VlaError('bad-shape', `gelu: expected floats, got ${x!.dtype}.`);
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  onnx(emit, { inputs, outputs, attributes }) {
    emit.node('Gelu', inputs, outputs, { approximate: attributes.approximate });
  },
  gradient({ inputs: [x], outputs: [y], gradients: [g], attributes }) {
    const square = mul(x!, x!);
    if (attributes.approximate === 'none') {
      // Φ(x) + x φ(x)
      const cdf = add(mul(erf(mul(x!, Math.SQRT1_2)), 0.5), 0.5);
      const density = mul(exp(mul(square, -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [mul(g!, add(cdf, mul(x!, density)))];
    }
    // ½(1 + tanh u) = sigmoid(2u) = s with 2u = 2C (x + A x³); the derivative is s + y (1 − s) (2u)'.
    const s = sigmoid(mul(x!, add(mul(square, 2 * C * A), 2 * C)));
    const inner = add(mul(square, 6 * C * A), 2 * C);
    return [mul(g!, add(s, mul(mul(y!, sub(1, s)), inner)))];
  },
  reference({ inputs: [x], outputs: [out], attributes }) {
    for (let i = 0; i < out!.data.length; i++) {
      const v = x!.data[i]!;
      const gate = attributes.approximate === 'tanh' ? Math.tanh(C * (v + A * v ** 3)) : erfNumber(v * Math.SQRT1_2);
      out!.data[i] = 0.5 * v * (1 + gate);
    }
  },
});

/** GELU. */
export function gelu(x: Value, attributes: GeluAttributes): Value {
  return apply(geluOp, [x], attributes)[0]!;
}
