/** @file Published folders with the weights of golden files, and what it takes to make policies of them. */

import path from 'node:path';
import type { AdoptOptions } from '../src/checkpoints/adopt-published.ts';
import type { Tensor } from '../src/base/tensor.ts';
import type { Embodiment } from '../src/interfaces/embodiment.ts';
import type { Observation } from '../src/interfaces/observation.ts';
import type { FamilyConfig } from '../src/models/family.ts';
import { XIAOMI_PUBLISHED } from '../src/models/xiaomi-robotics-0/published.ts';
import { flatten, pickTensors, type ParameterSpec, type Tree } from '../src/nn/parameters.ts';
import { GOLDEN_XIAOMI } from './golden-models.ts';
import { goldenTensors } from './golden-tensors.ts';
import { copyTokenizer, randomTensors, writeJson, writeWeights, writeXiaomiConfig } from './published-folders.ts';

/** Rows of the shipped tokenizer; the golden prompts use the first 32. */
const VOCABULARY = 576;
/** The same sizes with rows for the shipped tokenizer. */
export const withVocabulary = <C extends FamilyConfig>(config: C): C => ({
  ...config,
  language: { ...config.language, vocabulary: VOCABULARY },
});

/** The golden weights as a published file has them, with an embedding that has rows for the shipped tokenizer. */
export function goldenWeights(name: string, spec: Tree<ParameterSpec>, embedding: string): Record<string, Tensor> {
  const golden = goldenTensors(name);
  const small = golden[embedding]!;
  const width = small.shape[1]!;
  const more = randomTensors({ rows: { dtype: 'f32', shape: [VOCABULARY, width] } })['rows']!;
  (more.data as Float32Array).set(small.data as Float32Array);
  return Object.fromEntries(flatten<Tensor>(pickTensors(spec, { ...golden, [embedding]: more })));
}

const convention = { frame: 'base', gripper: 'close-positive', unit: 'si' } as const;
/** Two cameras of the sizes of the golden prompts, three actions. */
export const goldenRobot: Embodiment = {
  name: 'golden',
  cameras: [
    { name: 'base', width: 8, height: 16 },
    { name: 'wrist', width: 8, height: 8 },
  ],
  state: { names: ['x', 'y', 'z', 'finger'], convention: { ...convention, rotation: 'none', reference: 'absolute' } },
  action: { names: ['dx', 'dy', 'gripper'], convention: { ...convention, rotation: 'none', reference: 'delta' } },
  controlHz: 10,
  holdAction: null,
};
/** The same with absolute actions. */
export const absoluteRobot: Embodiment = {
  ...goldenRobot,
  action: { ...goldenRobot.action, convention: { ...goldenRobot.action.convention, reference: 'absolute' } },
};
/** Options of an adoption; the robot is written into `root`. */
export function adoptOptions(
  root: string,
  choices: Partial<AdoptOptions['choices']> = {},
  embodiment: Embodiment = goldenRobot,
): AdoptOptions {
  const file = `${embodiment.action.convention.reference}-${embodiment.action.names.length}.json`;
  writeJson(root, file, embodiment);
  return {
    embodiment: path.join(root, file),
    statistics: null,
    choices: { cameras: null, ...choices },
    settings: {},
  };
}

/** What the robot sees. */
export const goldenObservation: Observation = {
  images: {
    base: { width: 8, height: 16, data: Uint8Array.from({ length: 8 * 16 * 3 }, (_, i) => (i * 37) % 256) },
    wrist: { width: 8, height: 8, data: Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 91) % 256) },
  },
  state: Float32Array.of(0.1, -0.2, 0.3, 0.04),
  instruction: 'lift the red cube',
};
/** The golden Xiaomi-Robotics-0. */
export const XIAOMI = withVocabulary(GOLDEN_XIAOMI);
/** Its weights. */
export const xiaomiWeights = goldenWeights(
  'xiaomi-robotics-0',
  XIAOMI_PUBLISHED.family.spec(XIAOMI, 24),
  'vlm.model.language_model.embed_tokens.weight',
);
/** Places 0 to 2 move; the statistics differ from step to step. */
const perStep = (value: (step: number, place: number) => number): number[][] =>
  Array.from({ length: 7 }, (_, step) => [0, 1, 2, 3].map((place) => (place === 3 ? 1e-6 : value(step, place))));
/** Statistics of its seven steps. */
export const golden7 = {
  mean: perStep((step, place) => step * 0.1 - place),
  std: perStep((step, place) => 0.5 + step + place),
};
const moving = (places: number): object => ({
  mean: [Array(4).fill(0)],
  std: [Array.from({ length: 4 }, (_, place) => (place < places ? 1 : 1e-6))],
});

/** A published Xiaomi-Robotics-0 in two shards; `change` edits the tensors before. */
export function xiaomiFolder(folder: string, change: (tensors: Record<string, Tensor>) => void = () => {}): string {
  const tensors = { ...xiaomiWeights };
  change(tensors);
  writeWeights(folder, 'model', tensors, 2);
  writeXiaomiConfig(folder, XIAOMI, 7);
  copyTokenizer(folder);
  writeJson(folder, 'preprocessor_config.json', {
    action_config: { golden: golden7, one_arm: moving(2), two_arms: moving(4) },
    min_pixels: 16,
    max_pixels: 1024,
  });
  return folder;
}
