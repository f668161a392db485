/**
 * @file The contract of every model family for chunks that continue another: given prefixes are kept, cost no loss and are told to be
 * clean; guidance is the true vector-Jacobian product, and off when nothing guides.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../src/base/random.ts';
import { f32, type Tensor } from '../../src/base/tensor.ts';
import {
  constant,
  createSession,
  expand,
  gradient,
  input,
  mul,
  output,
  reduceSum,
  sub,
  trace,
  type Runtime,
  type Value,
} from '../../src/engine/index.ts';
import type { ActionChunk } from '../../src/interfaces/action-chunk.ts';
import type { Continuation, Policy } from '../../src/interfaces/policy.ts';
import type { ContinuationSettings } from '../../src/models/continuation.ts';
import type { AnyFamily, FamilyConfig } from '../../src/models/family.ts';
import { createFlowPolicy } from '../../src/models/flow-policy.ts';
import { createFlowTrainable, modelSpec, observationNames, promptInputs } from '../../src/models/flow-trainable.ts';
import { fixedTime, type ActionFlow } from '../../src/models/parts/flow-matching.ts';
import type { GivenPrefix } from '../../src/models/parts/given-prefix.ts';
import { asInputs, flatten, materialise } from '../../src/nn/parameters.ts';
import { tinyRobot, tinySample } from '../codec-fixtures.ts';
import { familyCodec, oneBatch } from './family-learning.ts';

/** What the suite needs to know of a family. */
export interface ContinuationSubject {
  readonly family: AnyFamily;
  micro(tiny: FamilyConfig): FamilyConfig;
  /** The configuration trained by training-time RTC: the first 0 to `longest` actions of a draw are given. */
  given(tiny: FamilyConfig, longest: number): FamilyConfig;
}

const guided = (kind: 'guided' | 'guided-forward', maxWeight: number): ContinuationSettings => ({
  kind,
  maxWeight,
  schedule: 'exponential',
});
const RUNNING: Continuation = {
  actions: Float32Array.of(0.4, -0.3, 1, 0.2, 0.1, 1, -0.4, 0.25, -1),
  count: 3,
  committed: 2,
};
const near = (a: readonly number[], b: readonly number[]): boolean => a.every((x, i) => Math.abs(x - b[i]!) < 2e-5);
const numbers = ({ data }: ActionChunk): number[] => [...data];

