/** @file How the features of a frozen vision-language model are kept, as a recipe says it. */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';

/**
 * Where nothing that encodes the prompt learns, what the loss reads of an encoded prompt is computed once per frame, before the first
 * step, and read from disk after that. Answers cannot be learned at the same time: they change from step to step.
 */
export interface FeaturesConfig {
  /** Where features are kept, for later runs too; those of other weights, codecs or data get folders of their own in it. */
  readonly folder: string;
  /** `f16` halves the disk for hidden states, keys and values, and changes the numbers a little; with `f32` nothing changes. */
  readonly dtype: 'f32' | 'f16';
  /** How many augmented versions of each frame are kept, which epochs use in turn; 0: frames as they are, without augmentation. */
  readonly augmentations: number;
}

const schema = z.strictObject({
  folder: z.string().min(1),
  dtype: z.enum(['f32', 'f16']),
  augmentations: z.int().min(0),
}) satisfies z.ZodType<FeaturesConfig>;

/** Checks features that were written by hand; throws `bad-argument` with the field that is wrong. */
export function parseFeatures(content: unknown): FeaturesConfig {
  const { data, error } = schema.safeParse(content);
  if (data !== undefined) return data;
  const { path, message } = error.issues[0]!;
  throw new VlaError('bad-argument', `${['data.features', ...path].join('.')}: ${message}.`, {
    hint: 'Correct it in the recipe, or with --set; null keeps no features.',
  });
}
