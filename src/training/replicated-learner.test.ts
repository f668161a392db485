/** @file Replicas learn what one graph learns, repeat bit for bit however often they are killed, and fail without harm. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { regression, regressionBatches, regressionLearner, regressionWeights } from '../../tests/regression.ts';
import type { VlaError } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { workerUrl } from '../base/worker-url.ts';
import { add, constant, gather, mul, reduceMean, sub, type Value } from '../engine/index.ts';
import { resolveCheckpoint } from '../checkpoints/checkpoint-series.ts';
import type { OptimiserConfig } from './optimiser.ts';
import { rangeOf } from './replica-memory.ts';
import { createReplicatedLearner } from './replicated-learner.ts';
import { onlyGroup, type Trainable } from './trainable.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'replicas-'));
after(() => fs.rmSync(root, { recursive: true }));

const OPTIMISER: OptimiserConfig = {
  betas: [0.9, 0.98],
  epsilon: 1e-8,
  weightDecay: 0.02,
  clipNorm: null,
  emaDecay: null,
};
const SCHEDULE = { learningRate: 1e-2, warmupSteps: 2, finalFraction: 0.1 };

function closest(a: Tensor, b: Tensor): number {
  const [x, y] = [a.data as Float32Array, b.data as Float32Array];
  assert.equal(x.length, y.length);
  return x.reduce((worst, value, i) => Math.max(worst, Math.abs(value - y[i]!)), 0);
}

for (const replicas of [1, 2, 4]) {
  test(`${replicas} replicas learn what one graph learns`, async (t) => {
    const [one, many] = [await regressionLearner(5, 60), await regressionLearner(5, 60, replicas)];
    t.after(() => Promise.all([one.close(), many.close()]));
    const batches = regressionBatches(6);
    for (let step = 0; step < 30; step++) {
      const feeds = await batches.batch(step);
      const [expected, got] = [await one.step(step, feeds), await many.step(step, feeds)];
      assert.deepEqual(Object.keys(got), Object.keys(expected));
      for (const [name, value] of Object.entries(expected)) {
        assert.ok(Math.abs(got[name]! - value) < 1e-5, `step ${step}: ${name}: ${value}, ${got[name]}`);
      }
    }
    const [expected, got] = [await one.state(), await many.state()];
    assert.deepEqual(Object.keys(got), Object.keys(expected));
    for (const [name, vector] of Object.entries(expected)) {
      assert.ok(closest(got[name]!, vector) < 1e-5, `${name} differs by ${closest(got[name]!, vector)}`);
    }
    // Between the two kinds, state goes over: the average that a checkpoint holds is the same vector.
    await many.restore(expected);
    assert.deepEqual(await many.weights(), await one.weights());
  });
}

/** Trains in a process of its own; with `killAt` it is killed once the metrics have so many lines. */
async function runProcess(folder: string, killAt: number | null): Promise<void> {
  const program = workerUrl(import.meta.url, '../../tests/regression-run').pathname;
  const child = spawn(process.execPath, [program, folder, '100', '5', '2'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk) => (text += chunk));
  const metrics = path.join(folder, 'metrics.jsonl');
  const watch = setInterval(() => {
    if (killAt === null || !fs.existsSync(metrics)) return;
    if (fs.readFileSync(metrics, 'utf8').split('\n').length > killAt) child.kill('SIGKILL');
  }, 1);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  assert.equal(code, killAt === null ? 0 : null, text);
}

test('killed and resumed, two replicas end with the bits of a straight run', async () => {
  const [straight, killed] = ['straight', 'killed'].map((name) => path.join(root, name));
  await runProcess(straight!, null);
  await runProcess(killed!, 6);
  await runProcess(killed!, null);
  const files = ['model.safetensors', 'training-state/state.safetensors', 'training-state/loop.json'];
  const contents = (folder: string): string[] => [
    fs.readFileSync(path.join(folder, 'metrics.jsonl'), 'utf8'),
    ...files.map((file) => fs.readFileSync(path.join(resolveCheckpoint(folder, 'newest'), file), 'hex')),
  ];
  assert.deepEqual(contents(killed!), contents(straight!));
});

/** Fits one number per index; an index out of range fails where it is fed. */
const TABLE: Trainable = {
  parameters: { table: { dtype: 'f32', shape: [40, 1], init: 'zeros' } },
  inputs: { index: { dtype: 'i64', shape: [2] }, target: { dtype: 'f32', shape: [1] } },
  loss(parameters, { index, target }) {
    const error = sub(gather((parameters as { table: Value }).table, index!, 0), target!);
    return { loss: reduceMean(mul(error, error)), metrics: {} };
  },
};

