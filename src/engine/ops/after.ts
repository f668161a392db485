/** @file The order of computation, where numbers do not ask for one: a value that waits until others are known. */

import { VlaError } from '../../base/errors.ts';
import { shapeText } from '../axis-size.ts';
import { apply, type Value } from '../graph.ts';
import { defineOp } from '../op.ts';
import { cast } from './cast.ts';
import { less } from './logic.ts';
import { reduceSum } from './reduce.ts';
import { reshape } from './shape.ts';
import { concat, slice } from './slice.ts';

type NoAttributes = Readonly<Record<never, never>>;

export const afterOp = defineOp<NoAttributes>({
  name: 'after',
  infer([x, zero]) {
    if (zero!.dtype !== 'i64' || zero!.shape.join() !== '1') {
      throw new VlaError(
        'bad-shape',
        `after: expected a zero of i64 [1], got ${zero!.dtype} ${shapeText(zero!.shape)}.`,
        {
          hint: 'Take it from known(…).',
        },
      );
    }
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  onnx(emit, { inputs: [x, zero], outputs, inputTypes }) {
    // A shape that is known only at run time keeps a runtime from taking the node out. A Reshape would not copy, but ONNX Runtime
    // 1.30 joins it with those around it, and then does not find its shape.
    emit.node('Expand', [x!, emit.value('Add', [emit.shape(inputTypes[0]!.shape), zero!])], outputs);
  },
  gradient({ gradients: [g] }) {
    return [g!, null];
  },
  reference({ inputs: [x], outputs: [out] }) {
    out!.data.set(x!.data);
  },
});

/** `x`, but not before `zero` (from `known`): no runtime takes it for `x` itself, or computes what reads it earlier. */
export function after(x: Value, zero: Value): Value {
  return apply(afterOp, [x, zero], {})[0]!;
}

/** A zero, i64 [1], that is known when all the float values (of at least one element) are. */
export function known(values: readonly Value[]): Value {
  const firsts = values.map((x) => cast(first(x), 'f32'));
  const one = firsts.length === 1 ? firsts[0]! : concat(firsts, 0);
  // Nothing is less than itself, not even what is no number.
  return reduceSum(cast(less(one, one), 'i64'), [0], { keepDims: true });
}

/** [1]. */
function first(x: Value): Value {
  if (x.shape.length === 0) return reshape(x, [1]);
  const corner = x.shape.reduce((y, size, axis) => (size === 1 ? y : slice(y, axis, 0, 1)), x);
  return reshape(corner, [1]);
}
