/** @file Elementwise operators of two tensors, with numpy broadcasting. */

import { VlaError } from '../../base/errors.ts';
import { broadcastShapes, sizeOf } from '../axis-size.ts';
import { apply, type Value } from '../graph.ts';
import { isFloat } from '../host-array.ts';
import { defineOp, sameDtype, type GradientCall, type Op } from '../op.ts';
import { mapBroadcast, operands, sumTo, type Operand } from './broadcast.ts';
import { cast } from './cast.ts';
import { greaterOrEqual, less } from './logic.ts';
import { log, neg } from './unary.ts';

type NoAttributes = Readonly<Record<never, never>>;

/** The record of one elementwise operator; `gradient` gives each operand's gradient before summing back to its shape. */
function binary(
  name: string,
  onnxType: string,
  f: (a: number, b: number) => number,
  gradient: (g: Value, a: Value, b: Value, y: Value) => readonly [() => Value, () => Value],
): Op<NoAttributes> {
  return defineOp<NoAttributes>({
    name,
    infer(inputs) {
      sameDtype(name, inputs);
      if (inputs[0]!.dtype === 'bool') {
        throw new VlaError('bad-shape', `${name}: expected numbers, got bool.`, {
          hint: 'Use and, or, not for logic; cast(x, dtype) makes 0 and 1 of it.',
        });
      }
      return [{ dtype: inputs[0]!.dtype, shape: broadcastShapes(name, inputs[0]!.shape, inputs[1]!.shape) }];
    },
    onnx(emit, { inputs, outputs }) {
      emit.node(onnxType, inputs, outputs);
    },
    gradient({ inputs: [a, b], outputs: [y], gradients: [g] }: GradientCall<NoAttributes>) {
      const [toA, toB] = gradient(g!, a!, b!, y!);
      return [sumTo(toA(), a!.shape), sumTo(toB(), b!.shape)];
    },
    reference({ inputs, outputs: [out] }) {
      mapBroadcast(inputs, out!, f);
    },
  });
}

export const addOp = binary(
  'add',
  'Add',
  (a, b) => a + b,
  (g) => [() => g, () => g],
);
export const subOp = binary(
  'sub',
  'Sub',
  (a, b) => a - b,
  (g) => [() => g, () => neg(g)],
);
export const mulOp = binary(
  'mul',
  'Mul',
  (a, b) => a * b,
  (g, a, b) => [() => mul(g, b), () => mul(g, a)],
);
export const divOp: Op<NoAttributes> = {
  ...binary(
    'div',
    'Div',
    (a, b) => a / b,
    (g, _a, b, y) => {
      const scaled = div(g, b);
      return [() => scaled, () => neg(mul(scaled, y))];
    },
  ),
  reference({ inputs, outputs: [out] }) {
    mapBroadcast(inputs, out!, isFloat(out!.dtype) ? (a, b) => a / b : (a, b) => Math.trunc(a / b));
  },
};
export const powOp: Op<NoAttributes> = {
  ...binary('pow', 'Pow', Math.pow, (g, a, b, y) => [
    () => mul(g, mul(b, pow(a, sub(b, 1)))),
    () => mul(g, mul(y, log(a))),
  ]),
  onnx(emit, { inputs, outputs, inputTypes, outputTypes: [out] }) {
    // ONNX Runtime 1.30 fails on WebGPU when an operand is repeated along an inner axis, so that is done beforehand.
    const whole = inputs.map((name, i) => {
      const size = sizeOf(inputTypes[i]!.shape);
      return size === 1 || size === sizeOf(out!.shape) ? name : emit.value('Expand', [name, emit.shape(out!.shape)]);
    });
    emit.node('Pow', whole, outputs);
  },
};
/** Where both are equal the gradient goes to the first. */
export const maximumOp = binary('maximum', 'Max', Math.max, (g, a, b) => [
  () => mul(g, cast(greaterOrEqual(a, b), g.dtype)),
  () => mul(g, cast(less(a, b), g.dtype)),
]);
/** Where both are equal the gradient goes to the first. */
export const minimumOp = binary('minimum', 'Min', Math.min, (g, a, b) => [
  () => mul(g, cast(greaterOrEqual(b, a), g.dtype)),
  () => mul(g, cast(less(b, a), g.dtype)),
]);

function applyBinary(op: Op<NoAttributes>, a: Operand, b: Operand): Value {
  return apply(op, operands(a, b), {})[0]!;
}

/** a + b. */
export function add(a: Operand, b: Operand): Value {
  return applyBinary(addOp, a, b);
}

/** a − b. */
export function sub(a: Operand, b: Operand): Value {
  return applyBinary(subOp, a, b);
}

/** a · b, elementwise. */
export function mul(a: Operand, b: Operand): Value {
  return applyBinary(mulOp, a, b);
}

/** a / b; whole numbers are cut towards zero. */
export function div(a: Operand, b: Operand): Value {
  return applyBinary(divOp, a, b);
}

/** a to the power of b. The gradient to b needs a > 0. */
export function pow(a: Operand, b: Operand): Value {
  return applyBinary(powOp, a, b);
}

/** The larger of each pair. */
export function maximum(a: Operand, b: Operand): Value {
  return applyBinary(maximumOp, a, b);
}

/** The smaller of each pair. */
export function minimum(a: Operand, b: Operand): Value {
  return applyBinary(minimumOp, a, b);
}

/** `x` held within [low, high]. */
export function clamp(x: Value, low: number, high: number): Value {
  return minimum(maximum(x, low), high);
}
