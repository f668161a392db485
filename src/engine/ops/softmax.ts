/** @file Softmax, its logarithm and cross-entropy, over the last axis. */

import { VlaError } from '../../base/errors.ts';
import { shapeText } from '../axis-size.ts';
import { apply, constant, type Value } from '../graph.ts';
import { defineOp } from '../op.ts';
import { mul, sub } from './binary.ts';
import { scatterAdd } from './gather.ts';
import { lastAxis, reduceSum, rowShape } from './reduce.ts';
import { expand, unsqueeze } from './shape.ts';
import { exp } from './unary.ts';
import type { HostArray, Numbers } from '../host-array.ts';

type NoAttributes = Readonly<Record<never, never>>;

/** Fills `out` with x − log Σ eˣ of each row. */
function logSoftmaxRows(x: HostArray, out: Numbers | Float64Array): void {
  const width = x.shape.at(-1)!;
  for (let row = 0; row < x.data.length; row += width) {
    let max = -Infinity;
    for (let i = 0; i < width; i++) max = Math.max(max, x.data[row + i]!);
    let sum = 0;
    for (let i = 0; i < width; i++) sum += Math.exp(x.data[row + i]! - max);
    const shift = max + Math.log(sum);
    for (let i = 0; i < width; i++) out[row + i] = x.data[row + i]! - shift;
  }
}

export const softmaxOp = defineOp<NoAttributes>({
  name: 'softmax',
  infer([x]) {
    lastAxis('softmax', x!);
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  onnx(emit, { inputs, outputs }) {
    emit.node('Softmax', inputs, outputs, { axis: -1 });
  },
  gradient({ outputs: [y], gradients: [g] }) {
    const sum = reduceSum(mul(g!, y!), [-1], { keepDims: true });
    return [mul(sub(g!, sum), y!)];
  },
  reference({ inputs: [x], outputs: [out] }) {
    const logarithms = new Float64Array(x!.data.length);
    logSoftmaxRows(x!, logarithms);
    out!.data.set(logarithms.map(Math.exp));
  },
});

/** eˣ / Σ eˣ over the last axis. */
export function softmax(x: Value): Value {
  return apply(softmaxOp, [x], {})[0]!;
}

export const logSoftmaxOp = defineOp<NoAttributes>({
  name: 'logSoftmax',
  infer([x]) {
    lastAxis('logSoftmax', x!);
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  onnx(emit, { inputs, outputs }) {
    emit.node('LogSoftmax', inputs, outputs, { axis: -1 });
  },
  gradient({ outputs: [y], gradients: [g] }) {
    return [sub(g!, mul(exp(y!), reduceSum(g!, [-1], { keepDims: true })))];
  },
  reference({ inputs: [x], outputs: [out] }) {
    logSoftmaxRows(x!, out!.data);
  },
});

/** x − log Σ eˣ over the last axis. */
export function logSoftmax(x: Value): Value {
  return apply(logSoftmaxOp, [x], {})[0]!;
}

export const crossEntropyOp = defineOp<NoAttributes>({
  name: 'crossEntropy',
  infer([logits, labels]) {
    const rows = logits!.shape.slice(0, -1);
    if (logits!.shape.length === 0 || rows.join() !== labels!.shape.join() || labels!.dtype !== 'i64') {
      throw new VlaError(
        'bad-shape',
        `crossEntropy: expected logits [..., classes] and int64 labels [...], got ${shapeText(logits!.shape)} and ${labels!.dtype} ${shapeText(labels!.shape)}.`,
      );
    }
    // The second output is the log-probabilities, kept for the gradient.
    return [
      { dtype: logits!.dtype, shape: rows },
      { dtype: logits!.dtype, shape: logits!.shape },
    ];
  },
  onnx(emit, { inputs: [logits, labels], outputs: [loss, logProbabilities] }) {
    emit.node('LogSoftmax', [logits!], [logProbabilities!], { axis: -1 });
    const column = emit.value('Unsqueeze', [labels!, emit.integers([-1])]);
    const picked = emit.value('GatherElements', [logProbabilities!, column], { axis: -1 });
    emit.node('Neg', [emit.value('Squeeze', [picked, emit.integers([-1])])], [loss!]);
  },
  gradient({ inputs: [logits, labels], outputs: [, logProbabilities], gradients: [g, second] }) {
    if (second != null) {
      throw new VlaError('unsupported', 'crossEntropy: no gradient flows through its log-probabilities.', {
        hint: 'Use logSoftmax.',
      });
    }
    const column = unsqueeze(labels!, -1);
    const minusOne = expand(constant(-1, logits!.dtype), rowShape(logits!.shape));
    const difference = scatterAdd(exp(logProbabilities!), column, minusOne, -1);
    return [mul(difference, unsqueeze(g!, -1)), null];
  },
  reference({ inputs: [logits, labels], outputs: [loss, logProbabilities] }) {
    const width = logits!.shape.at(-1)!;
    logSoftmaxRows(logits!, logProbabilities!.data);
    for (let row = 0; row < loss!.data.length; row++) {
      loss!.data[row] = -logProbabilities!.data[row * width + labels!.data[row]!]!;
    }
  },
});

/**
 * −log softmax(logits)[label] of each row: logits [..., classes], int64 labels [...] in [0, classes) → [...].
 * Rows to be ignored need some valid label and a zero weight on their loss.
 */
export function crossEntropy(logits: Value, labels: Value): Value {
  return apply(crossEntropyOp, [logits, labels], {})[0]!;
}
