/**
 * @file The optimiser gives PyTorch's numbers over 200 steps with warm-up, clipping, decay and averaging, within 1e-5 relative
 * (tools/golden/adamw.py, in double precision).
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { elementCount, type Tensor } from '../base/tensor.ts';
import { createGraphLearner, type LearnerOptions } from './graph-learner.ts';
import { checkOptimiser } from './optimiser.ts';
import { onlyGroup } from './trainable.ts';
import { createReplicatedLearner } from './replicated-learner.ts';
import { REGRESSION_OPTIMISER, regression } from '../../tests/regression.ts';

interface Golden {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly average: Readonly<Record<string, readonly number[]>>;
}
const golden = JSON.parse(fs.readFileSync('tests/golden/adamw.json', 'utf8')) as Golden;

const BATCH = 16;
const wave = (shape: readonly number[], phase: number, amplitude = 0.6): Tensor<'f32'> => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from({ length: elementCount(shape) }, (_, i) => amplitude * Math.sin(1.7 * i + phase)),
});
const SHAPES = { 'layers.0.weight': [3, 24], 'layers.0.bias': [24], 'layers.1.weight': [24, 1], 'layers.1.bias': [1] };

function feeds(step: number): Record<string, Tensor> {
  const x = wave([BATCH, 3], 10 + step, 1);
  const y = Float32Array.from(
    { length: BATCH },
    (_, i) =>
      Math.sin(3 * x.data[3 * i]!) * x.data[3 * i + 1]! +
      0.5 * x.data[3 * i + 2]! +
      2 +
      0.6 * Math.sin(37 * i + 5 * step),
  );
  return { x, y: { dtype: 'f32', shape: [BATCH, 1], data: y } };
}

/** The largest difference relative to each number, or to `floor` where that is larger. */
function distance(got: ArrayLike<number>, wanted: readonly number[], floor = 0): number {
  assert.equal(got.length, wanted.length);
  return Math.max(...wanted.map((value, i) => Math.abs(got[i]! - value) / Math.max(floor, Math.abs(value))));
}

const rootMeanSquare = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

for (const [session, replicas] of [
  [{ runtime: 'cpu', threads: 1 }, 1],
  [{ runtime: 'reference', precision: 'f32' }, 1],
  [{ runtime: 'reference', precision: 'f64' }, 1],
  [{ runtime: 'cpu', threads: 1 }, 2],
] as const) {
  test(`200 steps of AdamW as in PyTorch, on ${session.runtime}${'precision' in session ? ` in ${session.precision}` : ''} × ${replicas}`, async () => {
    const options: LearnerOptions = {
      optimiser: REGRESSION_OPTIMISER,
      schedule: { learningRate: 1e-2, warmupSteps: 10, finalFraction: 0.1 },
      steps: 200,
      initial: Object.fromEntries(Object.entries(SHAPES).map(([name, shape], phase) => [name, wave(shape, phase)])),
      session,
    };
    const learner =
      replicas === 1
        ? await createGraphLearner(regression(BATCH), options)
        : await createReplicatedLearner(onlyGroup(regression(BATCH / replicas)), { ...options, replicas });
    const losses: number[] = [];
    const norms: number[] = [];
    for (let step = 0; step < 200; step++) {
      const { loss, gradientNorm } = await learner.step(step, feeds(step));
      losses.push(loss!);
      norms.push(gradientNorm!);
    }
    const average = await learner.weights();
    const { weights } = await learner.state();
    await learner.close();
    assert.ok(distance(losses, golden.losses) < 1e-5, `losses: ${distance(losses, golden.losses)}`);
    assert.ok(distance(norms, golden.norms) < 1e-5, `norms: ${distance(norms, golden.norms)}`);
    let offset = 0;
    for (const [name, shape] of Object.entries(SHAPES)) {
      const part = (weights!.data as Float32Array).subarray(offset, (offset += elementCount(shape)));
      const mean = average[name]!.data as Float32Array;
      for (const [what, got, wanted] of [
        [name, part, golden.weights[name]!],
        [`average of ${name}`, mean, golden.average[name]!],
      ] as const) {
        // A weight near zero is the difference of steps that are larger than it: in float32 (errors near 3e-7) it has fewer
        // digits than five of its own, so there it is relative to its tensor's size. In float64 each number stands alone.
        const exact = 'precision' in session && session.precision === 'f64';
        const error = distance(got, wanted, exact ? 0 : rootMeanSquare(wanted));
        assert.ok(error < 1e-5, `${what}: ${error}`);
      }
    }
  });
}

test('an optimiser that cannot work is refused by name', () => {
  const check = (change: Partial<typeof REGRESSION_OPTIMISER>): void =>
    checkOptimiser({ ...REGRESSION_OPTIMISER, ...change });
  check({ clipNorm: null, emaDecay: null });
  assert.throws(() => check({ betas: [0.9, 1] }), /optimiser\.betas\.1: expected a number in \[0, 1\), got 1/);
  assert.throws(() => check({ epsilon: 0 }), /optimiser\.epsilon: expected a positive number/);
  assert.throws(() => check({ clipNorm: -1 }), /optimiser\.clipNorm: expected a positive number or null/);
  assert.throws(() => check({ emaDecay: 1 }), /optimiser\.emaDecay/);
});
