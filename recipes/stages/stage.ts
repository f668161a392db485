/**
 * @file What the training stages of the four papers share at size tiny: data, codec, model and optimiser, as functions of a few
 * choices. A stage at published scale spreads one of them and names its own sizes and data.
 */

import type { CameraConfig } from '../../src/codec/codec-config.ts';
import type { PromptName } from '../../src/codec/prompts/index.ts';
import type { AnyFamily, FamilyConfig } from '../../src/models/family.ts';
import { ACTIONS, type Objective } from '../../src/models/objective.ts';
import type { AnswerRecipe, CodecRecipe, ConversationsShare, DatasetShare } from '../../src/training/recipe.ts';
import type { Recipe } from '../recipe.ts';
import { MILD, TABLETOP_NOISE, TABLETOP_OPTIMISER, tabletopCodec, tabletopModel } from '../tabletop-parts.ts';

/** Sides of pictures, pixels. */
const IMAGE_SIZE = 64;
/** Length of the padded state and action vectors, for every robot of a mixture. */
export const VECTOR_SIZE = 32;
/** Rows of the embedding: the tokens of assets/tokenizers/robotics. */
const VOCABULARY = 1536;
const TASKS = ['touch', 'push', 'lift'];
const HORIZON = 8;

/** The words of a stage's prompts, and what it calls its views. */
export interface StageWords {
  readonly prompt: PromptName;
  readonly views: { readonly front: string; readonly wrist: string };
  readonly instructionTokens: number;
}

/** What a stage decides; the rest is the same for all. */
export interface StageChoices {
  readonly name: string;
  readonly summary: string;
  /** The recipe whose run it starts from; null: from fresh weights. */
  readonly after: string | null;
  readonly family: AnyFamily;
  readonly words: StageWords;
  /** Changes of the tiny configuration. */
  readonly model?: (tiny: FamilyConfig) => FamilyConfig;
  readonly datasets: readonly DatasetShare[];
  readonly conversations?: readonly ConversationsShare[];
  readonly codec?: Partial<CodecRecipe>;
  readonly objective?: Partial<Objective>;
  readonly answer?: AnswerRecipe;
  /** Parameters that start fresh, and that stay as they are. */
  readonly fresh?: readonly string[];
  readonly freeze?: readonly string[];
  /** Draws of noise and time that share one pass over the prompt. */
  readonly draws?: number;
  readonly steps: number;
  readonly learningRate?: number;
  /** Whether it leaves a policy to measure. */
  readonly acts: boolean;
}

/** A robot's demonstrations at the tabletop, with annotations. */
export const tabletopShare = (samplesPerStep: number, own?: DatasetShare['own']): DatasetShare => ({
  root: 'data/annotated',
  episodes: 'all',
  heldOut: [],
  samplesPerStep,
  ...(own === undefined ? {} : { own }),
});

/** Questions about pictures of the tabletop. */
export const conversationShare = (
  samplesPerStep: number,
  views: StageWords['views'],
  weight?: number,
): ConversationsShare => ({
  root: 'data/vision-language',
  cameras: [labelled(tabletopCodec(IMAGE_SIZE, HORIZON, 1, MILD).cameras[0]!, views)],
  questionTokens: 40,
  answerTokens: 24,
  samplesPerStep,
  ...(weight === undefined ? {} : { weight }),
});

const labelled = (camera: CameraConfig, views: StageWords['views']): CameraConfig => ({
  ...camera,
  label: views[camera.name as keyof typeof views],
});

/** Text is written one token after the other, behind a prompt that needs no learned places. */
const causal = (tiny: FamilyConfig): FamilyConfig => ({
  ...tiny,
  prompt: { attention: 'causal', stateToken: false, learnedPositions: false },
});

/** A stage as a recipe. */
export function stage(choices: StageChoices): Recipe {
  const { name, summary, after, family, words, datasets, conversations, objective, acts, steps } = choices;
  const plain = tabletopCodec(IMAGE_SIZE, HORIZON, words.instructionTokens, MILD);
  const model = tabletopModel(choices.draws ?? 4, family, {
    actionDim: VECTOR_SIZE,
    stateDim: VECTOR_SIZE,
    vocabulary: VOCABULARY,
  });
  const change = choices.model ?? ((config: FamilyConfig): FamilyConfig => config);
  return {
    name,
    summary,
    seed: 1,
    record:
      datasets.length === 0
        ? null
        : {
            episodes: 1500,
            tasks: TASKS,
            seed: 1,
            imageSize: IMAGE_SIZE,
            noise: TABLETOP_NOISE,
            attempts: 5,
            annotations: true,
          },
    data: {
      datasets,
      ...(conversations === undefined ? {} : { conversations }),
      stride: 1,
      imageSize: null,
      pictureMegabytes: 3000,
      workers: 2,
    },
    codec: {
      ...plain,
      tokenizer: 'robotics',
      cameras: plain.cameras.map((camera) => labelled(camera, words.views)),
      stateSize: VECTOR_SIZE,
      actionSize: VECTOR_SIZE,
      prompt: words.prompt,
      ...choices.codec,
      ...(choices.answer === undefined ? {} : { answer: choices.answer }),
    },
    model: { ...model, config: change(causal(model.config)) },
    objective: { ...ACTIONS, ...objective },
    tuning: {
      base: after === null ? null : `runs/${after}`,
      fresh: choices.fresh ?? [],
      freeze: choices.freeze ?? [],
      lora: null,
      save: 'whole',
    },
    optimiser: TABLETOP_OPTIMISER,
    schedule: { learningRate: choices.learningRate ?? 2e-3, warmupSteps: 150, finalFraction: 0.01 },
    loop: { steps, logEvery: 50, checkpointEvery: 1000, evaluateEvery: null, keepLast: 1 },
    device: { runtime: 'cpu', arithmetic: 'f32', threads: 1, replicas: 2 },
    evaluation: acts
      ? { tasks: TASKS, conditions: ['base', 'other'], episodes: 100, execute: HORIZON, validationEpisodes: 20 }
      : null,
    openLoop: null,
  };
}
