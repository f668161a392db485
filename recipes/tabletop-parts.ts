/** @file What the recipes on the built-in tabletop share: cameras, codec, model and optimiser, as functions of a few choices. */

import type { RecordConfig } from './recording.ts';
import type { Augmentation } from '../src/codec/augment.ts';
import type { CameraConfig } from '../src/codec/codec-config.ts';
import type { AnyFamily } from '../src/models/family.ts';
import { zr0 } from '../src/models/zr-0/family.ts';
import { TASKS } from '../src/simulation/tabletop/index.ts';
import type { CodecRecipe } from '../src/training/recipe.ts';
import type { ModelConfig } from '../src/training/model-config.ts';
import type { OptimiserConfig } from '../src/training/optimiser.ts';

/** The tokens of assets/tokenizers/tabletop (569), and a few rows that are free. */
export const VOCABULARY = 576;
const STATE_SIZE = 8;
const ACTION_SIZE = 7;
/** As the environment numbers them. */
const SUBTASKS = new Set(TASKS.flatMap(({ subtasks }) => subtasks)).size;

/** Noise on the executed actions of demonstrations; little on rotations, none on the gripper. */
export const TABLETOP_NOISE: RecordConfig['noise'] = {
  cleanShare: 0.25,
  sigma: [0.05, 0.3],
  correlation: 0.8,
  scale: [1, 1, 1, 0.3, 0.3, 0.6, 0],
  slips: { dimension: 6, rate: 0.005, steps: [3, 8] },
};

/** Mild changes of light and colour, for policies that are measured where they were trained. */
export const MILD: Augmentation = {
  shiftPixels: 0,
  brightness: 0.15,
  contrast: 0.15,
  channelGain: 0.05,
  saturation: 0.1,
};

/** Larger changes, for policies that shall stand another light and a camera that was moved a little. */
export const STRONG: Augmentation = {
  shiftPixels: 3,
  brightness: 0.35,
  contrast: 0.3,
  channelGain: 0.15,
  saturation: 0.3,
};

/** A camera of a tiny model, resized from `recorded` to `size` pixels, a multiple of 8. */
export function camera(name: string, size: number, recorded: number, augmentation: Augmentation): CameraConfig {
  return {
    name,
    steps: size === recorded ? [] : [{ kind: 'resize', width: size, height: size, filter: 'bilinear' }],
    width: size,
    height: size,
    patch: 4,
    merge: 2,
    temporal: 1,
    augmentation,
  };
}

/** The codec: the front camera as recorded, the wrist camera at half its size. */
export function tabletopCodec(
  imageSize: number,
  horizon: number,
  instructionTokens: number,
  augmentation: Augmentation,
): CodecRecipe {
  const front = camera('front', imageSize, imageSize, augmentation);
  const wrist = camera('wrist', imageSize / 2, imageSize, augmentation);
  return demonstrationCodec([front, wrist], horizon, instructionTokens, SUBTASKS);
}

/** The codec of demonstrations with what the simulator knows; of two cameras the second is at the wrist. `subtasks`: how many there are. */
export function demonstrationCodec(
  cameras: readonly [front: CameraConfig, wrist: CameraConfig],
  horizon: number,
  instructionTokens: number,
  subtasks: number,
): CodecRecipe {
  const [front, wrist] = [cameras[0].name, cameras[1].name];
  return {
    embodiment: 'recorded',
    tokenizer: 'tabletop',
    cameras,
    normalisation: {
      state: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0 },
      // Actions lie in [-1, 1]: a rotation that hardly moves must not be blown up.
      action: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0.2 },
    },
    clamp: 5,
    reference: null,
    stateSize: STATE_SIZE,
    actionSize: ACTION_SIZE,
    horizon,
    prompt: 'short',
    instructionTokens,
    supervision: [
      { kind: 'patch', feature: `supervision.target_box.${front}`, output: 'targetPatch', camera: front },
      { kind: 'patch', feature: `supervision.target_box.${wrist}`, output: 'targetWristPatch', camera: wrist },
      { kind: 'box', feature: `supervision.target_box.${wrist}`, output: 'targetWristBox', camera: wrist },
      {
        kind: 'values',
        feature: 'supervision.target_position',
        output: 'targetPosition',
        size: 3,
        normalisation: { kind: 'mean-std', epsilon: 1e-3 },
      },
      {
        kind: 'values',
        feature: 'supervision.target_heading',
        output: 'targetHeading',
        size: 2,
        normalisation: { kind: 'identity' },
      },
      {
        kind: 'values',
        feature: 'supervision.has_heading',
        output: 'hasHeading',
        size: 1,
        normalisation: { kind: 'identity' },
      },
      {
        kind: 'values',
        feature: 'supervision.goal_position',
        output: 'goalPosition',
        size: 3,
        normalisation: { kind: 'mean-std', epsilon: 1e-3 },
      },
      {
        kind: 'values',
        feature: 'supervision.has_goal',
        output: 'hasGoal',
        size: 1,
        normalisation: { kind: 'identity' },
      },
      {
        kind: 'values',
        feature: 'supervision.hand_trace',
        output: 'handTrace',
        size: 12,
        normalisation: { kind: 'mean-std', epsilon: 1e-3 },
      },
      { kind: 'class', feature: 'supervision.subtask', output: 'subtask', classes: subtasks },
    ],
  };
}

/** What differs from robot to robot. */
interface ModelChoices {
  readonly actionDim?: number;
  readonly stateDim?: number;
  readonly vocabulary?: number;
  readonly cameras?: readonly [front: string, wrist: string];
  readonly subtasks?: number;
}

/** A family's tiny model with heads for what the simulator knows. */
export function tabletopModel(
  draws: number,
  family: AnyFamily = zr0,
  {
    actionDim = ACTION_SIZE,
    stateDim = STATE_SIZE,
    vocabulary = VOCABULARY,
    cameras: [front, wrist] = ['front', 'wrist'],
    subtasks = SUBTASKS,
  }: ModelChoices = {},
): ModelConfig {
  return {
    config: family.tiny({
      vocabulary,
      stateDim,
      actionDim,
      supervision: {
        targetPatch: { kind: 'pointer', input: 'targetPatch', weight: 0.1, camera: front },
        targetWristPatch: { kind: 'pointer', input: 'targetWristPatch', weight: 0.1, camera: wrist },
        targetWristBox: { kind: 'values', input: 'targetWristBox', weight: 2, size: 4, mask: null },
        targetPosition: { kind: 'values', input: 'targetPosition', weight: 0.5, size: 3, mask: null },
        targetHeading: { kind: 'values', input: 'targetHeading', weight: 0.2, size: 2, mask: 'hasHeading' },
        goalPosition: { kind: 'values', input: 'goalPosition', weight: 0.5, size: 3, mask: 'hasGoal' },
        handTrace: { kind: 'values', input: 'handTrace', weight: 0.2, size: 12, mask: null },
        subtask: { kind: 'class', input: 'subtask', weight: 0.05, classes: subtasks },
      },
    }),
    draws,
    eulerSteps: 5,
    noiseScale: 0.5,
  };
}

/** AdamW as the tabletop policies like it. */
export const TABLETOP_OPTIMISER: OptimiserConfig = {
  betas: [0.9, 0.98],
  epsilon: 1e-8,
  weightDecay: 0.02,
  clipNorm: 1,
  emaDecay: 0.998,
};
