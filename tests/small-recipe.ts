/** @file A training recipe on the small recorded dataset, for tests: a policy of a few thousand parameters, trained in a second. */

import { tinyZr0, type Zr0Config } from '../src/models/zr-0/config.ts';
import type { Embodiment } from '../src/interfaces/embodiment.ts';
import type { TrainingRecipe } from '../src/training/recipe.ts';
import { FPS, HEIGHT, WIDTH } from './small-dataset.ts';

/** The robot of the small dataset. */
export const smallRobot: Embodiment = {
  name: 'test-arm',
  cameras: [{ name: 'front', width: WIDTH, height: HEIGHT }],
  state: {
    names: ['x', 'y'],
    convention: { rotation: 'none', frame: 'base', gripper: 'none', reference: 'absolute', unit: 'si' },
  },
  action: {
    names: ['dx', 'dy', 'grip'],
    convention: { rotation: 'none', frame: 'base', gripper: 'close-positive', reference: 'delta', unit: 'normalised' },
    low: [-1, -9, -1],
    high: [1, 9, 1],
  },
  controlHz: FPS,
  holdAction: [0, 0, -1],
};

const tiny = tinyZr0({
  vocabulary: 576,
  stateDim: 2,
  actionDim: 3,
  supervision: {
    goal: { kind: 'values', input: 'goal', weight: 0.1, size: 3, mask: null },
    subtask: { kind: 'class', input: 'subtask', weight: 0.1, classes: 2 },
  },
});
const config: Zr0Config = { ...tiny, language: { ...tiny.language, layers: 1 } };

/** Trains on the dataset in `root`. */
export function smallRecipe(root: string): TrainingRecipe {
  return {
    seed: 4,
    data: {
      datasets: [{ root, episodes: 'all', heldOut: [], samplesPerStep: 3 }],
      stride: 1,
      imageSize: null,
      pictureMegabytes: 100,
      workers: 1,
    },
    codec: {
      embodiment: smallRobot,
      tokenizer: 'tabletop',
      cameras: [
        {
          name: 'front',
          steps: [],
          width: WIDTH,
          height: HEIGHT,
          patch: 4,
          merge: 2,
          temporal: 1,
          augmentation: { shiftPixels: 1, brightness: 0.1, contrast: 0.1, channelGain: 0, saturation: 0 },
        },
      ],
      normalisation: {
        state: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0 },
        action: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0 },
      },
      clamp: 5,
      reference: null,
      stateSize: 2,
      actionSize: 3,
      horizon: 4,
      prompt: 'short',
      instructionTokens: 12,
      supervision: [
        {
          kind: 'values',
          feature: 'supervision.goal_position',
          output: 'goal',
          size: 3,
          normalisation: { kind: 'mean-std', epsilon: 1e-3 },
        },
        { kind: 'class', feature: 'supervision.subtask', output: 'subtask', classes: 2 },
      ],
    },
    model: { config, draws: 2, eulerSteps: 2, noiseScale: 1 },
    tuning: null,
    optimiser: { betas: [0.9, 0.98], epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1, emaDecay: 0.99 },
    schedule: { learningRate: 2e-3, warmupSteps: 3, finalFraction: 0.1 },
    loop: { steps: 12, logEvery: 4, checkpointEvery: 6, evaluateEvery: null, keepLast: 2 },
    device: { runtime: 'cpu', threads: 1, replicas: 1 },
  };
}
