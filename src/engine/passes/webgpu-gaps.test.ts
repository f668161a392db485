/** @file What graphics cards lack is said with what they have: the same numbers, without the operators that would fall to the processor. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { f32, i64, type Tensor } from '../../base/tensor.ts';
import { fromTensor } from '../host-array.ts';
import * as e from '../index.ts';
import type { Graph } from '../graph.ts';
import type { MatmulAttributes } from '../ops/matmul.ts';
import { interpret } from '../runtimes/reference.ts';
import { checkLegal } from './legal.ts';
import { optimise } from './optimise.ts';
import { avoidWebGpuGaps } from './webgpu-gaps.ts';

/** Attention of two query heads to a key head, behind it a classifier, with all gradients. */
const graph = e.trace(() => {
  const q = e.input('q', 'f32', [2, 4, 3, 8]);
  const k = e.input('k', 'f32', [2, 2, 5, 8]);
  const v = e.input('v', 'f32', [2, 2, 5, 8]);
  const w = e.input('w', 'f32', [6, 8]);
  const mixed = e.attention(q, k, v, e.input('mask', 'f32', [3, 5]), { scale: 0.25 });
  const logits = e.matmul(mixed, w, { transB: true, alpha: 1.5 });
  const loss = e.add(
    e.reduceMean(e.crossEntropy(logits, e.input('labels', 'i64', [2, 4, 3]))),
    e.reduceMean(e.logSoftmax(e.matmul(w, w, { transA: true, alpha: 0.5 }))),
  );
  e.output('loss', loss);
  for (const [i, g] of e.gradient(loss, [q, k, v, w]).entries()) e.output(`gradient ${i}`, g);
});

const draw = new Random(1);
const feeds = Object.fromEntries(
  Object.entries(graph.inputs).map(([name, { dtype, shape }]): [string, Tensor] => {
    const count = (shape as number[]).reduce((a, b) => a * b, 1);
    const numbers = Array.from({ length: count }, () => draw.normal());
    const labels = (): Tensor =>
      i64(
        numbers.map((x) => Math.floor(Math.abs(3 * x)) % 6),
        shape as number[],
      );
    return [name, dtype === 'i64' ? labels() : f32(numbers, shape as number[])];
  }),
);

/** The outputs in double precision. */
function outputs(g: Graph) {
  const arrays = Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, fromTensor(x, 'f64')]));
  return interpret(g, arrays, {}, {}, 'f64');
}

test('products neither transpose nor scale, and attention and logarithms of softmax are taken apart', () => {
  const before = optimise(graph);
  const scales = ({ nodes }: Graph): number =>
    nodes.filter(({ op, attributes }) => {
      const { transA, transB, alpha } = attributes as MatmulAttributes;
      return op.name === 'matmul' && (transA || transB || alpha !== 1);
    }).length;
  const named = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op.name);
  assert.ok(scales(before) > 3 && named(before).includes('attention') && named(before).includes('crossEntropy'));
  const after = avoidWebGpuGaps(before);
  checkLegal(after, 'gaps');
  assert.equal(scales(after), 0);
  for (const gone of ['attention', 'crossEntropy', 'logSoftmax']) assert.ok(!named(after).includes(gone), gone);
  const [wanted, got] = [outputs(before), outputs(after)];
  for (const [name, { data }] of Object.entries(wanted)) {
    for (const [i, x] of data.entries()) assert.ok(Math.abs(x - got[name]!.data[i]!) < 1e-12, `${name}[${i}]`);
  }
});
