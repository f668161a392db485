/** @file Rematerialisation: the same gradients, nothing kept from inside segments, and less memory when it runs. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { Random } from '../base/random.ts';
import { elementCount, f32, type Tensor } from '../base/tensor.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { Graph, Value } from './graph.ts';
import * as e from './index.ts';
import { optimise } from './passes/optimise.ts';
import { webGpuMissing } from './runtimes/webgpu-driver.ts';

const [WIDTH, LAYERS] = [6, 3];

const draw = (seed: number, shape: readonly number[]): Tensor => {
  const random = new Random(seed);
  return f32(
    Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
    shape,
  );
};

/**
 * Layers with what models have: values that leave a segment beside its result, a segment in a segment, one of whose result nothing is
 * made, a parameter that two segments share, a mask, constants.
 */
function model(rematerialise: boolean): Graph {
  return e.trace(() => {
    const x = e.input('x', 'f32', [4, WIDTH]);
    const seen = e.greater(e.input('mask', 'f32', [4, 1]), 0);
    const shared = e.input('shared', 'f32', [WIDTH, WIDTH]);
    const weights = Array.from({ length: LAYERS }, (_, i) => e.input(`w${i}`, 'f32', [WIDTH, WIDTH]));
    const kept: Value[] = [];
    let h = e.exp(e.mul(x, 0.1));
    for (const w of weights) {
      h = e.segment(() => {
        const inner = e.segment(() => e.tanh(e.linear(h, e.add(shared, e.constant(0.1)))));
        kept.push(e.sigmoid(inner));
        return e.where(seen, e.add(h, e.linear(inner, w)), h);
      });
    }
    e.segment(() => e.exp(h));
    const read = kept.reduce((sum, one) => e.add(sum, e.mul(one, one)), h);
    const loss = e.reduceMean(e.mul(read, read));
    const slopes = e.gradient(loss, [shared, ...weights], { rematerialise });
    e.output('loss', loss);
    for (const [i, slope] of slopes.entries()) e.output(`gradient ${i}`, slope);
  });
}

const feeds: Record<string, Tensor> = {
  x: draw(1, [4, WIDTH]),
  mask: f32([1, 0, 1, 1], [4, 1]),
  shared: draw(2, [WIDTH, WIDTH]),
  ...Object.fromEntries(Array.from({ length: LAYERS }, (_, i) => [`w${i}`, draw(3 + i, [WIDTH, WIDTH])])),
};

for (const runtime of ['reference', 'cpu', 'webgpu'] as const) {
  const skip = runtime === 'webgpu' ? await webGpuMissing() : false;
  test(`gradients are the same bits on ${runtime}`, { skip }, async () => {
    const run = async (rematerialise: boolean): Promise<Record<string, number[]>> => {
      const session = await e.createSession(model(rematerialise), { runtime });
      const results = await session.run(feeds);
      await session.close();
      return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...(data as Float32Array)]]));
    };
    const [kept, again] = [await run(false), await run(true)];
    assert.deepEqual(again, kept);
    assert.ok(kept['gradient 0']!.some((g) => Math.abs(g) > 1e-3));
  });
}

test('after all passes, nothing from inside a segment is read in the backward pass', () => {
  const graph = optimise(model(true));
  const count = ({ nodes }: Graph, name: string): number => nodes.filter(({ op }) => op.name === name).length;
  assert.equal(count(optimise(model(false)), 'tanh'), LAYERS);
  assert.equal(count(graph, 'tanh'), 2 * LAYERS);
  const backward = new Set<Value>();
  for (const { op, inputs, outputs } of graph.nodes) {
    if (op.name === 'after' || inputs.some((x) => backward.has(x))) for (const y of outputs) backward.add(y);
  }
  const inside = graph.nodes.filter(({ op, outputs }) => op.name === 'tanh' && !backward.has(outputs[0]!));
  assert.equal(inside.length, LAYERS);
  for (const node of graph.nodes.filter(({ outputs }) => backward.has(outputs[0]!))) {
    assert.ok(!node.inputs.some((x) => inside.some(({ outputs }) => outputs[0] === x)), `${node.op.name} reads it`);
  }
});

test('a deep network needs less memory', () => {
  const program = workerUrl(import.meta.url, '../../tests/rematerialised-memory').pathname;
  const peak = (mode: string): number =>
    Number(execFileSync(process.execPath, [program, mode], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
  const [kept, again] = [peak('keep'), peak('rematerialise')];
  assert.ok(again < 0.6 * kept, `${kept} MB, ${again} MB`);
});
