/** @file Guidance against numbers worked out by hand, and against the same walk in plain TypeScript on a linear flow. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { f32 } from '../../base/tensor.ts';
import { add, constant, createSession, input, matmul, mul, output, reshape, trace } from '../../engine/index.ts';
import { guidanceWeight, guideWeights, guidedSample, type GuidanceOptions } from './chunk-guidance.ts';
import type { ActionFlow } from './flow-matching.ts';

test('weights are 1 for committed actions, fall by the schedule, and end with the running chunk', () => {
  const rounded = (weights: Float32Array): number[] => [...weights].map((w) => Math.round(w * 1e4) / 1e4);
  assert.deepEqual(rounded(guideWeights(2, 5, 7, 'linear')), [1, 1, 0.75, 0.5, 0.25, 0, 0]);
  // c (e^c − 1) / (e − 1) at 0.75, 0.5 and 0.25.
  assert.deepEqual(rounded(guideWeights(2, 5, 7, 'exponential')), [1, 1, 0.4876, 0.1888, 0.0413, 0, 0]);
  assert.deepEqual(rounded(guideWeights(0, 0, 3, 'linear')), [0, 0, 0]);
  assert.deepEqual(rounded(guideWeights(3, 3, 3, 'exponential')), [1, 1, 1]);
});

test('the pull weighs β at pure noise, as the paper says in between, and never more than β', () => {
  assert.equal(guidanceWeight(1, 5), 5);
  // (1 − τ)/τ · (τ² + (1 − τ)²)/(1 − τ)² at τ = 0.25: 3 · (0.0625 + 0.5625)/0.5625.
  assert.ok(Math.abs(guidanceWeight(0.75, 5) - 10 / 3) < 1e-12);
  assert.ok(Math.abs(guidanceWeight(0.5, 5) - 2) < 1e-12);
  assert.equal(guidanceWeight(0.5, 1.5), 1.5);
  assert.equal(guidanceWeight(0.01, 5), 5);
});

const [H, A, STEPS] = [4, 2, 5];
const SIZE = H * A;

/** v = (1 + n) (M x + b): its Jacobian is known. */
const random = new Random(21);
const M = Float32Array.from({ length: SIZE * SIZE }, () => 0.4 * random.normal());
const b = Float32Array.from({ length: SIZE }, () => random.normal());
const noise = Float32Array.from({ length: SIZE }, () => random.normal());
const target = Float32Array.from({ length: SIZE }, () => random.normal());
const weights = Float32Array.from({ length: SIZE }, (_, i) => guideWeights(1, 3, H, 'exponential')[Math.floor(i / A)]!);
const linearFlow: ActionFlow = {
  start: (x) => x,
  velocity(x, time) {
    const product = matmul(constant(f32(M, [SIZE, SIZE])), reshape(x, [SIZE, 1]));
    const whole = add(reshape(product, [1, H, A]), constant(f32(b, [1, H, A])));
    return mul(
      whole,
      reshape(
        time((n) => 1 + n),
        [1, 1, 1],
      ),
    );
  },
};

async function sample(options: Omit<GuidanceOptions, 'steps'>, pulling: Float32Array): Promise<number[]> {
  const graph = trace(() => {
    const guide = { actions: input('target', 'f32', [1, H, A]), weights: input('weights', 'f32', [1, H, A]) };
    const x = input('noise', 'f32', [1, H, A]);
    output('actions', guidedSample(linearFlow, x, guide, { ...options, steps: STEPS }));
  });
  const session = await createSession(graph, { runtime: 'reference', precision: 'f64' });
  const shaped = (data: Float32Array) => f32(data, [1, H, A]);
  const results = await session.run({ noise: shaped(noise), target: shaped(target), weights: shaped(pulling) });
  await session.close();
  return [...results['actions']!.data].map(Number);
}

/** The same walk by hand, in the paper's τ: x ← x + (v + w g)/N with v towards the data. */
function walk(maxWeight: number, jacobian: boolean): number[] {
  let x = [...noise];
  for (let k = 0; k < STEPS; k++) {
    const tau = k / STEPS;
    const scale = 2 - tau;
    const v = x.map((_, i) => -scale * (x.reduce((sum, xj, j) => sum + M[i * SIZE + j]! * xj, 0) + b[i]!));
    const error = x.map((xi, i) => weights[i]! * (target[i]! - (xi + (1 - tau) * v[i]!)));
    // ∂x̂ᵢ/∂xⱼ = δᵢⱼ − (1 − τ) scale Mᵢⱼ
    const entry = (i: number, j: number): number => (i === j ? 1 : 0) - (1 - tau) * scale * M[i * SIZE + j]!;
    const pull = jacobian ? x.map((_, j) => error.reduce((sum, e, i) => sum + e * entry(i, j), 0)) : error;
    const r2 = (1 - tau) ** 2 / (tau ** 2 + (1 - tau) ** 2);
    const w = tau === 0 ? maxWeight : Math.min(maxWeight, (1 - tau) / (tau * r2));
    x = x.map((xi, i) => xi + (v[i]! + w * pull[i]!) / STEPS);
  }
  return x;
}

test('on a linear flow, guided samples are those of the same walk by hand', async () => {
  for (const maxWeight of [0.7, 5]) {
    for (const kind of ['guided', 'guided-forward'] as const) {
      const ours = await sample({ kind, maxWeight }, weights);
      walk(maxWeight, kind === 'guided').forEach((x, i) =>
        assert.ok(Math.abs(x - ours[i]!) < 2e-5 * (1 + Math.abs(x)), `${kind}, β ${maxWeight}, ${i}: ${x}, ${ours[i]}`),
      );
    }
  }
  assert.notDeepEqual(walk(5, true), walk(5, false));
});

test('with β of 0, and with weights of 0, nothing pulls', async () => {
  const free = walk(0, true);
  for (const ours of [
    await sample({ kind: 'guided', maxWeight: 0 }, weights),
    await sample({ kind: 'guided', maxWeight: 5 }, new Float32Array(SIZE)),
    await sample({ kind: 'guided-forward', maxWeight: 5 }, new Float32Array(SIZE)),
  ]) {
    free.forEach((x, i) => assert.ok(Math.abs(x - ours[i]!) < 2e-5 * (1 + Math.abs(x)), `${i}: ${x}, ${ours[i]}`));
  }
});
