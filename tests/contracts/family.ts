/**
 * @file The contract of every model family: its configuration survives JSON, its loss falls and reaches every parameter, what
 * masks hide does not matter, gradients are right, and its policy acts the same on every runtime.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../src/base/random.ts';
import type { Tensor } from '../../src/base/tensor.ts';
import type { Runtime } from '../../src/engine/index.ts';
import { webGpuMissing } from '../../src/engine/runtimes/webgpu-driver.ts';
import type { ActionChunk } from '../../src/interfaces/action-chunk.ts';
import type { Observation } from '../../src/interfaces/observation.ts';
import type { Policy } from '../../src/interfaces/policy.ts';
import type { AnyFamily, FamilyConfig } from '../../src/models/family.ts';
import { createFlowPolicy, type FlowPolicyOptions } from '../../src/models/flow-policy.ts';
import { createFlowTrainable, modelSpec } from '../../src/models/flow-trainable.ts';
import { flatten, materialise } from '../../src/nn/parameters.ts';
import { noiseImage, tinyRobot, tinySample } from '../codec-fixtures.ts';
import { checkGradients, familyCodec, openDescent, oneBatch } from './family-learning.ts';
import { familyContinuationContract } from './family-continuation.ts';
import { familyTextContract } from './family-text.ts';
import { policyContract } from './policy.ts';

/** What the suite needs to know of a family. */
export interface FamilySubject {
  readonly family: AnyFamily;
  /** Parameters whose gradient is zero by nature, such as biases of keys. */
  readonly deaf: RegExp;
  /** What the loss does not see behind its mask; `tokens` always. */
  readonly masked: readonly ('actions' | 'noise')[];
  /** A smaller model than the tiny one, for the plain TypeScript runtime. */
  micro(tiny: FamilyConfig): FamilyConfig;
  /** A configuration trained to be given the first 0 to `longest` actions, each with a flow time of its own; default `givenPrefix`. */
  given?(tiny: FamilyConfig, longest: number): FamilyConfig;
  /** The tiny model without a state token or learned places, where more must change for it than `prompt`. */
  bare?(tiny: FamilyConfig): FamilyConfig;
}

const SUPERVISION = {
  target: { kind: 'pointer', input: 'targetPatch', weight: 0.1, camera: 'front' },
  place: { kind: 'values', input: 'targetPosition', weight: 0.5, size: 3, mask: null },
  subtask: { kind: 'class', input: 'subtask', weight: 0.1, classes: 3 },
} as const;
const BATCH = 3;
const numbers = ({ data }: ActionChunk): number[] => [...data];
const value = (results: Record<string, Tensor>, name: string): number => Number(results[name]!.data[0]);

/** Registers the tests of the contract for one family. */
export function familyContract(subject: FamilySubject): void {
  const { family } = subject;
  const { codec, config } = familyCodec(family, SUPERVISION, null);
  configuration(subject, config);
  learning(subject, config);
  acting(subject, codec, config);
  const given = (tiny: FamilyConfig, longest: number): FamilyConfig =>
    ({ ...tiny, givenPrefix: { longest } }) as FamilyConfig;
  familyContinuationContract({ given, ...subject });
  if (family.text !== undefined) familyTextContract(family, subject.bare);
}

function configuration({ family }: FamilySubject, config: FamilyConfig): void {
  test(`${family.name}: configurations survive JSON, and a wrong one is refused by field`, () => {
    for (const one of [config, ...Object.values(family.published)]) {
      assert.deepEqual(family.parse(JSON.parse(JSON.stringify(one)), 'config.json'), one);
    }
    assert.throws(() => family.parse({ ...config, language: { ...config.language, width: -1 } }, 'config.json'), {
      code: 'bad-data',
      message: /^config\.json: language\.width: /,
    });
    assert.throws(() => family.parse({ ...config, surprise: 1 }, 'config.json'), { code: 'bad-data' });
  });
}

