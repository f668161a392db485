/** @file A small two-camera robot, a codec for it and samples, for tests. */

import { Random } from '../src/base/random.ts';
import { designCodec, type CodecDesign } from '../src/codec/design-codec.ts';
import { createCodec, type Codec } from '../src/codec/policy-codec.ts';
import { shortPrompt } from '../src/codec/prompts/short.ts';
import type { TrainingSample } from '../src/codec/sample.ts';
import type { Embodiment } from '../src/interfaces/embodiment.ts';
import type { Image } from '../src/interfaces/observation.ts';
import { tabletopTokenizer } from './tabletop-tokenizer.ts';

/** Three joints and a gripper, two cameras. */
export const tinyRobot: Embodiment = {
  name: 'tiny-robot',
  cameras: [
    { name: 'front', width: 32, height: 32 },
    { name: 'wrist', width: 40, height: 20 },
  ],
  state: {
    names: ['x', 'y', 'finger'],
    convention: { rotation: 'none', frame: 'base', gripper: 'finger-positions', reference: 'absolute', unit: 'si' },
  },
  action: {
    names: ['dx', 'dy', 'gripper'],
    convention: { rotation: 'none', frame: 'base', gripper: 'close-positive', reference: 'delta', unit: 'normalised' },
    low: [-1, -1, -1],
    high: [1, 1, 1],
  },
  controlHz: 20,
  holdAction: [0, 0, -1],
};

const statistics = (low: readonly number[], high: readonly number[]) => ({
  min: low,
  max: high,
  mean: low.map((value, i) => (value + high[i]!) / 2),
  std: low.map((value, i) => (high[i]! - value) / 4),
  q01: low,
  q99: high,
});

/** A design with every kind of supervision and augmentation on the front camera. */
export const tinyDesign: CodecDesign = {
  embodiment: tinyRobot,
  cameras: [
    {
      name: 'front',
      steps: [],
      width: 32,
      height: 32,
      patch: 4,
      merge: 2,
      temporal: 1,
      augmentation: { shiftPixels: 2, brightness: 0.2, contrast: 0.2, channelGain: 0.1, saturation: 0.2 },
    },
    {
      name: 'wrist',
      steps: [{ kind: 'resize-with-pad', width: 16, height: 16, filter: 'bilinear', fill: 0 }],
      width: 16,
      height: 16,
      patch: 4,
      merge: 2,
      temporal: 1,
      augmentation: null,
    },
  ],
  statistics: { state: statistics([0, -1, 0], [1, 1, 0.04]), action: statistics([-0.5, -0.5, -1], [0.5, 0.5, 1]) },
  normalisation: {
    state: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0 },
    action: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0 },
  },
  clamp: 15,
  reference: null,
  stateSize: 4,
  actionSize: 5,
  horizon: 4,
  prompt: shortPrompt,
  instructionTokens: 12,
  supervision: [
    {
      kind: 'values',
      feature: 'supervision.target_position',
      output: 'targetPosition',
      size: 3,
      normalisation: { kind: 'identity' },
    },
    { kind: 'box', feature: 'supervision.target_box.front', output: 'targetBox', camera: 'front' },
    { kind: 'patch', feature: 'supervision.target_box.front', output: 'targetPatch', camera: 'front' },
    { kind: 'class', feature: 'supervision.subtask', output: 'subtask', classes: 3 },
  ],
};

/** The codec of a design. */
export function codecOf(design: CodecDesign): Codec {
  const tokenizer = tabletopTokenizer();
  return createCodec(designCodec(design, tokenizer), tokenizer);
}

/** An image of noise. */
export function noiseImage(width: number, height: number, seed: number): Image {
  const random = new Random(seed);
  return { width, height, data: new Uint8Array(width * height * 3).map(() => random.integer(256)) };
}

/** A sample of the small robot; the last step of its chunk lies beyond the episode's end. */
export function tinySample(seed: number): TrainingSample {
  const random = new Random(seed, 1);
  return {
    images: { front: noiseImage(32, 32, seed), wrist: noiseImage(40, 20, seed + 1) },
    state: Float32Array.from([random.uniform(), random.range(-1, 1), 0.02]),
    instruction: random.pick(['lift the red block', 'push the blue cube into the zone']),
    actions: Float32Array.from({ length: 12 }, (_, i) => (i % 3 === 2 ? 1 : random.range(-0.5, 0.5))),
    actionIsPad: Uint8Array.of(0, 0, 0, 1),
    supervision: {
      'supervision.target_position': Float32Array.of(1, 2, 3),
      'supervision.target_box.front': Float32Array.of(0.5, 0.25, 0.75, 0.5),
      'supervision.subtask': Float32Array.of(2),
    },
  };
}
