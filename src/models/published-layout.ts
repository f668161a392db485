/**
 * @file A family's published checkpoints as data: which files hold the weights, what their tensors are called, what in them is
 * dead, tied or transposed, and how a folder is recognised from its configuration. Nothing of it runs code from a checkpoint.
 */

import type { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import type { DType } from '../base/tensor.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';
import type { PublishedPolicy } from './published-policy.ts';

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
   * Our configuration of what the files describe; null when they are another family's. `tensors` are the names in the weight
   * files and their index. Throws `bad-data` when they are this family's and a number in them is missing or impossible.
   */
  recognise(
    configs: Readonly<Record<string, unknown>>,
    tensors: ReadonlySet<string>,
    where: string,
  ): FamilyConfig | null;
  /** The part that one of our dotted names belongs to. */
  part(name: string): ModelPart;
  readonly statistics: readonly StatisticsFile[];
  /** Where the statistics are when they are not beside the weights; null when they are. */
  readonly statisticsElsewhere: string | null;
  /** How it becomes a policy. */
  readonly policy: PublishedPolicy;
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

/** What `schema` reads of a configuration file that others wrote; `where` names it. Throws `bad-data` with the field. */
export function readPublishedConfig<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `${where}: ${issue.path.join('.') || 'the whole'}: ${issue.message}.`, {
    hint: 'The file is damaged, or from a version that this release does not know.',
  });
}

/** The vectors of a statistics file, for people: "action: min, max, mean, std of 32". */
export function describeStatistics(json: unknown): string[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([vector, statistics]: [string, unknown]) => {
    if (typeof statistics !== 'object' || statistics === null) return [];
    const lists = Object.entries(statistics).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
    const first = lists[0]?.[1];
    if (first === undefined) return [];
    const size = Array.isArray(first[0]) ? `${first.length} × ${first[0].length}` : `${first.length}`;
    return [`${vector}: ${lists.map(([name]) => name).join(', ')} of ${size}`];
  });
}
