/** @file Conversion of element types, and values without a gradient. */

import type { DType } from '../../base/tensor.ts';
import { apply, type Value } from '../graph.ts';
import { isFloat } from '../host-array.ts';
import { defineOp } from '../op.ts';
import { ONNX_TYPES } from '../onnx/types.ts';

export interface CastAttributes {
  readonly to: DType;
  /** Round also where the next cast goes back: ONNX Runtime 1.30 removes f32 → f16 → f32 as if nothing were lost. Default false. */
  readonly keep?: boolean;
}

export const castOp = defineOp<CastAttributes>({
  name: 'cast',
  infer([x], { to }) {
    return [{ dtype: to, shape: x!.shape }];
  },
  onnx(emit, { inputs, outputs, outputTypes: [type], attributes }) {
    const to = ONNX_TYPES[attributes.to];
    if (attributes.keep !== true) return emit.node('Cast', inputs, outputs, { to });
    // A Reshape to the same shape copies nothing, and what stands on its two sides is no pair of casts any more.
    const allowzero = type!.shape.includes(0) ? 1 : 0;
    emit.node('Reshape', [emit.value('Cast', inputs, { to }), emit.shape(type!.shape)], outputs, { allowzero });
  },
  gradient({ inputs: [x], gradients: [g] }) {
    return [isFloat(x!.dtype) && isFloat(g!.dtype) ? cast(g!, x!.dtype) : null];
  },
  reference({ inputs: [x], outputs: [out], attributes: { to } }) {
    const whole = !isFloat(to);
    for (let i = 0; i < out!.data.length; i++) {
      const v = x!.data[i]!;
      out!.data[i] = to === 'bool' ? Number(v !== 0) : whole ? Math.trunc(v) : v;
    }
  },
});

/** `x` as another element type: floats to whole numbers are cut towards zero; to bool: nonzero. */
export function cast(x: Value, to: DType): Value {
  return x.dtype === to ? x : apply(castOp, [x], { to })[0]!;
}

type NoAttributes = Readonly<Record<never, never>>;

export const stopGradientOp = defineOp<NoAttributes>({
  name: 'stopGradient',
  infer([x]) {
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  onnx(emit, { inputs, outputs }) {
    emit.node('Identity', inputs, outputs);
  },
  gradient() {
    return [null];
  },
  reference({ inputs: [x], outputs: [out] }) {
    out!.data.set(x!.data);
  },
});

/** `x`, through which no gradient flows. */
export function stopGradient(x: Value): Value {
  return apply(stopGradientOp, [x], {})[0]!;
}
