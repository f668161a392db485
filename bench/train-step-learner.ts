/** @file A learner of one of the transformers of bench/train-step-models.ts, and the batch that it learns by heart. */

import { Random } from '../src/base/random.ts';
import { elementCount, f32, type Tensor } from '../src/base/tensor.ts';
import { flatten, materialise } from '../src/nn/parameters.ts';
import { createGraphLearner, type LearnerOptions } from '../src/training/graph-learner.ts';
import type { Learner } from '../src/training/learner.ts';
import { STYLES, type Size, type Style } from './train-step-models.ts';

/** Random numbers of the normal distribution. */
export function normals(shape: readonly number[], seed: number, scale = 1): Tensor {
  const random = new Random(seed);
  return f32(
    Float32Array.from({ length: elementCount(shape) }, () => scale * random.normal()),
    shape,
  );
}

/** The same weights and batch for every session. */
export async function stepLearner(
  size: Size,
  style: Style,
  options: Pick<LearnerOptions, 'session' | 'rematerialise'>,
): Promise<{ learner: Learner; feeds: Record<string, Tensor> }> {
  const trainable = STYLES[style](size);
  const learner = await createGraphLearner(trainable, {
    optimiser: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1, emaDecay: null },
    schedule: { learningRate: 1e-3, warmupSteps: 0, finalFraction: 1 },
    steps: 10_000,
    initial: Object.fromEntries(flatten<Tensor>(materialise(trainable.parameters, new Random(1)))),
    ...options,
  });
  const inputs = Object.entries(trainable.inputs);
  return { learner, feeds: Object.fromEntries(inputs.map(([name, { shape }], i) => [name, normals(shape, 3 + i)])) };
}
