/** @file Learning with products in 16-bit floats: as well as in f32, small gradients kept, steps that overflow not taken, resumed exactly. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { STYLES, type Style } from '../../bench/train-step-models.ts';
import { regression, regressionBatches, regressionWeights } from '../../tests/regression.ts';
import { VlaError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { elementCount, f32, type Tensor } from '../base/tensor.ts';
import { mul, type Arithmetic, type Runtime } from '../engine/index.ts';
import { halfFloatsMissing } from '../engine/runtimes/half-floats.ts';
import { webGpuMissing } from '../engine/runtimes/webgpu-driver.ts';
import { flatten, materialise } from '../nn/parameters.ts';
import { createGraphLearner, type LearnerOptions } from './graph-learner.ts';
import type { Learner } from './learner.ts';
import { FIRST_LOSS_SCALE, lossScaleOf, lossScaleTensor, nextLossScale } from './loss-scale.ts';
import { createReplicatedLearner } from './replicated-learner.ts';
import { onlyGroup, type Trainable } from './trainable.ts';

const missingWebGpu = await webGpuMissing();
const missing = missingWebGpu === false ? await halfFloatsMissing() : missingWebGpu;
const RUNTIMES: readonly { readonly runtime: Runtime; readonly skip: string | false }[] = [
  { runtime: 'cpu', skip: false },
  { runtime: 'webgpu', skip: missing },
];

/** The same step size throughout, no average: what a step does depends on the state and the batch alone. */
const steady = (runtime: Runtime, arithmetic: Arithmetic): Omit<LearnerOptions, 'initial'> => ({
  optimiser: { betas: [0.9, 0.98], epsilon: 1e-8, weightDecay: 0.02, clipNorm: 1, emaDecay: null },
  schedule: { learningRate: 1e-2, warmupSteps: 0, finalFraction: 1 },
  steps: 1000,
  session: { runtime, threads: 1, arithmetic },
});
const small = (runtime: Runtime, arithmetic: Arithmetic): Promise<Learner> =>
  createGraphLearner(regression(16), { ...steady(runtime, arithmetic), initial: regressionWeights(5) });
const batches = regressionBatches(6);
/** A batch whose gradient, scaled, is beyond 65504; the loss is not. */
const wild = async (): Promise<Record<string, Tensor>> => ({
  ...(await batches.batch(0)),
  y: f32(Array<number>(16).fill(1e3), [16, 1]),
});

