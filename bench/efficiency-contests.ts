/** @file What bench/efficiency compares: two models, and for each means of efficiency the recipes that differ in it alone. */

import { quickstartFamilies } from '../recipes/quickstart-families.ts';
import { lookUp } from '../src/base/errors.ts';
import { XIAOMI_ROBOTICS_0, tinyXiaomi, type XiaomiConfig } from '../src/models/xiaomi-robotics-0/config.ts';
import type { DeviceConfig, TrainingRecipe } from '../src/training/recipe.ts';
import type { TuningConfig } from '../src/training/tuning.ts';

const DRAWS = 4;
const SAMPLES = 8;
const EPISODES = [0, 1];

const sizes = { vocabulary: 576, stateDim: 8, actionDim: 32, supervision: {} };
const tiny = tinyXiaomi(sizes);
/** The published model's shape, smaller. */
const large: XiaomiConfig = {
  ...XIAOMI_ROBOTICS_0,
  vision: { ...tiny.vision, width: 256, layers: 4, heads: 4, mlpWidth: 1024, outputWidth: 512 },
  language: {
    ...XIAOMI_ROBOTICS_0.language,
    vocabulary: sizes.vocabulary,
    width: 512,
    layers: 6,
    heads: 8,
    headWidth: 64,
    mlpWidth: 1408,
    ropeSections: [12, 10, 10],
  },
  expert: { ...XIAOMI_ROBOTICS_0.expert, width: 512, layers: 6, headWidth: 64, mlpWidth: 1408, stateDim: 8 },
};

/** The models, by name. */
export const MODELS: Readonly<Record<string, XiaomiConfig>> = { tiny, large };

/** One contender. */
export interface Contender {
  readonly name: string;
  readonly recipe: TrainingRecipe;
  /** Every draw reads a copy of the prompt's keys and values. */
  readonly copyPrompt?: boolean;
  /** Samples times draws of a step. */
  readonly drawsPerStep: number;
}

const FROZEN: TuningConfig = { base: null, fresh: [], freeze: ['vlm.**'], lora: null, save: 'whole' };
const ADAPTERS: TuningConfig = {
  ...FROZEN,
  lora: { rank: 8, alpha: 16, targets: ['vlm.model.language_model.layers.*.{self_attn,mlp}.*_proj'] },
};

/** What a contest changes. */
interface Change {
  readonly draws?: number;
  readonly samples?: number;
  readonly device?: Partial<DeviceConfig>;
  readonly tuning?: TuningConfig;
  readonly features?: 'f32' | 'f16';
  readonly copyPrompt?: boolean;
}

/** By name of the contest the contenders; ratios are to the first. */
const CONTESTS: Readonly<Record<string, Readonly<Record<string, Change>>>> = {
  draws: { '1 draw': { draws: 1 }, '2 draws': { draws: 2 }, '4 draws': {}, '8 draws': { draws: 8 } },
  prefix: {
    'prompt shared by 4 draws': {},
    'prompt encoded once, copied for each draw': { copyPrompt: true },
    'prompt encoded for each draw': { draws: 1, samples: SAMPLES * DRAWS },
  },
  features: {
    'frozen, from pixels': { tuning: FROZEN },
    'frozen, features in f32': { tuning: FROZEN, features: 'f32' },
    'frozen, features in f16': { tuning: FROZEN, features: 'f16' },
  },
  accumulate: {
    'whole batch': {},
    '2 parts': { device: { accumulate: 2 } },
    '4 parts': { device: { accumulate: 4 } },
  },
  rematerialise: {
    'values kept': {},
    'values computed again': { device: { rematerialise: true } },
    'computed again, 4 parts': { device: { rematerialise: true, accumulate: 4 } },
  },
  arithmetic: {
    'products in f32': {},
    'products in f16': { device: { arithmetic: 'f16' } },
  },
  tuning: {
    'all learns': {},
    'adapters in the decoder, expert': { tuning: ADAPTERS },
    'expert alone': { tuning: FROZEN },
  },
};

/** Names of the contests. */
export const CONTEST_NAMES = Object.keys(CONTESTS);

/** Where the contenders run, and what they read and write. */
export interface Place {
  /** The quickstart's dataset. */
  readonly root: string;
  /** For features. */
  readonly folder: string;
  readonly device: Pick<DeviceConfig, 'runtime' | 'threads'>;
}

/** The contenders of a contest. */
export function contenders(contest: string, model: string, { root, folder, device: place }: Place): Contender[] {
  return Object.entries(lookUp('contest', contest, CONTESTS)).map(([name, change]) => {
    const { draws = DRAWS, samples = SAMPLES, device, tuning = null, features, copyPrompt = false } = change;
    const base = quickstartFamilies.find(({ model: { config } }) => config.family === 'xiaomi-robotics-0')!;
    const recipe: TrainingRecipe = {
      ...base,
      data: {
        ...base.data,
        datasets: [{ root, episodes: EPISODES, heldOut: [], samplesPerStep: samples }],
        features: features === undefined ? null : { folder, dtype: features, augmentations: 0 },
      },
      // Features are of frames as they are: so is what they are compared with.
      codec: {
        ...base.codec,
        supervision: [],
        cameras: base.codec.cameras.map((camera) => ({ ...camera, augmentation: null })),
      },
      model: { ...base.model, draws, config: lookUp('model', model, MODELS) },
      tuning,
      optimiser: { ...base.optimiser, emaDecay: null },
      device: { ...place, replicas: 1, ...device },
    };
    return { name, recipe, copyPrompt, drawsPerStep: draws * samples };
  });
}
