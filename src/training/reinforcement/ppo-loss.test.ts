/** @file Log-probabilities of flow-SDE steps, PPO's losses and their gradients against PyTorch, on a stored batch. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors } from '../../../tests/golden-tensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import {
  constant,
  createSession,
  expand,
  gradient,
  input,
  output,
  reshape,
  trace,
  type Value,
} from '../../engine/index.ts';
import {
  overChunk,
  replayedTransition,
  sdeSteps,
  transitionEntropy,
  transitionLogProbability,
  type FlowSdeConfig,
} from '../../models/parts/flow-sde.ts';
import { checkPpo, ppoLoss, type PpoConfig } from './ppo-loss.ts';

/** The sizes of tools/golden/ppo.py. */
const [B, H, A, STEPS, EXECUTE] = [10, 4, 3, 5, 3];
const PPO: PpoConfig = {
  clipRatio: 0.2,
  dualClip: 3,
  valueClip: 0.2,
  huberDelta: 0.5,
  valueWeight: 0.7,
  entropyWeight: 0,
};
const SCALARS = ['loss', 'policyLoss', 'valueLoss', 'kl', 'clipFraction', 'valueClipFraction', 'valueError'] as const;

const golden = goldenTensors('ppo');

/** Runs the loss on the stored batch of a kind of step. */
async function run(kind: FlowSdeConfig['kind'], c: PpoConfig, runtime: 'cpu' | 'reference') {
  const names = [
    'before',
    'velocity',
    'after',
    'oldLogProbability',
    'value',
    'oldValue',
    'target',
    'advantage',
  ] as const;
  const fed = Object.fromEntries(names.map((name) => [name, golden[`${kind}.${name}`]!]));
  const graph = trace(() => {
    const x = Object.fromEntries(names.map((name) => [name, input(name, 'f32', fed[name]!.shape)])) as Record<
      (typeof names)[number],
      Value
    >;
    const choice = Float32Array.from({ length: B * STEPS }, (_, i) =>
      i % STEPS === Math.floor(i / STEPS) % STEPS ? 1 : 0,
    );
    const mask = expand(constant(f32(Float32Array.of(1, 1, 0))), [B, H, A]);
    const everywhere = expand(constant(1), [B, H, A]);
    const table = sdeSteps({ kind, noiseLevel: 0.5 }, STEPS);
    const flow = { start: (noise: Value) => noise, velocity: () => x.velocity };
    const choices = constant(f32(choice, [B, STEPS]));
    const transition = replayedTransition(flow, { before: x.before, choice: choices }, everywhere, table);
    const elements = transitionLogProbability(transition, x.after);
    output('logProbability', elements);
    const entropy = reshape(transitionEntropy(transition), [B]);
    output('entropy', entropy);
    const { loss, metrics } = ppoLoss({ ...x, logProbability: overChunk(elements, mask, EXECUTE), entropy }, c);
    for (const name of SCALARS) output(name, name === 'loss' ? loss : metrics[name]);
    const [byVelocity, byValue] = gradient(loss, [x.velocity, x.value]);
    output('gradient.velocity', byVelocity!);
    output('gradient.value', byValue!);
  });
  const session = await createSession(graph, { runtime });
  try {
    return await session.run(fed);
  } finally {
    await session.close();
  }
}

/** The largest difference, as a share of 1 + the size of the expected number. */
function difference(got: Tensor, expected: Tensor): number {
  assert.equal(got.data.length, expected.data.length);
  return Math.max(
    ...Array.from(expected.data as Float32Array, (x, i) => Math.abs(Number(got.data[i]) - x) / (1 + Math.abs(x))),
  );
}

for (const kind of ['flow-sde', 'flow-cps'] as const) {
  test(`${kind}: log-probabilities, PPO’s losses, what is watched, and gradients are PyTorch’s`, async () => {
    for (const runtime of ['cpu', 'reference'] as const) {
      const results = await run(kind, PPO, runtime);
      for (const name of ['logProbability', 'entropy', 'gradient.velocity', 'gradient.value']) {
        assert.ok(difference(results[name]!, golden[`${kind}.${name}`]!) < 1e-5, `${runtime} ${name}`);
      }
      const expected = golden[`${kind}.scalars`]!.data as Float32Array;
      for (const [i, name] of SCALARS.entries()) {
        const got = Number(results[name]!.data[0]);
        assert.ok(Math.abs(got - expected[i]!) < 1e-5 * (1 + Math.abs(expected[i]!)), `${runtime} ${name}: ${got}`);
      }
    }
  });
}

test('every limit of the loss matters on the stored batch', async () => {
  const first = await run('flow-sde', PPO, 'reference');
  const changes: Partial<PpoConfig>[] = [
    { clipRatio: 0.9 },
    { dualClip: null },
    { valueClip: null },
    { huberDelta: null },
    { valueWeight: 0 },
    { entropyWeight: 0.1 },
  ];
  for (const change of changes) {
    const other = await run('flow-sde', { ...PPO, ...change }, 'reference');
    assert.notEqual(Number(other['loss']!.data[0]), Number(first['loss']!.data[0]), JSON.stringify(change));
  }
});

test('limits that cannot work are refused by name', () => {
  checkPpo(PPO);
  assert.throws(() => checkPpo({ ...PPO, clipRatio: 1 }), { code: 'bad-argument', message: /^ppo\.clipRatio/ });
  assert.throws(() => checkPpo({ ...PPO, dualClip: 1 }), { code: 'bad-argument', message: /^ppo\.dualClip/ });
  assert.throws(() => checkPpo({ ...PPO, huberDelta: 0 }), { code: 'bad-argument', message: /^ppo\.huberDelta/ });
});
