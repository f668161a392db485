/** @file A small real thing to train, for tests of the loop: a two-layer network that learns a smooth function. */

import { Random } from '../src/base/random.ts';
import { elementCount, type Tensor } from '../src/base/tensor.ts';
import { add, matmul, mul, reduceMean, sub, tanh, type Value } from '../src/engine/index.ts';
import type { CheckpointFiles } from '../src/checkpoints/checkpoint.ts';
import { createGraphLearner, type LearnerOptions } from '../src/training/graph-learner.ts';
import type { Learner } from '../src/training/learner.ts';
import type { OptimiserConfig } from '../src/training/optimiser.ts';
import { onlyGroup } from '../src/training/trainable.ts';
import { createReplicatedLearner } from '../src/training/replicated-learner.ts';
import type { BatchSource, Trainable } from '../src/training/trainable.ts';

const BATCH = 16;
const INPUTS = 3;

/** One layer's parameters; weight [in, out]. */
interface Layer<T> {
  readonly weight: T;
  readonly bias: T;
}

const SHAPES = {
  layers: [
    { weight: [INPUTS, 24], bias: [24] },
    { weight: [24, 1], bias: [1] },
  ],
};

/** y ≈ W₂ tanh(W₁ x + b₁) + b₂ under the mean squared error, on `samples` samples. */
export const regression = (samples: number): Trainable => ({
  parameters: {
    layers: SHAPES.layers.map(({ weight, bias }) => ({
      weight: { dtype: 'f32', shape: weight, init: { kind: 'normal', std: 0.5 } },
      bias: { dtype: 'f32', shape: bias, init: 'zeros' },
    })),
  },
  inputs: { x: { dtype: 'f32', shape: [samples, INPUTS] }, y: { dtype: 'f32', shape: [samples, 1] } },
  loss(parameters, { x, y }) {
    const [first, second] = (parameters as unknown as { layers: Layer<Value>[] }).layers;
    const hidden = tanh(add(matmul(x!, first!.weight), first!.bias));
    const error = sub(add(matmul(hidden, second!.weight), second!.bias), y!);
    return { loss: reduceMean(mul(error, error)), metrics: { bias: reduceMean(error) } };
  },
});

/** First weights: normal, from `seed`. */
export function regressionWeights(seed: number): Record<string, Tensor> {
  const entries = SHAPES.layers.flatMap(({ weight, bias }, i): [string, number[]][] => [
    [`layers.${i}.weight`, weight],
    [`layers.${i}.bias`, bias],
  ]);
  return Object.fromEntries(
    entries.map(([name, shape], i) => {
      const random = new Random(seed, i);
      const data = Float32Array.from({ length: elementCount(shape) }, () => 0.5 * random.normal());
      return [name, { dtype: 'f32', shape, data } satisfies Tensor];
    }),
  );
}

/** Points of a smooth function; a pure function of (seed, step). */
export function regressionBatches(seed: number): BatchSource {
  return {
    async batch(step) {
      const random = new Random(seed, step);
      const x = Float32Array.from({ length: BATCH * INPUTS }, () => random.range(-1, 1));
      const y = new Float32Array(BATCH);
      for (let i = 0; i < BATCH; i++) y[i] = Math.sin(3 * x[3 * i]!) * x[3 * i + 1]! + 0.5 * x[3 * i + 2]!;
      return { x: { dtype: 'f32', shape: [BATCH, INPUTS], data: x }, y: { dtype: 'f32', shape: [BATCH, 1], data: y } };
    },
  };
}

export const REGRESSION_OPTIMISER: OptimiserConfig = {
  betas: [0.9, 0.98],
  epsilon: 1e-8,
  weightDecay: 0.02,
  clipNorm: 1,
  emaDecay: 0.99,
};

/** A learner of the regression on the native runtime, in `replicas` threads or (null) as one graph. */
export function regressionLearner(seed: number, steps: number, replicas: number | null = null): Promise<Learner> {
  const options: LearnerOptions = {
    optimiser: REGRESSION_OPTIMISER,
    schedule: { learningRate: 1e-2, warmupSteps: 10, finalFraction: 0.1 },
    steps,
    initial: regressionWeights(seed),
    session: { runtime: 'cpu', threads: 1 },
  };
  if (replicas === null) return createGraphLearner(regression(BATCH), options);
  return createReplicatedLearner(onlyGroup(regression(BATCH / replicas)), { ...options, replicas });
}

/** What lies beside the weights of a regression checkpoint. */
export function regressionFiles(step: number, metrics: Readonly<Record<string, number>>): CheckpointFiles {
  return { 'config.json': { family: 'regression' }, 'training.json': { step, metrics } };
}