/** Registers the tests for one family. */
export function familyContinuationContract(subject: ContinuationSubject): void {
  const { family } = subject;
  const { codec, config } = familyCodec(family, {}, 16);
  const trained = family.parse(subject.given(config, 2), 'trained');
  const weights = Object.fromEntries(flatten<Tensor>(materialise(modelSpec(family, config, codec), new Random(3))));
  const observation = tinySample(5);
  const open = (
    continuation: ContinuationSettings | null,
    model: FamilyConfig = config,
    runtime: Runtime = 'cpu',
    batch = 1,
  ): Promise<Policy> =>
    createFlowPolicy({
      name: 'tiny',
      family,
      config: model,
      codec,
      embodiment: tinyRobot,
      weights,
      steps: 3,
      noiseScale: 1,
      continuation,
      batch,
      session: runtime === 'cpu' ? { runtime, threads: 1 } : { runtime },
    });
  const act = async (policy: Policy, continuation?: Continuation): Promise<number[]> => {
    await policy.reset({ seed: 4 });
    return numbers(await policy.infer(observation, continuation === undefined ? {} : { continuation }));
  };
  /** Opens policies one after the other and closes them. */
  const acting = async <T>(policy: Promise<Policy>, play: (policy: Policy) => Promise<T>): Promise<T> => {
    const opened = await policy;
    try {
      return await play(opened);
    } finally {
      await opened.close();
    }
  };
  const prefix: ContinuationSettings = { kind: 'prefix', longest: 2 };

  test(`${family.name}: given actions begin the chunk as they are, whatever their number, and the rest follows them`, async () => {
    const plain = await acting(open(null), (policy) => act(policy));
    await acting(open(prefix, trained), async (policy) => {
      assert.deepEqual(policy.continues, { kind: 'prefix', longest: 2 });
      assert.ok(near(await act(policy), plain), 'without a continuation');
      for (const committed of [0, 1, 2]) {
        const chunk = await act(policy, { ...RUNNING, committed });
        assert.deepEqual(chunk.slice(0, 3 * committed), [...RUNNING.actions.subarray(0, 3 * committed)]);
        assert.equal(near(chunk.slice(3 * committed), plain.slice(3 * committed)), committed === 0);
      }
      const other = { ...RUNNING, actions: RUNNING.actions.map((x, i) => (i === 4 ? -x : i > 5 ? 0 : x)) };
      const [one, two] = [await act(policy, RUNNING), await act(policy, other)];
      assert.notDeepEqual(two.slice(6), one.slice(6));
      const uncommitted = { ...RUNNING, actions: RUNNING.actions.map((x, i) => (i > 5 ? -x : x)) };
      assert.deepEqual(await act(policy, uncommitted), one);
    });
  });

  test(`${family.name}: what cannot be continued is refused`, async () => {
    await assert.rejects(open(prefix), { code: 'unsupported', message: /a prefix of at most 0 actions/ });
    await assert.rejects(open({ kind: 'prefix', longest: 3 }, trained), { code: 'unsupported', message: /at most 2/ });
    await acting(open(null), async (policy) => {
      assert.equal(policy.continues, undefined);
      await assert.rejects(act(policy, RUNNING), { code: 'unsupported' });
      await assert.rejects(policy.infer(observation, { signal: AbortSignal.abort() }), { code: 'interrupted' });
    });
    await acting(open(prefix, trained), async (policy) => {
      const wrong = (changes: Partial<Continuation>, code: string, message: RegExp): Promise<void> =>
        assert.rejects(act(policy, { ...RUNNING, ...changes }), { code, message });
      await wrong({ committed: 3 }, 'bad-argument', /expected at most 2 committed actions, got 3/);
      await wrong({ committed: 4 }, 'bad-argument', /expected 0 to 3 committed actions/);
      await wrong({ committed: 0.5 }, 'bad-argument', /committed/);
      await wrong({ count: 2 }, 'bad-argument', /expected 2 × 3 numbers, got 9/);
      await wrong({ actions: RUNNING.actions.map((x, i) => (i === 1 ? NaN : x)) }, 'not-finite', /action/);
      assert.equal((await act(policy, RUNNING)).length, 12);
    });
  });

  test(`${family.name}: guidance pulls towards the running chunk, and without weight it does nothing`, async () => {
    const plain = await acting(open(null), (policy) => act(policy));
    assert.ok(near(await acting(open(guided('guided', 0)), (policy) => act(policy, RUNNING)), plain));
    const away = (chunk: readonly number[]): number =>
      chunk.slice(0, 6).reduce((sum, x, i) => sum + Math.abs(x - RUNNING.actions[i]!), 0);
    const pulled: number[][] = [];
    for (const kind of ['guided', 'guided-forward'] as const) {
      await acting(open(guided(kind, 5)), async (policy) => {
        assert.deepEqual(policy.continues, { kind, longest: 3 });
        assert.ok(near(await act(policy), plain), kind);
        const chunk = await act(policy, RUNNING);
        assert.ok(away(chunk) < 0.7 * away(plain), `${kind}: ${away(plain)} → ${away(chunk)}`);
        pulled.push(chunk);
        await assert.rejects(act(policy, { actions: new Float32Array(12), count: 4, committed: 4 }), {
          code: 'bad-argument',
        });
      });
    }
    assert.notDeepEqual(pulled[0], pulled[1]);
    const slow = await acting(open(guided('guided', 5), config, 'reference'), (policy) => act(policy, RUNNING));
    slow.forEach((x, i) => assert.ok(Math.abs(x - pulled[0]![i]!) < 1e-4, `action ${i}`));
  });

  test(`${family.name}: chunks that are continued together are those continued alone`, async () => {
    const asked = [undefined, RUNNING, { ...RUNNING, committed: 1 }];
    for (const [kind, model] of [
      [prefix, trained],
      [guided('guided', 5), config],
    ] as const) {
      const alone = await acting(open(kind, model), async (policy) => {
        const chunks: number[][] = [];
        for (const continuation of asked) chunks.push(await act(policy, continuation));
        return chunks;
      });
      await acting(open(kind, model, 'cpu', 2), async (policy) => {
        // The first begins at once; the two that wait for it are joined.
        const together = await Promise.all(asked.map((continuation) => act(policy.another!(), continuation)));
        for (const [i, chunk] of together.entries()) assert.ok(near(chunk, alone[i]!), `${kind.kind}, ${i}`);
      });
    }
  });

  test(`${family.name}: the pull is the vector-Jacobian product of the network`, async () => {
    const small = familyCodec(family, {}, 16);
    const micro = family.parse(subject.micro(small.config), 'micro');
    await checkPull(family, micro, small.codec);
  });

  test(`${family.name}: given actions are told that they are clean`, async (t) => {
    const { run, x, close } = await openVelocities(family, trained, codec);
    t.after(close);
    const [at0, at1] = [await run(0, x), await run(1, x)];
    const { actionDim: A, actionDimensions: real } = codec;
    const rest = ({ data }: Tensor): number[] => [...data].slice(2 * A).map((v, i) => Number(v) * real[i % A]!);
    const apart = ({ plain, given }: Record<string, Tensor>): number =>
      Math.max(...rest(plain!).map((v, i) => Math.abs(v - rest(given!)[i]!)));
    // At n = 0 all are clean; at n = 1 those that are not given hear the difference, however little an untrained model makes of it.
    assert.ok(apart(at0) < 1e-6, `${apart(at0)}`);
    assert.ok(apart(at1) > 1e-6 + 10 * apart(at0), `${apart(at0)}, then ${apart(at1)}`);
    assert.ok([...at1['given']!.data].slice(0, 2 * A).every((v) => Number(v) === 0));
  });

  test(`${family.name}: training-time RTC draws its prefixes repeatably, and the loss is that of the rest`, async () => {
    const trainable = createFlowTrainable({ family, config: trained, codec, batchSize: 2, draws: 2 });
    const sizes = { draws: 600, horizon: 4, actionDim: 5 };
    const lengths = family.draws(trained).draw([new Random(8)], sizes)['prefixLength']!.data;
    for (const length of [0, 1, 2]) {
      const share = [...lengths].filter((drawn) => Number(drawn) === length).length / lengths.length;
      assert.ok(Math.abs(share - 1 / 3) < 0.08, `${length}: ${share}`);
    }
    const graph = trace(() => {
      const feeds = Object.entries(trainable.inputs).map(([name, { dtype, shape }]) => [
        name,
        input(name, dtype, shape),
      ]) as [string, Value][];
      output('loss', trainable.loss(asInputs(trainable.parameters), Object.fromEntries(feeds)).loss);
    });
    const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
    const batch = {
      ...Object.fromEntries(flatten<Tensor>(materialise(trainable.parameters, new Random(7)))),
      ...oneBatch(trainable, codec, 2)(0),
      prefixLength: f32([2, 1, 0, 2], [2, 2]),
    } as Record<string, Tensor>;
    delete batch['rate'];
    const lossAt = async (changes: Record<string, Tensor>): Promise<number> =>
      Number((await session.run({ ...batch, ...changes }))['loss']!.data[0]);
    const noise = batch['noise']!;
    const changedAt = (places: readonly (readonly [draw: number, step: number])[]): Tensor => {
      const data = (noise.data as Float32Array).slice();
      for (const [draw, step] of places) data.fill(7, (draw * 4 + step) * 5, (draw * 4 + step) * 5 + 3);
      return f32(data, noise.shape as number[]);
    };
    const before = await lossAt({});
    const given = [0, 1].map((step) => [0, step] as const);
    assert.equal(await lossAt({ noise: changedAt([...given, [1, 0], [3, 0], [3, 1]]) }), before);
    assert.notEqual(await lossAt({ noise: changedAt([[0, 2]]) }), before);
    assert.notEqual(await lossAt({ prefixLength: f32([0, 0, 0, 0], [2, 2]) }), before);
    await session.close();
  });
}

