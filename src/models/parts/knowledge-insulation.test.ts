/** @file Knowledge insulation: values stay, gradients are cut in the samples that are named and nowhere else. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { f32 } from '../../base/tensor.ts';
import { add, createSession, gradient, input, mul, output, reduceSum, trace } from '../../engine/index.ts';
import { insulate, insulatePrompt, type Insulation } from './knowledge-insulation.ts';

const x = f32([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);

async function run(choose: (mask: Insulation) => Insulation, mask: readonly number[]) {
  const graph = trace(() => {
    const [value, cut] = [input('x', 'f32', [2, 2, 2]), input('cut', 'f32', [2])];
    const insulated = insulate(value, choose(cut));
    output('y', insulated);
    // x² + 3 · insulated: the first term’s gradient is never cut.
    const loss = reduceSum(mul(mul(value, 0.5), value));
    const [own, all] = [gradient(loss, [value]), gradient(reduceSum(mul(insulated, 3)), [value])];
    output('own', own[0]!);
    output('cutGradient', all[0]!);
    output('seen', cut);
  });
  const session = await createSession(graph, { runtime: 'cpu' });
  const results = await session.run({ x, cut: f32(mask) });
  await session.close();
  assert.deepEqual(results['y']!.data, x.data);
  assert.deepEqual(results['own']!.data, x.data);
  return [...results['cutGradient']!.data].map(Number);
}

test('the samples that the mask names are cut, the others learn', async () => {
  assert.deepEqual(await run((cut) => cut, [1, 0]), [0, 0, 0, 0, 3, 3, 3, 3]);
  assert.deepEqual(await run((cut) => cut, [0, 1]), [3, 3, 3, 3, 0, 0, 0, 0]);
  assert.deepEqual(await run((cut) => cut, [0, 0]), Array(8).fill(3));
});

test('all samples or none can be cut without a mask', async () => {
  assert.deepEqual(await run(() => 'all', [0, 0]), Array(8).fill(0));
  assert.deepEqual(await run(() => 'none', [1, 1]), Array(8).fill(3));
});

test('a mask of another batch is refused', () => {
  assert.throws(() => trace(() => void insulate(input('x', 'f32', [3, 2]), input('cut', 'f32', [2]))), {
    code: 'bad-shape',
    message: 'knowledge insulation: expected one number per sample for [3, 2], got [2].',
  });
});

test('a prompt is insulated in hidden states, keys and values', async () => {
  const graph = trace(() => {
    const [hidden, keys, values] = ['hidden', 'keys', 'values'].map((name) => input(name, 'f32', [2, 1, 1]));
    const prompt = insulatePrompt(
      { hidden: hidden!, layers: [{ keys: keys!, values: values! }] },
      input('cut', 'f32', [2]),
    );
    const read = [prompt.hidden, prompt.layers[0]!.keys, prompt.layers[0]!.values];
    const loss = read.reduce((sum, value) => add(sum, reduceSum(value)), reduceSum(mul(read[0]!, 0)));
    for (const [i, slope] of gradient(loss, [hidden!, keys!, values!]).entries()) output(`${i}`, slope);
  });
  const session = await createSession(graph, { runtime: 'cpu' });
  const one = f32([1, 1], [2, 1, 1]);
  const results = await session.run({
    ...Object.fromEntries(Object.keys(session.inputs).map((name) => [name, one])),
    cut: f32([1, 0]),
  });
  await session.close();
  for (const { data } of Object.values(results)) assert.deepEqual([...data], [0, 1]);
});
