/** @file Whole training steps of a small transformer on WebGPU, state on the device, against the processor. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { STYLES, type Style } from '../bench/train-step-models.ts';
import { Random } from '../src/base/random.ts';
import { elementCount, f32, type Tensor } from '../src/base/tensor.ts';
import { webGpuMissing } from '../src/engine/runtimes/webgpu-driver.ts';
import { flatten, materialise } from '../src/nn/parameters.ts';
import { createGraphLearner, type LearnerOptions } from '../src/training/graph-learner.ts';
import type { Learner } from '../src/training/learner.ts';

const SIZE = { batch: 2, tokens: 5, width: 16, heads: 2, layers: 1, inner: 24 };
const STEPS = 6;
const skip = await webGpuMissing();

/** A learner and the batch that it learns by heart. */
async function learnerOn(runtime: 'cpu' | 'webgpu', style: Style) {
  const trainable = STYLES[style](SIZE);
  const options: LearnerOptions = {
    // The bias of the keys has gradient zero but for rounding, which a small epsilon would blow up to whole steps.
    optimiser: { betas: [0.9, 0.95], epsilon: 1e-4, weightDecay: 0.01, clipNorm: 0.5, emaDecay: 0.9 },
    schedule: { learningRate: 3e-3, warmupSteps: 2, finalFraction: 1 },
    steps: STEPS,
    initial: Object.fromEntries(flatten<Tensor>(materialise(trainable.parameters, new Random(1)) as never)),
    session: { runtime, threads: 1 },
  };
  const random = new Random(2);
  const feeds = Object.fromEntries(
    Object.entries(trainable.inputs).map(([name, { shape }]) => [
      name,
      f32(
        Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
        shape,
      ),
    ]),
  );
  const learner = await createGraphLearner(trainable, options);
  return { learner, learn: (step: number) => learner.step(step, feeds) };
}

/** The largest difference of the numbers, over the largest number. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  const pairs = Array.from(a, (x, i) => [x, b[i]!] as const);
  return Math.max(...pairs.map(([x, y]) => Math.abs(x - y))) / Math.max(...pairs.map(([, y]) => Math.abs(y)));
}

async function stateOf(learner: Learner): Promise<Record<string, Float32Array>> {
  const state = await learner.state();
  return Object.fromEntries(Object.entries(state).map(([name, x]) => [name, x.data as Float32Array]));
}

for (const style of Object.keys(STYLES) as Style[]) {
  test(`${style} block: ${STEPS} steps of AdamW on webgpu as on cpu, and resumed from a copy`, { skip }, async () => {
    const [gpu, cpu] = [await learnerOn('webgpu', style), await learnerOn('cpu', style)];
    const losses: number[] = [];
    let middle: Record<string, Tensor> = {};
    for (let step = 0; step < STEPS; step++) {
      if (step === STEPS - 2) middle = await gpu.learner.state();
      const [onGpu, onCpu] = [await gpu.learn(step), await cpu.learn(step)];
      losses.push(onGpu['loss']!);
      for (const name of ['loss', 'gradientNorm']) {
        const error = Math.abs(onGpu[name]! - onCpu[name]!) / onCpu[name]!;
        assert.ok(error < 1e-4, `step ${step}, ${name}: ${onGpu[name]} on webgpu, ${onCpu[name]} on cpu`);
      }
    }
    assert.ok(losses.at(-1)! < losses[0]! - 0.01, `the loss went from ${losses[0]} to ${losses.at(-1)}`);
    const [onGpu, onCpu] = [await stateOf(gpu.learner), await stateOf(cpu.learner)];
    assert.deepEqual(Object.keys(onGpu).sort(), ['average', 'm', 'v', 'weights']);
    for (const [name, wanted] of Object.entries(onCpu)) {
      const error = distance(onGpu[name]!, wanted);
      assert.ok(error < 1e-4, `${name}: ${error}`);
    }
    // The same steps again from the state before them give the same numbers.
    await gpu.learner.restore(middle);
    for (let step = STEPS - 2; step < STEPS; step++) assert.equal((await gpu.learn(step))['loss'], losses[step]);
    await Promise.all([gpu.learner.close(), cpu.learner.close()]);
  });
}
