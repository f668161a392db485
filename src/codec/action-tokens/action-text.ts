/**
 * @file Action chunks as text of discrete action tokens, and back: `<action_12><action_250>…` (uniform bins) or
 * `<robot_action_7>…` (FAST). What a model's text tokenizer knows as special tokens; the configuration is data.
 */

import { VlaError } from '../../base/errors.ts';
import { createFastTokenizer, requireShape, type WrongLength } from './fast.ts';
import type { FastFiles } from './fast-files.ts';
import { createUniformBins } from './uniform-bins.ts';

/** Which action tokens a model writes; `%` in `token` is the number of the token. */
export type ActionTextConfig =
  /** One per number: `bins` equal bins over [−1, 1]. */
  | { readonly kind: 'uniform-bins'; readonly bins: number; readonly token: string }
  /** `files` are the contents of a FAST tokenizer's files. */
  | { readonly kind: 'fast'; readonly files: FastFiles; readonly token: string };

/** DM0's: `<action_0>` to `<action_254>`. */
export const DM0_ACTION_TEXT: ActionTextConfig = { kind: 'uniform-bins', bins: 255, token: '<action_%>' };

/** Normalised chunks to text and back; chunks are row-major [horizon, dim] of real dimensions alone, without padded ones. */
export interface ActionText {
  /** Every token that it may write, in the order of their numbers. */
  readonly tokens: readonly string[];
  /** Throws `bad-shape`, `not-finite`, or `bad-argument` where FAST was fitted on another range. */
  write(chunk: ArrayLike<number>, horizon: number, dim: number): string;
  /**
   * The chunk of the action tokens in `text`, whatever words stand around them. Where they make no chunk of this shape,
   * `error` throws `bad-data`; the other ways are FAST's, and uniform bins put zeros where numbers are missing.
   */
  parse(text: string, horizon: number, dim: number, wrongLength?: WrongLength): Float64Array;
}

/** Numbers to token numbers and back. */
interface Numbers {
  readonly count: number;
  encode(chunk: ArrayLike<number>, horizon: number, dim: number): number[];
  decode(ids: readonly number[], horizon: number, dim: number, wrongLength: WrongLength): Float64Array;
}

/** Compiles a configuration. Throws `bad-argument` for a token without exactly one `%`. */
export function createActionText(config: ActionTextConfig): ActionText {
  const [before, after, ...more] = config.token.split('%');
  if (before === undefined || before === '' || after === undefined || after === '' || more.length > 0) {
    throw new VlaError('bad-argument', `action tokens: expected a name with one "%" inside, got "${config.token}".`, {
      hint: 'Write "<action_%>" (DM0) or "<robot_action_%>" (ZR-0).',
    });
  }
  const numbers = config.kind === 'fast' ? fastNumbers(config.files) : uniformNumbers(config.bins);
  const token = (id: number): string => before + id + after;
  const pattern = new RegExp(`${escaped(before)}(\\d+)${escaped(after)}`, 'g');
  return {
    tokens: Array.from({ length: numbers.count }, (_, id) => token(id)),
    write: (chunk, horizon, dim) => numbers.encode(chunk, horizon, dim).map(token).join(''),
    parse(text, horizon, dim, wrongLength = 'error') {
      const ids = Array.from(text.matchAll(pattern), ([, id]) => Number(id));
      return numbers.decode(ids, horizon, dim, wrongLength);
    },
  };
}

/** The real dimensions of an encoded chunk, row-major [horizon, dim]; `mask` has 1 for each of them, 0 for padding. */
export function realDimensions(encoded: ArrayLike<number>, mask: ArrayLike<number>): Float32Array {
  const kept = Array.from(mask, (value, i) => (value > 0 ? i : -1)).filter((i) => i >= 0);
  const horizon = encoded.length / mask.length;
  const out = new Float32Array(horizon * kept.length);
  for (let h = 0; h < horizon; h++) {
    for (const [k, i] of kept.entries()) out[h * kept.length + k] = encoded[h * mask.length + i]!;
  }
  return out;
}

function uniformNumbers(bins: number): Numbers {
  const codec = createUniformBins({ bins, firstToken: 0 });
  return {
    count: bins,
    encode(chunk, horizon, dim) {
      requireShape(chunk, horizon, dim, 'action tokens');
      return codec.encode(chunk);
    },
    decode(ids, horizon, dim, wrongLength) {
      const size = horizon * dim;
      if (wrongLength === 'error' && ids.length !== size) throw wrongCount(ids.length, horizon, dim);
      const out = new Float64Array(size);
      if (wrongLength === 'zeros' && ids.length !== size) return out;
      const whole = wrongLength === 'whole-frequencies' ? ids.length - (ids.length % dim) : ids.length;
      const known = ids.slice(0, Math.min(size, whole));
      const kept = wrongLength === 'error' ? known : known.map((id) => Math.min(bins - 1, id));
      out.set(codec.decode(kept));
      return out;
    },
  };
}

function fastNumbers(files: FastFiles): Numbers {
  const fast = createFastTokenizer(files, 'action tokens');
  return {
    count: fast.tokenCount,
    encode: (chunk, horizon, dim) => fast.encode(chunk, horizon, dim),
    decode: (ids, horizon, dim, wrongLength) => fast.decode(ids, horizon, dim, wrongLength),
  };
}

function wrongCount(got: number, horizon: number, dim: number): VlaError {
  return new VlaError(
    'bad-data',
    `action tokens: expected ${horizon}×${dim} = ${horizon * dim} tokens, got ${got} in the text.`,
    { hint: 'The model has not learnt to write whole chunks yet; parse with "zeros" or "pad" to go on.' },
  );
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\<>/]/g, String.raw`\$&`);
