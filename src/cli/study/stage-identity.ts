/** @file Names a training stage by what its weights depend on: recipe, seed, data, and the weights that it starts from. */

import { createHash } from 'node:crypto';
import type { Recipe } from '../../../recipes/recipe.ts';

/** 16 hexadecimal digits of the SHA-256 of a JSON value. */
export function identityOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

/**
 * The identity of a stage that starts from `base` (the identity of its predecessor, or the hash of a checkpoint's weights;
 * null: fresh). Names, words, memory and decoding threads change no weight; an evaluation does where it chooses the checkpoint.
 */
export function stageIdentity(recipe: Recipe, base: string | null): string {
  const { name: _name, summary: _summary, openLoop: _openLoop, evaluation, data, tuning, ...rest } = recipe;
  const { workers: _workers, pictureMegabytes: _megabytes, ...learned } = data;
  const chooses = recipe.loop.evaluateEvery === null ? null : evaluation;
  return identityOf({ ...rest, data: learned, tuning: tuning === null ? null : { ...tuning, base }, chooses });
}
