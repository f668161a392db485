/** @file Comparisons, logic and selection. */

import { VlaError } from '../../base/errors.ts';
import { broadcastShapes } from '../axis-size.ts';
import { apply, constant, type Value } from '../graph.ts';
import { defineOp, sameDtype, type Op } from '../op.ts';
import { mapBroadcast, operands, sumTo, type Operand } from './broadcast.ts';

type NoAttributes = Readonly<Record<never, never>>;

function comparison(name: string, onnxType: string, f: (a: number, b: number) => boolean): Op<NoAttributes> {
  return defineOp<NoAttributes>({
    name,
    infer(inputs) {
      sameDtype(name, inputs);
      return [{ dtype: 'bool', shape: broadcastShapes(name, inputs[0]!.shape, inputs[1]!.shape) }];
    },
    onnx(emit, { inputs, outputs }) {
      emit.node(onnxType, inputs, outputs);
    },
    gradient: 'none',
    reference({ inputs, outputs: [out] }) {
      mapBroadcast(inputs, out!, (a, b) => Number(f(a!, b!)));
    },
  });
}

export const equalOp = comparison('equal', 'Equal', (a, b) => a === b);
export const lessOp = comparison('less', 'Less', (a, b) => a < b);
export const greaterOp = comparison('greater', 'Greater', (a, b) => a > b);
export const greaterOrEqualOp = comparison('greaterOrEqual', 'GreaterOrEqual', (a, b) => a >= b);
export const andOp = comparison('and', 'And', (a, b) => a !== 0 && b !== 0);
export const orOp = comparison('or', 'Or', (a, b) => a !== 0 || b !== 0);

export const notOp = defineOp<NoAttributes>({
  name: 'not',
  infer([x]) {
    if (x!.dtype !== 'bool') throw new VlaError('bad-shape', `not: expected bool, got ${x!.dtype}.`);
    return [{ dtype: 'bool', shape: x!.shape }];
  },
  onnx(emit, { inputs, outputs }) {
    emit.node('Not', inputs, outputs);
  },
  gradient: 'none',
  reference({ inputs: [x], outputs: [out] }) {
    for (let i = 0; i < out!.data.length; i++) out!.data[i] = Number(x!.data[i] === 0);
  },
});

export const whereOp = defineOp<NoAttributes>({
  name: 'where',
  infer([condition, a, b]) {
    if (condition!.dtype !== 'bool') {
      throw new VlaError('bad-shape', `where: expected a bool condition, got ${condition!.dtype}.`);
    }
    sameDtype('where', [a!, b!]);
    const both = broadcastShapes('where', a!.shape, b!.shape);
    return [{ dtype: a!.dtype, shape: broadcastShapes('where', condition!.shape, both) }];
  },
  onnx(emit, { inputs, outputs }) {
    emit.node('Where', inputs, outputs);
  },
  gradient({ inputs: [condition, a, b], gradients: [g] }) {
    return [null, sumTo(where(condition!, g!, 0), a!.shape), sumTo(where(condition!, 0, g!), b!.shape)];
  },
  reference({ inputs, outputs: [out] }) {
    mapBroadcast(inputs, out!, (condition, a, b) => (condition !== 0 ? a! : b!));
  },
});

function compare(op: Op<NoAttributes>, a: Operand, b: Operand): Value {
  return apply(op, operands(a, b), {})[0]!;
}

/** a = b, as bool. */
export function equal(a: Operand, b: Operand): Value {
  return compare(equalOp, a, b);
}
/** a < b, as bool. */
export function less(a: Operand, b: Operand): Value {
  return compare(lessOp, a, b);
}
/** a > b, as bool. */
export function greater(a: Operand, b: Operand): Value {
  return compare(greaterOp, a, b);
}
/** a ≥ b, as bool. */
export function greaterOrEqual(a: Operand, b: Operand): Value {
  return compare(greaterOrEqualOp, a, b);
}
/** a ≤ b, as bool. */
export function lessOrEqual(a: Operand, b: Operand): Value {
  const [left, right] = operands(a, b);
  return compare(greaterOrEqualOp, right, left);
}
/** Both, of two bool tensors. */
export function and(a: Value, b: Value): Value {
  return compare(andOp, a, b);
}
/** Either, of two bool tensors. */
export function or(a: Value, b: Value): Value {
  return compare(orOp, a, b);
}
/** The opposite of a bool tensor. */
export function not(x: Value): Value {
  return apply(notOp, [x], {})[0]!;
}

/** `a` where the bool `condition` holds, else `b`. Two numbers become float32. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const [left, right] = typeof a === 'number' && typeof b === 'number' ? [constant(a), constant(b)] : operands(a, b);
  return apply(whereOp, [condition, left, right], {})[0]!;
}