/** Traces the flow of a model for one observation; `build` gets it with x [1, H, A] as an input. */
function traceFlow(
  family: AnyFamily,
  config: FamilyConfig,
  codec: ReturnType<typeof familyCodec>['codec'],
  build: (flow: (prefix: GivenPrefix | null) => ActionFlow, x: Value, shape: readonly [number, number, number]) => void,
) {
  const spec = family.spec(config, codec.layout.length);
  const shape = [1, codec.horizon, codec.actionDim] as const;
  const offered = codec.observationInputs(1);
  const names = observationNames(family, config, codec, false);
  const graph = trace(() => {
    const p = asInputs(spec);
    const read = names.map((name): [string, Value] => [name, input(name, offered[name]!.dtype, offered[name]!.shape)]);
    const observed = promptInputs(codec, Object.fromEntries(read));
    const context = family.context(p, family.encode(p, observed, codec.layout, config), observed.state, config);
    const mask = expand(constant(f32(codec.actionDimensions)), shape);
    build((prefix) => family.flow(p, context, mask, config, prefix), input('x', 'f32', shape), shape);
  });
  const encoded = codec.encodeObservation(tinySample(5));
  const observed = Object.fromEntries(names.map((name) => [name, encoded[name]!]));
  const weights = Object.fromEntries(flatten<Tensor>(materialise(spec, new Random(5))));
  return { graph, feeds: { ...weights, ...observed }, shape };
}