for (const { runtime, skip } of RUNTIMES) {
  for (const style of Object.keys(STYLES) as Style[]) {
    test(`a ${style} transformer learns in f16 what it learns in f32, on ${runtime}`, { skip }, async () => {
      const trainable = STYLES[style]({ batch: 2, tokens: 5, width: 16, heads: 2, layers: 1, inner: 24 });
      const initial = Object.fromEntries(flatten<Tensor>(materialise(trainable.parameters, new Random(1))));
      const random = new Random(2);
      const feeds = Object.fromEntries(
        Object.entries(trainable.inputs).map(([name, { shape }]) => {
          const numbers = Float32Array.from({ length: elementCount(shape) }, () => random.normal());
          return [name, f32(numbers, shape)];
        }),
      );
      const losses: Record<Arithmetic, number[]> = { f32: [], f16: [] };
      for (const arithmetic of ['f32', 'f16'] as const) {
        const learner = await createGraphLearner(trainable, { ...steady(runtime, arithmetic), initial });
        for (let step = 0; step < 40; step++) losses[arithmetic].push((await learner.step(step, feeds))['loss']!);
        assert.equal((await learner.state())['weights']!.dtype, 'f32');
        await learner.close();
      }
      const [first, last] = [losses.f32[0]!, losses.f32.at(-1)!];
      assert.ok(last < 0.6 * first, `f32 went from ${first} to ${last}`);
      assert.ok(
        Math.abs(losses.f16[0]! - first) < 2e-3 * first && losses.f16[0] !== first,
        `first ${losses.f16[0]}, ${first}`,
      );
      // 40 steps on, the roundings have led to other weights, not to worse ones.
      assert.ok(Math.abs(losses.f16.at(-1)! - last) < 0.02 * first, `last ${losses.f16.at(-1)}, in f32 ${last}`);
    });
  }

  test(`gradients far below 16-bit floats count, on ${runtime}`, { skip }, async () => {
    const faint: Trainable = {
      ...regression(16),
      loss(parameters, feeds, frozen) {
        const { loss } = regression(16).loss(parameters, feeds, frozen);
        return { loss: mul(loss, 1e-7), metrics: {} };
      },
    };
    const norms = [];
    for (const arithmetic of ['f32', 'f16'] as const) {
      const learner = await createGraphLearner(faint, {
        ...steady(runtime, arithmetic),
        initial: regressionWeights(5),
      });
      const { gradientNorm, skipped = 0 } = await learner.step(0, await batches.batch(0));
      assert.equal(skipped, 0);
      norms.push(gradientNorm!);
      await learner.close();
    }
    assert.ok(norms[0]! < 1e-6 && Math.abs(norms[1]! - norms[0]!) < 0.01 * norms[0]!, norms.join(', '));
  });

  test(`a step whose gradient overflows is as if it had not been, on ${runtime}`, { skip }, async () => {
    const [disturbed, calm] = [await small(runtime, 'f16'), await small(runtime, 'f16')];
    let at = 0;
    for (let step = 0; step < 8; step++) {
      if (step === 3) {
        const before = await disturbed.state();
        const told = await disturbed.step(at++, await wild());
        assert.deepEqual(
          { lossScale: told['lossScale'], skipped: told['skipped'], gradientNorm: told['gradientNorm'] },
          { lossScale: 2 ** 16, skipped: 1, gradientNorm: 0 },
        );
        const after = await disturbed.state();
        assert.deepEqual(after, { ...before, lossScale: lossScaleTensor({ scale: 2 ** 15, since: 0, skipped: 1 }) });
      }
      const batch = await batches.batch(step);
      const [a, b] = [await disturbed.step(at++, batch), await calm.step(step, batch)];
      assert.equal(a['loss'], b['loss'], `step ${step}`);
      assert.equal(a['skipped'], 0);
    }
    assert.deepEqual(await disturbed.weights(), await calm.weights());
    assert.deepEqual(lossScaleOf((await disturbed.state())['lossScale']), { scale: 2 ** 15, since: 5, skipped: 1 });
    await Promise.all([disturbed.close(), calm.close()]);
  });

  test(`training goes on bit for bit from its state, on ${runtime}`, { skip }, async () => {
    const learn = async (learner: Learner, from: number, to: number): Promise<void> => {
      for (let step = from; step < to; step++)
        await learner.step(step, step === 4 ? await wild() : await batches.batch(step));
    };
    const [one, other] = [await small(runtime, 'f16'), await small(runtime, 'f16')];
    await learn(one, 0, 6);
    const middle = await one.state();
    await learn(one, 6, 12);
    await other.restore(middle);
    await learn(other, 6, 12);
    assert.deepEqual(await other.state(), await one.state());
    // State of a run in f32 is of another run.
    const { lossScale: _, ...vectors } = middle;
    await assert.rejects(other.restore(vectors), (error) => error instanceof VlaError && error.code === 'mismatch');
    await Promise.all([one.close(), other.close()]);
  });
}

test('the scale is halved at once and doubled after 2000 steps; below 1 the training has diverged', () => {
  let scale = nextLossScale(FIRST_LOSS_SCALE, false);
  assert.deepEqual(scale, { scale: 2 ** 15, since: 0, skipped: 1 });
  for (let step = 0; step < 1999; step++) scale = nextLossScale(scale, true);
  assert.deepEqual(scale, { scale: 2 ** 15, since: 1999, skipped: 1 });
  assert.deepEqual(nextLossScale(scale, true), { scale: 2 ** 16, since: 0, skipped: 1 });
  assert.deepEqual(lossScaleOf(lossScaleTensor(scale)), scale);
  for (let step = 0; step < 15; step++) scale = nextLossScale(scale, false);
  assert.equal(scale.scale, 1);
  assert.throws(
    () => nextLossScale(scale, false),
    (error) => error instanceof VlaError && error.code === 'not-finite' && /device\.arithmetic/.test(error.hint ?? ''),
  );
});

test('replicas refuse it', async () => {
  await assert.rejects(
    createReplicatedLearner(onlyGroup(regression(8)), {
      ...steady('cpu', 'f16'),
      initial: regressionWeights(5),
      replicas: 2,
    }),
    (error) => error instanceof VlaError && error.code === 'unsupported' && /device\.replicas=1/.test(error.hint ?? ''),
  );
});
