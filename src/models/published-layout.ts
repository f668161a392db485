/**
 * @file A family's published checkpoints as data: which files hold the weights, what their tensors are called, what in them is
 * dead, tied or transposed, and how a folder is recognised from its configuration. Nothing of it runs code from a checkpoint.
 */

import type { DType } from '../base/tensor.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';

/** How the tensors of a published checkpoint become ours. All patterns are of published names. */
export interface PublishedLayout {
  /**
   * Names of the weight files without their ending: `model` stands for `model.safetensors`, or for the shards that
   * `model.safetensors.index.json` lists.
   */
  readonly files: readonly string[];
  /** Our dotted name of a published tensor; null for one that our model has no place for and no need of. */
  rename(published: string): string | null;
  /** Tensors that the published model itself never reads. */
  readonly dead: readonly RegExp[];
  /** Pairs of one weight under two names: `name` may be missing from the files, and then is `same`. */
  readonly tied: readonly { readonly name: string; readonly same: string }[];
  /** Matrices that are stored [.., in, out] where most are stored [.., out, in]. */
  readonly transposed: readonly {
    readonly pattern: RegExp;
    /** `alike`: our model reads them as they are stored. `swapped`: the last two axes change places at load. */
    readonly ours: 'alike' | 'swapped';
  }[];
  /** The element type that the published files have; other float types load as well. */
  readonly dtype: DType;
}

/** The parts of a vision-language-action model. */
export type ModelPart = 'vision' | 'language' | 'expert';

/** A file with normalisation statistics. */
export interface StatisticsFile {
  readonly file: string;
  /** What it holds: a line per robot or vector, for example "libero_all: mean, std of 10 × 32". Throws nothing: [] when unknown. */
  describe(json: unknown): readonly string[];
}

/** What the published checkpoints of a family look like. */
export interface PublishedFamily {
  readonly family: AnyFamily;
  readonly layout: PublishedLayout;
  /** JSON files that `recognise` is given, where they exist. */
  readonly configFiles: readonly string[];
  /**
   * Our configuration of what the files describe; null when they are another family's. Throws `bad-data` when they are this
   * family's and a number in them is missing or impossible.
   */
  recognise(configs: Readonly<Record<string, unknown>>, where: string): FamilyConfig | null;
  /** The part that one of our dotted names belongs to. */
  part(name: string): ModelPart;
  readonly statistics: readonly StatisticsFile[];
  /** Where the statistics are when they are not beside the weights; null when they are. */
  readonly statisticsElsewhere: string | null;
}

/** A layout with nothing renamed: families say only in what theirs differs. */
export const PLAIN_LAYOUT: PublishedLayout = {
  files: ['model'],
  rename: (published) => published,
  dead: [],
  tied: [],
  transposed: [],
  dtype: 'bf16',
};