/** Velocities of a model at a noise fraction, without and with its first two actions given. */
async function openVelocities(family: AnyFamily, config: FamilyConfig, codec: ReturnType<typeof familyCodec>['codec']) {
  const { graph, feeds, shape } = traceFlow(family, config, codec, (flow, x) => {
    const n = input('n', 'f32', [1]);
    // A time between the two that are compared, in a family's own numbers, which are linear in it.
    const time = (own: (noiseFraction: number) => number): Value =>
      sub(constant([own(0)]), mul(n, constant(own(0) - own(1))));
    const given = { actions: x, length: constant([2]) };
    output('plain', flow(null).velocity(x, time));
    output('given', flow(given).velocity(x, time));
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  const random = new Random(9);
  const x = f32(
    Float32Array.from({ length: shape[1] * shape[2] }, () => random.normal()),
    shape,
  );
  return {
    x,
    run: (n: number, at: Tensor) => session.run({ ...feeds, x: at, n: f32([n], [1]) }),
    close: () => session.close(),
  };
}

/** Steps are powers of two and x a multiple of them, so that x ± step is exact in f32. */
const UNIT = 2 ** -12;

/** ∂(Σ e x̂)/∂x along random directions, in fp64, against central differences. */
async function checkPull(
  family: AnyFamily,
  config: FamilyConfig,
  codec: ReturnType<typeof familyCodec>['codec'],
): Promise<void> {
  const clean = (flow: ActionFlow, x: Value): Value => sub(x, mul(flow.velocity(x, fixedTime(0.6, 1)), constant(0.6)));
  const backward = traceFlow(family, config, codec, (flow, x, shape) => {
    const heading = reduceSum(mul(clean(flow(null), x), input('e', 'f32', shape)));
    output('value', heading);
    output('pull', gradient(heading, [x])[0]!);
  });
  const forward = traceFlow(family, config, codec, (flow, x, shape) => {
    // The difference from a number near it: tensors come back in f32, whose rounding would drown small differences.
    const heading = reduceSum(mul(clean(flow(null), x), input('e', 'f32', shape)));
    output('value', sub(heading, input('base', 'f32', [])));
  });
  const options = { runtime: 'reference', precision: 'f64' } as const;
  const [slope, value] = [await createSession(backward.graph, options), await createSession(forward.graph, options)];
  const random = new Random(2);
  const { shape } = backward;
  const filled = (of: () => number): Float32Array => Float32Array.from({ length: shape[1] * shape[2] }, of);
  const [x, e] = [filled(() => Math.round(random.normal() / UNIT) * UNIT), filled(() => random.normal())];
  const point = { ...backward.feeds, e: f32(e, shape) };
  const results = await slope.run({ ...point, x: f32(x, shape) });
  const pull = results['pull']!.data as Float32Array;
  for (let trial = 0; trial < 3; trial++) {
    const signs = filled(() => (random.uniform() < 0.5 ? -UNIT : UNIT));
    const at = async (sign: number): Promise<number> => {
      const moved = f32(
        x.map((v, i) => v + sign * signs[i]!),
        shape,
      );
      return Number((await value.run({ ...point, x: moved, base: results['value']! }))['value']!.data[0]);
    };
    const measured = (await at(1)) - (await at(-1));
    const moves = [...pull].map((g, i) => 2 * g * signs[i]!);
    const expected = moves.reduce((a, b) => a + b, 0);
    const size = moves.reduce((sum, move) => sum + Math.abs(move), 0);
    assert.ok(Math.abs(measured - expected) < 1e-4 * size, `measured ${measured}, expected ${expected} (Σ|·| ${size})`);
  }
  assert.ok(
    pull.some((g, i) => Math.abs(g - e[i]! * codec.actionDimensions[i % shape[2]]!) > 1e-3),
    'not the identity',
  );
  await slope.close();
  await value.close();
}
