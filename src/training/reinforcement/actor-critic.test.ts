/** @file Every family under PPO: chance of size 0 samples as usual, log-probabilities by hand, rollouts that are judged again, and what learns. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { noiseImage, tinySample } from '../../../tests/codec-fixtures.ts';
import { familyCodec } from '../../../tests/contracts/family-learning.ts';
import { Random } from '../../base/random.ts';
import { f32, zeros, type Tensor } from '../../base/tensor.ts';
import { constant, createSession, expand, input, output, trace, type Value } from '../../engine/index.ts';
import { FAMILIES } from '../../models/families.ts';
import type { AnyFamily } from '../../models/family.ts';
import { inferenceGraph } from '../../models/flow-policy.ts';
import { fixedTime } from '../../models/parts/flow-matching.ts';
import { asWeights, flatten, materialise, type ParameterSpec, type Tree } from '../../nn/parameters.ts';
import { joinParameters } from '../flat-parameters.ts';
import { updateScalars } from '../optimiser.ts';
import { createActorCritic, observationInputs, type ActorCritic, type ActorCriticOptions } from './actor-critic.ts';
import { drawActions, openActor, type Actor, type NetworkWeights } from './actor.ts';
import type { PpoConfig } from './ppo-loss.ts';
import { NETWORKS, RATES, tracePpoStep } from './ppo-step.ts';

const B = 3;
const PPO: PpoConfig = {
  clipRatio: 0.2,
  dualClip: null,
  valueClip: null,
  huberDelta: null,
  valueWeight: 1,
  entropyWeight: 0,
};
const OPTIMISER = { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0, clipNorm: 1, emaDecay: null } as const;
const observations = [1, 2, 3].map((seed) => {
  const { images, state, instruction } = tinySample(seed);
  return { images: { ...images, front: noiseImage(32, 32, seed) }, state, instruction };
});

/** A tiny policy with drawn weights, in which nothing is zero. */
function subject(family: AnyFamily, change: Partial<ActorCriticOptions> = {}) {
  const { codec, config } = familyCodec(family, {}, null);
  const ac = createActorCritic({
    family,
    config,
    codec,
    learn: 'all',
    valueHead: { hidden: null },
    sde: { kind: 'flow-sde', noiseLevel: 0.5 },
    eulerSteps: 4,
    execute: 3,
    ...change,
  });
  const random = new Random(5);
  const policy = Object.fromEntries(flatten<Tensor>(materialise(ac.spec, random)));
  for (const { data } of Object.values(policy)) {
    for (let i = 0; i < data.length; i++) (data as Float32Array)[i]! += 0.02 * random.normal();
  }
  const critic = f32(Float32Array.from({ length: ac.critic.count }, () => 0.1 * random.normal()));
  const weights: NetworkWeights = { actor: joinParameters(ac.actor, policy), critic };
  return { ac, policy, weights };
}

async function opened(t: { after(f: () => Promise<void>): void }, of: ReturnType<typeof subject>): Promise<Actor> {
  const actor = await openActor(of.ac, B, { runtime: 'cpu', threads: 1, weights: of.policy });
  t.after(() => actor.close());
  return actor;
}

/** v at `before`, [B, H, A], asked of the family alone, for one observation after the other. */
async function velocities(t: { after(f: () => Promise<void>): void }, ac: ActorCritic, policy: Record<string, Tensor>) {
  const { family, config, codec } = ac;
  const chunk = [1, codec.horizon, codec.actionDim];
  const size = codec.horizon * codec.actionDim;
  const graph = trace(() => {
    const p = asWeights<Tree<ParameterSpec>>(ac.spec) as Tree<Value>;
    const inputs = observationInputs(codec, ac.observation, 1);
    const context = family.context(p, family.encode(p, inputs, codec.layout, config), inputs.state, config);
    const flow = family.flow(p, context, expand(constant(f32(codec.actionDimensions)), chunk), config);
    const x = input('x', 'f32', chunk);
    for (const [step, { noiseFraction }] of ac.table.entries()) {
      output(`v${step}`, flow.velocity(x, fixedTime(noiseFraction, 1)));
    }
  });
  const session = await createSession(graph, { runtime: 'cpu', weights: policy });
  t.after(() => session.close());
  return async (before: Tensor, step: number): Promise<Float32Array> => {
    const found = new Float32Array(before.data.length);
    for (const [b, observation] of observations.entries()) {
      const row = codec.encodeObservation(observation);
      const x = f32((before.data as Float32Array).slice(b * size, (b + 1) * size), chunk);
      const read = Object.fromEntries(ac.observation.map((name) => [name, row[name]!]));
      found.set((await session.run({ ...read, x }))[`v${step}`]!.data as Float32Array, b * size);
    }
    return found;
  };
}

/** The Gaussian of RLinf's table as it is written there, in double precision. */
function bruteForce(x: number, v: number, y: number, step: number, steps: number, a: number): number {
  const t = 1 - step / steps;
  const delta = 1 / steps;
  const sigma = a * Math.sqrt(t / (1 - (step === 0 ? 1 - delta : t)));
  const [x0, x1] = [x - t * v, x + (1 - t) * v];
  const mean = (1 - (t - delta)) * x0 + (t - delta - (sigma * sigma * delta) / (2 * t)) * x1;
  const std = Math.sqrt(delta) * sigma;
  return -0.5 * ((y - mean) / std) ** 2 - Math.log(std) - 0.5 * Math.log(2 * Math.PI);
}

