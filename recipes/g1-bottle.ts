/**
 * @file Real data: a Unitree G1 with Inspire hands picks up a bottle (LeRobot v2.1, AV1 video, 26 joints). Learned from eight
 * episodes, measured open loop on two that are held out.
 */

import { tinyZr0 } from '../src/models/zr-0/config.ts';
import type { Embodiment, VectorSpec } from '../src/interfaces/embodiment.ts';
import type { Recipe } from './recipe.ts';
import { TABLETOP_OPTIMISER, VOCABULARY } from './tabletop-parts.ts';

const JOINTS = [
  ...['Left', 'Right'].flatMap((side) =>
    ['ShoulderPitch', 'ShoulderRoll', 'ShoulderYaw', 'Elbow', 'WristRoll', 'WristPitch', 'WristYaw'].map(
      (joint) => `k${side}${joint}`,
    ),
  ),
  ...['Left', 'Right'].flatMap((side) =>
    ['Pinky', 'Ring', 'Middle', 'Index', 'ThumbBend', 'ThumbRotation'].map((finger) => `k${side}Hand${finger}`),
  ),
];

const VECTOR: VectorSpec = {
  names: JOINTS,
  // Arms in radians; fingers from 0 (closed) to 1 (open), as the hands report them.
  convention: { rotation: 'none', frame: 'joint', gripper: 'close-zero-open-one', reference: 'absolute', unit: 'si' },
};

const G1: Embodiment = {
  name: 'unitree-g1-inspire',
  cameras: [{ name: 'cam_high', width: 640, height: 480 }],
  state: VECTOR,
  action: VECTOR,
  controlHz: 30,
  // Absolute joint targets: what holds still depends on where the joints are.
  holdAction: null,
};

const WIDTH = 96;
const HEIGHT = 72;
const HORIZON = 16;

/** Chunks of 16 actions (0.53 s), learned as differences to the joints at the start of the chunk. */
export const g1Bottle: Recipe = {
  name: 'g1-bottle',
  summary: 'real Unitree G1 data: joint targets from camera and joints, measured on held-out episodes',
  seed: 1,
  record: null,
  data: {
    datasets: [
      {
        root: '../shared/data/unitree-g1-bottle',
        episodes: 'present',
        // The last two of the ten that are there (1, 2, 4, 5, 7, 8, 10, 11, 12, 13).
        heldOut: [12, 13],
        samplesPerStep: 16,
      },
    ],
    stride: 1,
    imageSize: { width: WIDTH, height: HEIGHT },
    pictureMegabytes: 1000,
    workers: 2,
  },
  codec: {
    embodiment: G1,
    tokenizer: 'tabletop',
    cameras: [
      {
        name: 'cam_high',
        steps: [{ kind: 'resize', width: WIDTH, height: HEIGHT, filter: 'bilinear' }],
        width: WIDTH,
        height: HEIGHT,
        patch: 4,
        merge: 2,
        temporal: 1,
        augmentation: { shiftPixels: 4, brightness: 0.2, contrast: 0.2, channelGain: 0.1, saturation: 0.2 },
      },
    ],
    normalisation: {
      state: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0.05 },
      action: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0.05 },
    },
    clamp: 5,
    reference: {
      from: 'absolute',
      to: 'relative-to-chunk-start',
      stateIndex: JOINTS.map((_, i) => i),
      period: null,
    },
    stateSize: JOINTS.length,
    actionSize: JOINTS.length,
    horizon: HORIZON,
    prompt: 'short',
    instructionTokens: 16,
    supervision: [],
  },
  model: {
    config: tinyZr0({
      vocabulary: VOCABULARY,
      stateDim: JOINTS.length,
      actionDim: JOINTS.length,
      supervision: {},
    }),
    draws: 4,
    eulerSteps: 5,
    noiseScale: 0,
  },
  tuning: null,
  optimiser: { ...TABLETOP_OPTIMISER, weightDecay: 0.1 },
  schedule: { learningRate: 1e-3, warmupSteps: 100, finalFraction: 0.01 },
  loop: { steps: 5000, logEvery: 50, checkpointEvery: 500, evaluateEvery: null, keepLast: 2 },
  device: { runtime: 'cpu', arithmetic: 'f32', threads: 2, replicas: 1 },
  evaluation: null,
  openLoop: { every: 1 },
};
