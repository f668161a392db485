/** @file Flow matching: the law of time, the masked error, and Euler steps. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import { constant, createSession, input, mul, output, sub, trace, type Value } from '../../engine/index.ts';
import { drawFlow, drawNoiseFractions, eulerSample, maskedMeanSquare, mixNoise } from './flow-matching.ts';

const s = 0.999;
const law = { kind: 'beta', alpha: 1.5, beta: 1, low: 0, high: 1 / s } as const;

test('noise fractions follow b / s with b ~ Beta(1.5, 1)', () => {
  for (const [name, drawn] of [
    ['stratified', Array.from({ length: 4000 }, (_, i) => drawNoiseFractions(law, 4, new Random(1, i))).flat()],
    ['plain', drawNoiseFractions({ ...law, beta: 1.0000001 }, 16_000, new Random(2))],
  ] as const) {
    const at = (b: number): number => drawn.filter((n) => n * s < b).length / drawn.length;
    for (const b of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      assert.ok(Math.abs(at(b) - b ** 1.5) < 0.015, `${name}: P(b < ${b}) = ${at(b)}, expected ${b ** 1.5}`);
    }
    assert.ok(drawn.every((n) => n >= 0 && n <= 1 / s));
  }
});

test('noise fractions of a sigmoid-normal law are symmetric about its mean, and open at both ends', () => {
  const drawn = drawNoiseFractions({ kind: 'sigmoid-normal', mean: 0, std: 1 }, 8000, new Random(4));
  const below = (n: number): number => drawn.filter((x) => x < n).length / drawn.length;
  assert.ok(Math.abs(below(0.5) - 0.5) < 0.02 && drawn.every((n) => n > 0 && n < 1));
  // σ(−1) is one standard deviation below the mean.
  assert.ok(Math.abs(below(1 / (1 + Math.E)) - 0.1587) < 0.015);
});

test('the draws of one sample lie in different parts of the law, in any order', () => {
  const firsts = new Set<number>();
  for (let i = 0; i < 50; i++) {
    const parts = drawNoiseFractions(law, 4, new Random(3, i)).map((n) => Math.floor((n * s) ** 1.5 * 4));
    firsts.add(parts[0]!);
    assert.deepEqual(
      parts.toSorted((a, b) => a - b),
      [0, 1, 2, 3],
    );
  }
  assert.equal(firsts.size, 4);
});

test('a sample draws the same whatever its place in the batch', () => {
  const size = { draws: 2, horizon: 3, actionDim: 2 };
  const alone = drawFlow(law, size, [new Random(5)]);
  const second = drawFlow(law, size, [new Random(4), new Random(5)]);
  assert.deepEqual(second.noise.shape, [2, 2, 3, 2]);
  assert.deepEqual(second.noise.data.slice(12), alone.noise.data);
  assert.deepEqual(second.noiseFraction.data.slice(2), alone.noiseFraction.data);
});

async function run(feeds: Readonly<Record<string, Tensor>>, f: (x: Record<string, Value>) => Value): Promise<number[]> {
  const graph = trace(() => {
    const values = Object.entries(feeds).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)] as const);
    output('y', f(Object.fromEntries(values)));
  });
  const session = await createSession(graph, { runtime: 'reference' });
  return [...(await session.run(feeds))['y']!.data].map(Number);
}

test('the mixture goes from the action at 0 to the noise at 1', async () => {
  const feeds = { a: f32([2, 4]), e: f32([0, -4]) };
  const at = (n: number) => run(feeds, ({ a, e }) => mixNoise(a!, e!, constant(n)));
  assert.deepEqual(
    [await at(0), await at(0.25), await at(1)],
    [
      [2, 4],
      [1.5, 2],
      [0, -4],
    ],
  );
});

test('the masked error counts what the mask lets through, and is 0 where that is nothing', async () => {
  const feeds = { p: f32([1, 2, 3, 4]), t: f32([0, 0, 0, 0]), m: f32([1, 0, 1, 0]) };
  const error = ({ p, t, m }: Record<string, Value>): Value => maskedMeanSquare(p!, t!, m!);
  assert.deepEqual(await run(feeds, error), [5]);
  assert.deepEqual(await run({ ...feeds, m: f32([0, 0, 0, 0]) }, error), [0]);
});

test('Euler steps walk from noise to action, exactly where the velocity is constant', async () => {
  const feeds = { a: f32([0.5, -1]), e: f32([3, 2]) };
  const seen: number[] = [];
  const straight = await run(feeds, ({ a, e }) =>
    eulerSample(e!, 4, (_, n) => {
      seen.push(n);
      return sub(e!, a!);
    }),
  );
  assert.deepEqual(straight, [0.5, -1]);
  assert.deepEqual(seen, [1, 0.75, 0.5, 0.25]);
  // dx/dn = x from n = 1 to 0 in steps of 1/2: x (1 − 1/2)².
  assert.deepEqual(await run(feeds, ({ e }) => eulerSample(e!, 2, (x) => mul(x, constant(1)))), [0.75, 0.5]);
  assert.throws(() => trace(() => eulerSample(constant(1), 0, (x) => x)), { code: 'bad-argument' });
});
