/** @file The gated delta rule: chunks against single steps, values and gradients, and the inverse that chunks need. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { largestDifference } from '../../tests/golden-tensors.ts';
import { Random } from '../base/random.ts';
import { f32, zeros, type Tensor } from '../base/tensor.ts';
import {
  concat,
  constant,
  createSession,
  gradient,
  input,
  mul,
  output,
  reduceSum,
  slice,
  trace,
  type Value,
} from '../engine/index.ts';
import { gatedDeltaRule, unitLowerInverse, type DeltaRuleInputs, type DeltaRuleResult } from './delta-rule.ts';

const shapes = {
  q: [2, 2, 11, 3],
  k: [2, 2, 11, 3],
  v: [2, 4, 11, 5],
  g: [2, 4, 11],
  beta: [2, 4, 11],
  memory: [2, 4, 3, 5],
  weighting: [2, 4, 11, 5],
};
type Name = keyof typeof shapes;

function random(shape: readonly number[], f: (random: Random) => number, seed: number): Tensor {
  const tensor = zeros('f32', shape);
  const source = new Random(seed);
  for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = f(source);
  return tensor;
}
const feeds: Record<Name, Tensor> = {
  q: random(shapes.q, (r) => r.normal(), 1),
  k: random(shapes.k, (r) => r.normal() / 2, 2),
  v: random(shapes.v, (r) => r.normal(), 3),
  g: random(shapes.g, (r) => -2 * r.uniform(), 4),
  beta: random(shapes.beta, (r) => r.uniform(), 5),
  memory: random(shapes.memory, (r) => r.normal(), 6),
  weighting: random(shapes.weighting, (r) => r.normal(), 7),
};

/** Outputs, the last memory, and the gradients of a weighted sum of both. */
async function run(rule: (inputs: DeltaRuleInputs, memory: Value) => DeltaRuleResult, names: readonly Name[]) {
  const graph = trace(() => {
    const x = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, input(name, 'f32', shape)]),
    ) as Record<Name, Value>;
    const result = rule(x, x.memory);
    output('output', result.output);
    output('end', result.memory);
    const loss = reduceSum(
      concat([reduceSum(mul(result.output, x.weighting), [2]), reduceSum(mul(result.memory, x.memory), [2])], 2),
    );
    const gradients = gradient(
      loss,
      names.map((name) => x[name]),
    );
    for (const [i, name] of names.entries()) output(`gradient.${name}`, gradients[i]!);
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  const results = await session.run(feeds);
  await session.close();
  return results;
}

/** One token after the other. */
function steps(inputs: DeltaRuleInputs, memory: Value): DeltaRuleResult {
  const outputs: Value[] = [];
  let last = memory;
  for (let t = 0; t < 11; t++) {
    const at = (x: Value): Value => slice(x, 2, t, t + 1);
    const { q, k, v, g, beta } = inputs;
    const step = gatedDeltaRule({ q: at(q), k: at(k), v: at(v), g: at(g), beta: at(beta) }, last);
    outputs.push(step.output);
    last = step.memory;
  }
  return { output: concat(outputs, 2), memory: last };
}

test('chunks of any size give what single steps give, gradients included', async () => {
  const names: Name[] = ['q', 'k', 'v', 'g', 'beta', 'memory'];
  const expected = await run(steps, names);
  for (const chunk of [2, 4, 8, 64]) {
    const results = await run((inputs, memory) => gatedDeltaRule(inputs, memory, chunk), names);
    for (const [name, tensor] of Object.entries(results)) {
      const difference = largestDifference(tensor, expected[name]!);
      assert.ok(difference < 2e-5, `chunks of ${chunk}, ${name}: ${difference}`);
    }
  }
});

test('no memory is an empty memory', async () => {
  const empty = await run((inputs, memory) => gatedDeltaRule(inputs, mul(memory, constant(0)), 4), ['v']);
  const none = await run((inputs) => gatedDeltaRule(inputs, null, 4), ['v']);
  for (const name of ['output', 'end', 'gradient.v']) {
    assert.ok(largestDifference(none[name]!, empty[name]!) < 1e-6, name);
  }
});

test('the inverse stays exact where keys are alike, which is where powers of the matrix explode', async () => {
  const graph = trace(() => output('inverse', unitLowerInverse(input('x', 'f32', [64, 64]), 64)));
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  const { inverse } = await session.run({ x: f32(new Float32Array(64 * 64).fill(1), [64, 64]) });
  await session.close();
  // I + L is a running sum; its inverse is the difference of neighbours.
  const expected = Float32Array.from({ length: 64 * 64 }, (_, at) => {
    const [i, j] = [Math.floor(at / 64), at % 64];
    return i === j ? 1 : i === j + 1 ? -1 : 0;
  });
  assert.equal(largestDifference(inverse!, f32(expected, [64, 64])), 0);
});
