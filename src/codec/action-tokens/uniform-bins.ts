/**
 * @file Actions as one token per number: equal bins over [−1, 1] whose tokens follow each other in the vocabulary (RT-2, Brohan
 * et al. 2023; DM0).
 */

import { VlaError } from '../../base/errors.ts';
import { roundHalfToEven } from '../../base/round-half-to-even.ts';

/** How many bins, and the token of the first. */
export interface UniformBinsConfig {
  readonly bins: number;
  readonly firstToken: number;
}

/** DM0's `<action_0>` to `<action_254>`. */
export const DM0_BINS: UniformBinsConfig = { bins: 255, firstToken: 151_698 };

/** Normalised actions to tokens and back. */
export interface UniformBins {
  readonly config: UniformBinsConfig;
  /** Bin round((a + 1) / 2 · (bins − 1)) of each value, halves to the even one; beyond [−1, 1] the outermost. Throws `not-finite`. */
  encode(values: ArrayLike<number>): number[];
  /** The middle of each bin, in [−1, 1]; throws `bad-data` for another token. */
  decode(tokens: ArrayLike<number | bigint>): Float64Array;
}

/** Throws `bad-argument` for fewer than two bins. */
export function createUniformBins(config: UniformBinsConfig): UniformBins {
  const { bins, firstToken } = config;
  if (!Number.isInteger(bins) || bins < 2) {
    throw new VlaError('bad-argument', `uniform bins: expected 2 or more, got ${bins}.`, {
      hint: 'RT-2 has 256, DM0 255.',
    });
  }
  const last = bins - 1;
  return {
    config,
    encode: (values) =>
      Array.from(values, (value, i) => {
        if (!Number.isFinite(value)) {
          throw new VlaError('not-finite', `uniform bins: expected finite numbers, got ${value} at index ${i}.`, {
            hint: 'Check the actions that are to become tokens.',
          });
        }
        return firstToken + Math.min(last, Math.max(0, roundHalfToEven(((value + 1) / 2) * last)));
      }),
    decode: (tokens) =>
      Float64Array.from(Array.from(tokens, Number), (token, i) => {
        const bin = token - firstToken;
        if (!Number.isInteger(bin) || bin < 0 || bin > last) {
          throw new VlaError(
            'bad-data',
            `uniform bins: expected tokens ${firstToken} to ${firstToken + last}, got ${token} at index ${i}.`,
            { hint: 'Pass the action tokens alone, without text around them.' },
          );
        }
        return (bin / last) * 2 - 1;
      }),
  };
}
