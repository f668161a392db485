/** @file What a training run is made of: plain data, written by hand in recipes/, changed on the command line. */

import type { ActionTextConfig } from '../codec/action-tokens/action-text.ts';
import type { AnswerName } from '../codec/answers/index.ts';
import type { CameraConfig } from '../codec/codec-config.ts';
import type { NormalisationStyle } from '../codec/design-codec.ts';
import type { ReferenceChange } from '../codec/delta.ts';
import type { PromptName } from '../codec/prompts/index.ts';
import type { EpisodeSelection } from '../data/lerobot/catalogue.ts';
import type { ImageSize } from '../data/samples.ts';
import type { Arithmetic, Runtime } from '../engine/index.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import { ACTIONS, type Objective } from '../models/objective.ts';
import type { LoopConfig } from './loop.ts';
import type { ModelConfig } from './model-config.ts';
import type { OptimiserConfig } from './optimiser.ts';
import type { FeaturesConfig } from './features/config.ts';
import type { ScheduleConfig } from './schedule.ts';
import type { TuningConfig } from './tuning.ts';

/** What every member of a mixture has. */
interface Share {
  /** The dataset's folder. */
  readonly root: string;
  /** What metrics and files call it; default: the folder's name. */
  readonly name?: string;
  /** How many samples of every step come from this dataset; their sum is the batch size. */
  readonly samplesPerStep: number;
}

/** What a dataset has for itself; what is left out is the recipe's. */
export interface OwnSettings {
  /** Its robot, cameras, prompt, normalisation, actions …; statistics are then of this dataset alone. */
  readonly codec?: Partial<CodecRecipe>;
  readonly objective?: Partial<Objective>;
  /** Dataset frames per action of a chunk. */
  readonly stride?: number;
  /** Its loss counts this much; default: its share of the samples of a step. */
  readonly weight?: number;
}

/** Robot episodes of a mixture: a LeRobot dataset; without cameras, language and actions alone. */
export interface DatasetShare extends Share {
  readonly episodes: EpisodeSelection;
  /** Episodes that training never sees; they must not be listed in `episodes`, and are left out of "all" and "present". */
  readonly heldOut: readonly number[];
  /** Which frames start samples: all of them (default), or only the first of each episode, for whole trajectories. */
  readonly frames?: 'all' | 'first';
  /** The file of `vlakit data clean`: samples come from what it kept. */
  readonly selection?: string;
  /** With it, the dataset has a codec, statistics and a graph of its own; datasets without share all three. */
  readonly own?: OwnSettings;
}

/** Questions about images with answers, in DM0's episodic JSONL: what keeps a vision-language model what it is. */
export interface ConversationsShare extends Share {
  /** In prompt order; every sample has an image for each. None for text alone. */
  readonly cameras: readonly CameraConfig[];
  /** The longest question and the longest answer, in tokens. */
  readonly questionTokens: number;
  readonly answerTokens: number;
  /** Its loss counts this much; default: its share of the samples of a step. */
  readonly weight?: number;
}

/** Where samples come from: a mixture, whose ratio is the same in every step. */
export interface DataConfig {
  readonly datasets: readonly DatasetShare[];
  /** Left out: none. */
  readonly conversations?: readonly ConversationsShare[];
  /** Dataset frames per action of a chunk; see `WindowSpec`. */
  readonly stride: number;
  /** Pictures are brought to this size while loading; null keeps the recorded size. */
  readonly imageSize: ImageSize | null;
  /** A dataset's decoded pictures are held in memory when all fit into what the datasets before left of this; else they are decoded again for every sample. */
  readonly pictureMegabytes: number;
  /** Threads that decode. */
  readonly workers: number;
  /**
   * Future-state conditioning (VLASH): state and actions of every sample are those 0 to `longest` actions later than its images, each
   * delay equally often, for policies that are told where the robot will be when their chunk begins. Null (default): none.
   */
  readonly futureState?: { readonly longest: number } | null;
  /** Keeps what a frozen vision-language model makes of every frame; null (default): computed in every step. */
  readonly features?: FeaturesConfig | null;
}