for (const family of Object.values(FAMILIES)) {
  test(`${family.name}: without chance a rollout samples as the policy does`, async (t) => {
    const of = subject(family, { sde: { kind: 'flow-sde', noiseLevel: 0 } });
    const { ac, policy, weights } = of;
    const draws = drawActions(
      ac,
      [1, 2, 3].map((seed) => new Random(seed)),
      1,
      1,
    );
    const acted = await (await opened(t, of)).act(observations, draws, weights);
    const { codec } = ac;
    const size = codec.horizon * codec.actionDim;
    const graph = inferenceGraph(family, ac.config, codec, ac.table.length);
    const usual = await createSession(graph, { runtime: 'cpu', weights: policy });
    t.after(() => usual.close());
    for (const [b, observation] of observations.entries()) {
      const encoded = codec.encodeObservation(observation);
      const noise = f32((draws.noise.data as Float32Array).slice(b * size, (b + 1) * size), [
        1,
        codec.horizon,
        codec.actionDim,
      ]);
      const read = Object.fromEntries(ac.observation.map((name) => [name, encoded[name]!]));
      const { actions } = await usual.run({ ...read, noise });
      const expected = codec.decodeActions(actions!.data as Float32Array, observation.state).data;
      expected.forEach((x, i) =>
        assert.ok(Math.abs(x - acted.chunks[b]!.data[i]!) < 1e-5, `${x}, ${acted.chunks[b]!.data[i]}`),
      );
    }
    assert.ok(acted.logProbabilities.every((x) => x === 0));
  });

  test(`${family.name}: log-probabilities are the Gaussian’s, over executed steps and real dimensions`, async (t) => {
    const of = subject(family);
    const { ac, policy, weights } = of;
    const actor = await opened(t, of);
    const velocity = await velocities(t, ac, policy);
    const { horizon: H, actionDim: A, actionDimensions } = ac.codec;
    for (const step of [0, 2, 3]) {
      const draws = drawActions(
        ac,
        [1, 2, 3].map((seed) => new Random(seed)),
        step,
        1,
      );
      const { memory, logProbabilities } = await actor.act(observations, draws, weights);
      const before = memory['before']!;
      const v = await velocity(before, step);
      const [x, y] = [before.data as Float32Array, memory['after']!.data as Float32Array];
      for (let b = 0; b < B; b++) {
        let sum = 0;
        for (let h = 0; h < ac.execute; h++) {
          for (let d = 0; d < A; d++) {
            const i = (b * H + h) * A + d;
            if (actionDimensions[d] === 1) sum += bruteForce(x[i]!, v[i]!, y[i]!, step, ac.table.length, 0.5);
          }
        }
        assert.ok(
          Math.abs(sum - logProbabilities[b]!) < 1e-3,
          `step ${step}: ${logProbabilities[b]} instead of ${sum}`,
        );
      }
    }
  });

  test(`${family.name}: a rollout judged again has ratio 1, with prompts encoded again or kept, and the critic moves no policy`, async (t) => {
    for (const learn of ['all', 'expert'] as const) {
      const of = subject(family, { learn });
      const { ac, policy, weights } = of;
      const encoder = subject(family).ac.actor.entries.length - ac.actor.entries.length;
      assert.equal(encoder > 10, learn === 'expert', 'the vision-language model stays as it is');
      const actor = await opened(t, of);
      const draws = drawActions(
        ac,
        [1, 2, 3].map((seed) => new Random(seed)),
        1,
        1,
      );
      const { memory, values } = await actor.act(observations, draws, weights);
      assert.deepEqual([...(await actor.values(observations, weights))], [...values]);
      assert.notEqual(values[0], values[1]);
      const { graph, scalarNames } = tracePpoStep(ac, PPO, OPTIMISER, B);
      const session = await createSession(graph, { runtime: 'cpu', weights: policy });
      t.after(() => session.close());
      const vectors = NETWORKS.flatMap((network) => {
        const count = network === 'actor' ? ac.actor.count : ac.critic.count;
        const rates = updateScalars(OPTIMISER, 1e-4, 0);
        return [
          [`step.${network}.weights`, weights[network]],
          [`step.${network}.m`, zeros('f32', [count])],
          [`step.${network}.v`, zeros('f32', [count])],
          ...RATES.map((name) => [`step.${network}.${name}`, f32([rates[name]], [])] as const),
        ] as const;
      });
      for (const advantage of [0, 1]) {
        const results = await session.run({
          ...memory,
          ...Object.fromEntries(vectors),
          advantage: f32([advantage, -advantage, advantage]),
          target: f32([1, 0, 1]),
        });
        const numbers = results['step.scalars']!.data as Float32Array;
        const value = (name: string): number => numbers[scalarNames.indexOf(name)]!;
        assert.ok(Math.abs(value('kl')) < 1e-6, `${learn}: kl ${value('kl')}`);
        assert.equal(value('clipFraction'), 0);
        assert.ok(value('criticGradientNorm') > 1e-3);
        assert.equal(value('gradientNorm') > 0, advantage !== 0, `${learn}: ${value('gradientNorm')}`);
      }
    }
  });
}