test('a share that fails rejects the step, changes nothing, and the next step works', async (t) => {
  const initial: Record<string, Tensor> = { table: { dtype: 'f32', shape: [40, 1], data: new Float32Array(40) } };
  const session = { runtime: 'cpu', threads: 1 } as const;
  const options = { optimiser: OPTIMISER, schedule: SCHEDULE, steps: 10, initial, session, replicas: 2 };
  const learner = await createReplicatedLearner(onlyGroup(TABLE), options);
  t.after(() => learner.close());
  const target: Tensor = { dtype: 'f32', shape: [1], data: Float32Array.of(3) };
  const feeds = (...index: bigint[]): Record<string, Tensor> => ({
    index: { dtype: 'i64', shape: [index.length], data: BigInt64Array.from(index) },
    target,
  });
  // The target has the share's own shape: both get it whole.
  assert.equal((await learner.step(0, feeds(0n, 1n, 2n, 3n)))['loss'], 9);
  const before = await learner.state();
  // One failure right after the other, in either share and in both: no replica may mistake the next step for its own.
  const bad = [feeds(0n, 1n, 2n, 99n), feeds(99n, 1n, 2n, 3n), feeds(99n, 1n, 2n, 99n)];
  for (let i = 0; i < 40; i++) await assert.rejects(learner.step(1, bad[i % bad.length]!), /indices|out of/i);
  assert.deepEqual(await learner.state(), before);
  const { loss } = await learner.step(1, feeds(0n, 1n, 2n, 3n));
  assert.ok(loss! < 9);
  await assert.rejects(learner.step(2, feeds(0n, 1n, 2n)), {
    code: 'bad-shape',
    message: 'learner: feed "index": expected [4], got [3].',
  });
  await assert.rejects(learner.step(2, { target }), (error: VlaError) => error.code === 'not-found');
});

test('a runtime that replicas cannot use is refused', async () => {
  const session = { runtime: 'reference' } as const;
  const initial = regressionWeights(1);
  const options = { optimiser: OPTIMISER, schedule: SCHEDULE, steps: 10, initial, session, replicas: 2 };
  await assert.rejects(createReplicatedLearner(onlyGroup(regression(8)), options), { code: 'unsupported' });
});

test('ranges cover the vector once and begin at whole cache lines', () => {
  for (const count of [1, 15, 16, 121, 821_959]) {
    for (const replicas of [1, 2, 3, 5]) {
      const ranges = Array.from({ length: replicas }, (_, rank) => rangeOf(count, rank, replicas));
      assert.deepEqual(
        ranges.map(([from]) => from),
        [0, ...ranges.slice(0, -1).map(([, to]) => to)],
      );
      assert.equal(ranges.at(-1)![1], count);
      assert.ok(ranges.every(([from, to]) => from % 16 === 0 && from <= to));
    }
  }
});

test('groups learn the weighted sum of their losses, and a share in parts learns as the whole', async (t) => {
  const session = { runtime: 'cpu', threads: 1 } as const;
  const options = { optimiser: OPTIMISER, schedule: SCHEDULE, steps: 10, initial: regressionWeights(1), session };
  const weights = [0.25, 0.75];
  const groups = weights.map((weight, g) => ({ name: `g${g}`, weight, trainable: regression(16) }));
  const named = (feeds: Readonly<Record<string, Tensor>>, g: number): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [`g${g}/${name}`, tensor]));
  /** Both losses in one graph. */
  const together: Trainable = {
    parameters: groups[0]!.trainable.parameters,
    inputs: Object.fromEntries(
      groups.flatMap(({ name, trainable }) =>
        Object.entries(trainable.inputs).map(([input, spec]) => [`${name}/${input}`, spec]),
      ),
    ),
    loss(parameters, inputs) {
      const losses = groups.map(({ name, weight, trainable }) => {
        const own = Object.keys(trainable.inputs).map((input) => [input, inputs[`${name}/${input}`]!]);
        return mul(trainable.loss(parameters, Object.fromEntries(own)).loss, constant(weight));
      });
      return { loss: add(losses[0]!, losses[1]!), metrics: {} };
    },
  };
  const learners = [
    await createReplicatedLearner(onlyGroup(together), { ...options, replicas: 1 }),
    await createReplicatedLearner(groups, { ...options, replicas: 1 }),
    await createReplicatedLearner(
      groups.map((group) => ({ ...group, trainable: regression(4) })),
      { ...options, replicas: 2, accumulate: 2 },
    ),
  ];
  t.after(async () => {
    for (const learner of learners) await learner.close();
  });
  const batches = regressionBatches(3);
  for (let step = 0; step < 4; step++) {
    const feeds = { ...named(await batches.batch(2 * step), 0), ...named(await batches.batch(2 * step + 1), 1) };
    const [expected, ...others] = await Promise.all(learners.map((learner) => learner.step(step, feeds)));
    for (const got of others) {
      const sum = weights.reduce((total, weight, g) => total + weight * got[`g${g}/loss`]!, 0);
      for (const [name, value] of Object.entries({ loss: got['loss']!, sum })) {
        assert.ok(
          Math.abs(value - expected!['loss']!) < 1e-5,
          `step ${step}: ${name} ${value}, expected ${expected!['loss']}`,
        );
      }
    }
  }
  const [expected, ...others] = await Promise.all(learners.map((learner) => learner.weights()));
  for (const got of others) {
    for (const [name, { data }] of Object.entries(got)) {
      (data as Float32Array).forEach((value, i) =>
        assert.ok(Math.abs(value - (expected![name]!.data[i] as number)) < 1e-5, name),
      );
    }
  }
});
