/** @file ZR-0 as the training loop sees it: parameters, one step's inputs, the loss; and the draws of noise and time. */

import { VlaError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { zeros, type DType, type Tensor } from '../../base/tensor.ts';
import { PIXELS, type Codec } from '../../codec/policy-codec.ts';
import type { Value } from '../../engine/index.ts';
import type { ParameterSpec, Tree } from '../../nn/parameters.ts';
import { drawFlow } from '../parts/flow-matching.ts';
import { supervisionInputs } from '../parts/supervision-heads.ts';
import type { Zr0Config } from './config.ts';
import { requireFittingCodec } from './codec-fit.ts';
import { timeBucket } from './expert.ts';
import { zr0Loss, zr0Spec, type Zr0 } from './model.ts';

/** What a training step is made of. */
export interface Zr0TrainableOptions {
  readonly config: Zr0Config;
  readonly codec: Codec;
  readonly batchSize: number;
  /** K: draws of noise and time that share one pass over the prompt. */
  readonly draws: number;
}

/** The structure of training's `Trainable` (which this folder may not import). */
export interface Zr0Trainable {
  readonly parameters: Tree<ParameterSpec>;
  readonly inputs: Readonly<Record<string, { readonly dtype: DType; readonly shape: readonly number[] }>>;
  loss(
    parameters: Tree<Value>,
    inputs: Readonly<Record<string, Value>>,
  ): { readonly loss: Value; readonly metrics: Readonly<Record<string, Value>> };
  /** The inputs that do not come from the codec; sample b draws from `randoms[b]`. */
  draw(randoms: readonly Random[]): Record<string, Tensor>;
}

/**
 * The model's loss on batches of the codec. `inputs` are those of `codec.trainingInputs` that the model reads, and those of
 * `draw`: noise f32 [B, K, H, A], noiseFraction and timeBucket f32 [B, K].
 */
export function createZr0Trainable({ config, codec, batchSize: B, draws: K }: Zr0TrainableOptions): Zr0Trainable {
  requireFittingCodec(config, codec);
  const { horizon: H, actionDim: A, layout } = codec;
  const offered = codec.trainingInputs(B);
  const targets = supervisionInputs(config.supervision, layout);
  for (const [name, size] of Object.entries(targets)) {
    const spec = offered[name];
    if (spec?.shape.join() !== [B, size].join()) {
      throw new VlaError(
        'mismatch',
        `zr-0 supervision: expected a codec output "${name}" of ${size} numbers, got ${spec === undefined ? 'none' : `[${spec.shape.join(', ')}]`}.`,
        { hint: 'Add the field to the codec’s supervision, or take the head out of the model.' },
      );
    }
  }
  const lastToken = config.prompt.stateToken ? [] : ['lastToken'];
  const names = ['tokens', 'tokenMask', ...lastToken, 'state', 'actions', 'actionMask', ...Object.keys(targets)];
  const pixels = layout.images.map(({ camera }) => PIXELS + camera);
  return {
    parameters: zr0Spec(config, layout.length),
    inputs: {
      ...Object.fromEntries([...pixels, ...names].map((name) => [name, offered[name]!])),
      noise: { dtype: 'f32', shape: [B, K, H, A] },
      noiseFraction: { dtype: 'f32', shape: [B, K] },
      timeBucket: { dtype: 'f32', shape: [B, K] },
    },
    loss(parameters, inputs) {
      const read = (name: string): Value => inputs[name]!;
      return zr0Loss(
        parameters as Zr0<Value>,
        {
          pixels: Object.fromEntries(layout.images.map(({ camera }) => [camera, read(PIXELS + camera)])),
          tokens: read('tokens'),
          tokenMask: read('tokenMask'),
          lastToken: config.prompt.stateToken ? null : read('lastToken'),
          state: read('state'),
          actions: read('actions'),
          actionMask: read('actionMask'),
          noise: read('noise'),
          noiseFraction: read('noiseFraction'),
          timeBucket: read('timeBucket'),
          supervision: Object.fromEntries(Object.keys(targets).map((name) => [name, read(name)])),
        },
        layout,
        config,
      );
    },
    draw(randoms) {
      const flow = drawFlow(config.time, { draws: K, horizon: H, actionDim: A }, randoms);
      const buckets = zeros('f32', flow.noiseFraction.shape);
      flow.noiseFraction.data.forEach((n, i) => {
        buckets.data[i] = timeBucket(n, config.expert.timeBuckets);
      });
      return { noise: flow.noise, noiseFraction: flow.noiseFraction, timeBucket: buckets };
    },
  };
}