/** A supervision field of the codec; its normalisation gets its statistics from the data. */
export type SupervisionConfig =
  | {
      readonly kind: 'values';
      readonly feature: string;
      readonly output: string;
      readonly size: number;
      readonly normalisation: NormalisationStyle | { readonly kind: 'identity' };
    }
  | { readonly kind: 'box' | 'patch'; readonly feature: string; readonly output: string; readonly camera: string }
  | { readonly kind: 'class'; readonly feature: string; readonly output: string; readonly classes: number };

/** How robot units become the model's numbers; what follows from the data is filled in when training starts. */
export interface CodecRecipe {
  /** The robot, or "recorded": what the first dataset says about its own (datasets recorded by vlakit do). */
  readonly embodiment: Embodiment | 'recorded';
  /** A tokenizer that ships with the package (a folder of assets/tokenizers), or a folder with tokenizer.json. */
  readonly tokenizer: string;
  readonly cameras: readonly CameraConfig[];
  readonly normalisation: { readonly state: NormalisationStyle; readonly action: NormalisationStyle };
  readonly clamp: number;
  readonly reference: ReferenceChange | null;
  readonly stateSize: number;
  readonly actionSize: number;
  readonly horizon: number;
  readonly prompt: PromptName;
  readonly instructionTokens: number;
  readonly supervision: readonly SupervisionConfig[];
  /** Text that training teaches behind the prompt; left out for none. */
  readonly answer?: AnswerRecipe | null;
}

/** What a model learns to write about a sample. */
export interface AnswerRecipe {
  readonly template: AnswerName;
  /** The longest answer with its end, in tokens. */
  readonly maxTokens: number;
  /** How actions are written; `fit-fast` makes a FAST tokenizer of the dataset's chunks. Null: not at all. */
  readonly actionText:
    | ActionTextConfig
    | { readonly kind: 'fit-fast'; readonly token: string; readonly vocabulary: number; readonly scale: number }
    | null;
}

/** A whole training run. */
export interface TrainingRecipe {
  readonly seed: number;
  readonly data: DataConfig;
  readonly codec: CodecRecipe;
  readonly model: ModelConfig;
  /** What robot samples teach; left out: action chunks alone. */
  readonly objective?: Objective;
  /** What of the model learns, and from which weights; null: everything, from fresh ones. */
  readonly tuning: TuningConfig | null;
  readonly optimiser: OptimiserConfig;
  readonly schedule: ScheduleConfig;
  readonly loop: LoopConfig;
  readonly device: DeviceConfig;
}

/** Where the training step runs. */
export interface DeviceConfig {
  readonly runtime: Runtime;
  /**
   * In what matrix products are computed; `f16` is for graphics cards and keeps weights, norms, losses and the optimiser in f32.
   * One replica, one part. Default `f32`.
   */
  readonly arithmetic?: Arithmetic;
  /** Threads within one operator, in each replica. */
  readonly threads: number;
  /**
   * Copies of the step's graph that share each batch, side by side (cpu only). With more than one the loss is the mean
   * of the replicas' losses; see `createReplicatedLearner`.
   */
  readonly replicas: number;
  /** Parts that each replica's share of a batch is learned in, one after the other: less memory, the same gradient. Default 1. */
  readonly accumulate?: number;
  /** Compute each layer's values once more in the backward pass instead of keeping them: less memory, more time. Default false. */
  readonly rematerialise?: boolean;
}

/** What the samples of a dataset teach. */
export const objectiveOf = ({ objective }: Pick<TrainingRecipe, 'objective'>, own: OwnSettings): Objective => ({
  ...(objective ?? ACTIONS),
  ...own.objective,
});

/** Samples per step. */
export function batchSizeOf(data: DataConfig): number {
  const shares = [...data.datasets, ...(data.conversations ?? [])];
  return shares.reduce((sum, { samplesPerStep }) => sum + samplesPerStep, 0);
}
