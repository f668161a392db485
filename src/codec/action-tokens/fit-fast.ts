/** @file Fitting a FAST tokenizer of one's own: the range of the coefficients, and byte-pair merges over them. */

import { VlaError } from '../../base/errors.ts';
import { roundHalfToEven } from '../../base/round-half-to-even.ts';
import { GPT2_PIECES, bytesAsLetters } from '../text-tokens/byte-level.ts';
import { learnMerges } from '../text-tokens/learn-merges.ts';
import { forwardDct } from './dct.ts';
import { coefficientText, fastTokenizer, requireShape, type FastTokenizer } from './fast.ts';

/** Action chunks and how finely to cut them. */
export interface FastFit {
  /** Row-major [horizon, dim] each, normalised to about [−1, 1]; shapes may differ. */
  readonly chunks: readonly { readonly values: ArrayLike<number>; readonly horizon: number; readonly dim: number }[];
  /** Coefficients are multiplied by it before they are rounded; 10 in the paper. */
  readonly scale: number;
  /** Tokens in all: one per rounded coefficient in range, one per byte letter in use, and the merges. */
  readonly vocabularySize: number;
}

/** The tokenizer that the official `fit` finds on the same chunks: same ranges, same merges, same ids. */
export function fitFastTokenizer({ chunks, scale, vocabularySize }: FastFit): FastTokenizer {
  if (chunks.length === 0) {
    throw new VlaError('bad-argument', 'fit FAST: expected action chunks, got none.', {
      hint: 'Take chunks from all over the dataset; a thousand are a good start.',
    });
  }
  const [low, high] = coefficientRange(chunks, scale);
  requireSize(high - low + 1, low, high, vocabularySize);
  const counts = new Map<string, number>();
  for (const { values, horizon, dim } of chunks) {
    const text = coefficientText(values, horizon, dim, { scale, minToken: low }, 'fit FAST');
    for (const [piece] of text.matchAll(GPT2_PIECES)) {
      const letters = bytesAsLetters(piece);
      counts.set(letters, (counts.get(letters) ?? 0) + 1);
    }
  }
  const tokens = alphabet(high - low + 1, counts.keys());
  requireSize(tokens.length, low, high, vocabularySize);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const pieces = [...counts].map(([letters, count]) => ({
    ids: Array.from(letters, (letter) => ids.get(letter)!),
    count,
  }));
  const merges = learnMerges(pieces, tokens, vocabularySize);
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return fastTokenizer(
    { scale, minToken: low, vocabularySize, horizon: null, dim: null, pairs: { vocab, merges } },
    'FAST tokenizer',
  );
}

function requireSize(needed: number, low: number, high: number, vocabularySize: number): void {
  if (needed <= vocabularySize) return;
  throw new VlaError(
    'bad-argument',
    `fit FAST: expected a vocabulary of at least ${needed} tokens for coefficients from ${low} to ${high}, ` +
      `got ${vocabularySize}.`,
    { hint: 'Raise vocabularySize, lower the scale, or normalise the actions.' },
  );
}

/** The smallest and the largest rounded coefficient. */
function coefficientRange(chunks: FastFit['chunks'], scale: number): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const [i, { values, horizon, dim }] of chunks.entries()) {
    requireShape(values, horizon, dim, `fit FAST: chunk ${i}`);
    for (const value of forwardDct(values, horizon, dim)) {
      const rounded = roundHalfToEven(value * scale);
      low = Math.min(low, rounded);
      high = Math.max(high, rounded);
    }
  }
  return [low, high];
}

/** All code points of the range and all letters in use, by code point. */
function alphabet(range: number, pieces: Iterable<string>): string[] {
  const letters = new Set(Array.from({ length: range }, (_, code) => String.fromCodePoint(code)));
  for (const piece of pieces) for (const letter of piece) letters.add(letter);
  return [...letters].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
}
