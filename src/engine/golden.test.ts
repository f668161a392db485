/** @file Composites and their gradients against PyTorch's numbers (tools/golden/engine.py), within 1e-5. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { lookUp } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import * as e from './index.ts';
import { goldenTensors } from '../../tests/golden-tensors.ts';

const tensors = goldenTensors('engine');

const CASES: Readonly<Record<string, (...inputs: e.Value[]) => e.Value>> = {
  attention: (q, k, v, mask) => e.attention(q, k, v, mask, { scale: 8 ** -0.5 }),
  rope: e.rotary,
  layerNorm: (x, w, b) => e.layerNorm(x, w, b, 1e-5),
  rmsNorm: (x, w) => e.rmsNorm(x, w, 1e-6),
  conv2d: (x, w, b) => e.conv2d(x, w, b, { stride: 2, padding: 1 }),
  patchEmbedding: (x, w, b) => e.conv2d(x, w, b, { stride: 4, padding: 0 }),
  embedding: (table, indices) => e.gather(table, indices, 0),
  crossEntropy: (logits, labels) => e.crossEntropy(logits, labels),
  swiGlu: (x, gate, up, down) => e.linear(e.mul(e.silu(e.linear(x, gate)), e.linear(x, up)), down),
  geluTanh: (x) => e.gelu(x, { approximate: 'tanh' }),
  gelu: (x) => e.gelu(x, { approximate: 'none' }),
};

/** The golden tensors of a case whose names go on with `part`, in order. */
function parts(name: string, part: 'input' | 'gradient'): Tensor[] {
  const list: Tensor[] = [];
  for (let i = 0; Object.hasOwn(tensors, `${name}/${part}/${i}`); i++) list.push(tensors[`${name}/${part}/${i}`]!);
  return list;
}

/** Relative to the size of the tensor's numbers: its root mean square. */
function assertClose(actual: Tensor, expected: Tensor, what: string): void {
  assert.deepEqual([...actual.shape], [...expected.shape], what);
  const [a, b] = [actual.data as Float32Array, expected.data as Float32Array];
  const size = Math.sqrt(b.reduce((sum, x) => sum + x * x, 0) / b.length);
  for (let i = 0; i < b.length; i++) {
    const error = Math.abs(a[i]! - b[i]!) / Math.max(size, Math.abs(b[i]!));
    assert.ok(error <= 1e-5, `${what}[${i}]: expected ${b[i]}, got ${a[i]} (${error})`);
  }
}

test('every golden case is tested', () => {
  const names = new Set(Object.keys(tensors).map((name) => name.split('/')[0]!));
  assert.deepEqual([...names].sort(), Object.keys(CASES).sort());
});

for (const [name, build] of Object.entries(CASES)) {
  for (const runtime of ['cpu', 'reference'] as const) {
    test(`${name} as in PyTorch, on ${runtime}`, async () => {
      const inputs = parts(name, 'input');
      const gradients = parts(name, 'gradient');
      assert.ok(gradients.length > 0);
      const feeds = Object.fromEntries(inputs.map((x, i) => [`x${i}`, x]));
      const graph = e.trace(() => {
        const values = inputs.map((x, i) => e.input(`x${i}`, x.dtype, x.shape));
        const y = build(...values);
        const loss = e.reduceSum(e.mul(y, e.constant(lookUp('golden', `${name}/cotangent`, tensors))));
        e.output('y', y);
        for (const [i, g] of e.gradient(loss, values.slice(0, gradients.length)).entries()) e.output(`g${i}`, g);
      });
      const session = await e.createSession(graph, { runtime, ...(runtime === 'cpu' ? { threads: 1 } : {}) });
      const results = await session.run(feeds);
      await session.close();
      assertClose(results['y']!, lookUp('golden', `${name}/output`, tensors), `${name} output`);
      for (const [i, g] of gradients.entries()) assertClose(results[`g${i}`]!, g, `${name} gradient ${i}`);
    });
  }
}