function learning(subject: FamilySubject, config: FamilyConfig): void {
  const { family } = subject;
  const { codec } = familyCodec(family, SUPERVISION, null);
  const trainable = createFlowTrainable({ family, config, codec, batchSize: BATCH, draws: 2 });

  test(`${family.name}: the loss on one batch falls, in all of its parts`, async (t) => {
    const { session } = await openDescent(trainable);
    t.after(() => session.close());
    const feeds = oneBatch(trainable, codec, BATCH);
    const first = await session.run(feeds(0.05));
    let last = first;
    for (let i = 0; i < 60; i++) last = await session.run(feeds(0.05));
    for (const name of ['loss', 'metric.flow', 'metric.target', 'metric.place', 'metric.subtask']) {
      assert.ok(value(last, name) < 0.7 * value(first, name), `${name}: ${value(first, name)} → ${value(last, name)}`);
    }
  });

  test(`${family.name}: every parameter learns, once the first steps have opened what begins at zero`, async (t) => {
    const { session, names, square } = await openDescent(trainable);
    t.after(() => session.close());
    const feeds = oneBatch(trainable, codec, BATCH);
    for (let i = 0; i < 5; i++) await session.run(feeds(0.05));
    const results = await session.run(feeds(0.05));
    const hearing = names.filter((name) => !subject.deaf.test(name));
    assert.ok(hearing.length > 0.8 * names.length);
    assert.deepEqual(
      hearing.filter((name) => !(value(results, square(name)) > 1e-12)),
      [],
    );
  });

  test(`${family.name}: what lies behind the masks changes neither the loss nor any gradient`, async (t) => {
    const { session, names, square } = await openDescent(trainable);
    t.after(() => session.close());
    const feeds = oneBatch(trainable, codec, BATCH);
    for (let i = 0; i < 5; i++) await session.run(feeds(0.05));
    const batch = feeds(0);
    const before = await session.run(batch);
    const hidden = { tokens: ['tokenMask', 5], actions: ['actionMask', 40], noise: ['actionMask', -30] } as const;
    for (const name of ['tokens', ...subject.masked] as const) {
      const [mask, other] = hidden[name];
      const after = await session.run({ ...batch, ...changed(batch, name, mask, 0, other) });
      for (const number of ['loss', ...names.map(square)]) {
        const [a, b] = [value(before, number), value(after, number)];
        assert.ok(Math.abs(a - b) <= 1e-6 * Math.abs(a) + 1e-15, `${name}: ${number}: ${a}, then ${b}`);
      }
      const seen = await session.run({ ...batch, ...changed(batch, name, mask, 1, other) });
      assert.notEqual(value(seen, 'loss'), value(before, 'loss'), name);
    }
  });

  test(`${family.name}: every parameter’s gradient agrees with central differences`, async () => {
    const small = familyCodec(family, SUPERVISION, 16);
    const micro = family.parse(subject.micro(small.config), 'micro');
    const { codec: reads } = small;
    const one = createFlowTrainable({ family, config: micro, codec: reads, batchSize: 1, draws: 2 });
    await checkGradients(one, reads, subject.deaf);
  });
}

/** An input with another value wherever its mask, repeated where draws share it, is `masked`. */
function changed(
  batch: Readonly<Record<string, Tensor>>,
  name: string,
  maskName: string,
  masked: number,
  other: number,
): Record<string, Tensor> {
  const tensor = batch[name]!;
  const mask = (batch[maskName] ?? batch['actions']!).data;
  const draws = tensor.data.length / mask.length;
  const perSample = tensor.data.length / BATCH;
  const data = tensor.data.slice();
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    const [sample, within] = [Math.floor(i / perSample), (i % perSample) % (perSample / draws)];
    if (mask[(sample * perSample) / draws + within] !== masked) continue;
    data[i] = tensor.dtype === 'i64' ? BigInt(other) : other;
    count++;
  }
  assert.ok(count > 0, `${maskName} is ${masked} somewhere`);
  return { [name]: { ...tensor, data } as Tensor };
}

function acting(subject: FamilySubject, codec: FlowPolicyOptions['codec'], config: FamilyConfig): void {
  const { family } = subject;
  const weights = Object.fromEntries(flatten<Tensor>(materialise(modelSpec(family, config, codec), new Random(3))));
  const observation: Observation = tinySample(5);
  const open = (runtime: Runtime, changes: Partial<FlowPolicyOptions> = {}): Promise<Policy> =>
    createFlowPolicy({
      name: 'tiny',
      family,
      config,
      codec,
      embodiment: tinyRobot,
      weights,
      steps: 3,
      noiseScale: 1,
      session: runtime === 'cpu' ? { runtime, threads: 1 } : { runtime },
      ...changes,
    });

  policyContract(family.name, { open: () => open('cpu'), observation: async () => structuredClone(observation) });

  test(`${family.name}: a seed names the noise of an episode`, async (t) => {
    const policy = await open('cpu');
    t.after(() => policy.close());
    await policy.reset({ seed: 11 });
    const first = await policy.infer(observation);
    const second = await policy.infer(observation);
    assert.deepEqual([first.horizon, first.dim, first.data.length], [4, 3, 12]);
    assert.notDeepEqual(numbers(first), numbers(second));
    await policy.reset({ seed: 11 });
    assert.deepEqual(numbers(await policy.infer(observation)), numbers(first));
    await policy.reset({ seed: 12 });
    assert.notDeepEqual(numbers(await policy.infer(observation)), numbers(first));
  });

  test(`${family.name}: with a noise scale of 0 the actions depend on the observation alone`, async (t) => {
    const policy = await open('cpu', { noiseScale: 0 });
    t.after(() => policy.close());
    const chunks: number[][] = [];
    for (const seed of [1, 2]) {
      await policy.reset({ seed });
      chunks.push(numbers(await policy.infer(observation)));
    }
    assert.deepEqual(chunks[0], chunks[1]);
  });

  test(`${family.name}: images, instruction and, where it is read, state reach the actions`, async (t) => {
    const policy = await open('cpu');
    t.after(() => policy.close());
    const chunk = async (changes: Partial<Observation>): Promise<number[]> => {
      await policy.reset({ seed: 1 });
      return numbers(await policy.infer({ ...observation, ...changes }));
    };
    const before = await chunk({});
    const { front, wrist } = observation.images as Record<string, Observation['images'][string]>;
    assert.notDeepEqual(await chunk({ images: { front: noiseImage(32, 32, 77), wrist: wrist! } }), before);
    assert.notDeepEqual(await chunk({ images: { front: front!, wrist: noiseImage(40, 20, 78) } }), before);
    assert.notDeepEqual(await chunk({ instruction: 'push the green block' }), before);
    const moved = await chunk({ state: Float32Array.of(0.9, 0.9, 0.01) });
    if (family.needs(config).stateDim === null) assert.deepEqual(moved, before);
    else assert.notDeepEqual(moved, before);
  });

  for (const runtime of ['reference', 'webgpu'] as const) {
    test(`${family.name}: the ${runtime} runtime gives the same actions`, async (t) => {
      const missing = runtime === 'webgpu' ? await webGpuMissing() : false;
      if (missing !== false) return t.skip(missing);
      const [cpu, other] = await Promise.all([open('cpu'), open(runtime)]);
      t.after(() => Promise.all([cpu.close(), other.close()]));
      const [a, b] = await Promise.all([cpu.infer(observation), other.infer(observation)]);
      a.data.forEach((x, i) => assert.ok(Math.abs(x - b.data[i]!) < 1e-4, `action ${i}: ${x}, ${b.data[i]}`));
    });
  }

  test(`${family.name}: an observation that does not fit is refused by name`, async (t) => {
    const policy = await open('cpu');
    t.after(() => policy.close());
    const { wrist } = observation.images as Record<string, Observation['images'][string]>;
    const refused = (changes: Partial<Observation>, code: string, message: RegExp): Promise<void> =>
      assert.rejects(policy.infer({ ...observation, ...changes }), { code, message });
    await refused({ images: { wrist: wrist! } }, 'not-found', /camera image: expected one of .*"front"/);
    await refused(
      { images: { front: noiseImage(64, 64, 1), wrist: wrist! } },
      'bad-shape',
      /camera "front": expected 32×32 pixels, got 64×64/,
    );
    await refused({ state: Float32Array.of(0, Number.NaN, 0) }, 'not-finite', /state/);
    await refused({ state: Float32Array.of(0, 0) }, 'bad-shape', /state: expected 3 values, got 2/);
    await refused({ instruction: 'lift '.repeat(60) }, 'bad-argument', /instruction: expected at most/);
  });

  test(`${family.name}: parts of different checkpoints are refused`, async () => {
    await assert.rejects(open('cpu', { embodiment: { ...tinyRobot, controlHz: 50 } }), { code: 'mismatch' });
    const larger = family.tiny({ vocabulary: config.language.vocabulary, stateDim: 9, actionDim: 9, supervision: {} });
    await assert.rejects(open('cpu', { config: larger }), {
      code: 'mismatch',
      message: new RegExp(`^${family.name}: (state|action) size: the model has 9, the codec [45]\\.$`),
    });
    const [name] = flatten(family.spec(config, codec.layout.length)).at(-1)!;
    const { [name]: _, ...incomplete } = weights;
    await assert.rejects(open('cpu', { weights: incomplete }), { code: 'not-found' });
  });
}
