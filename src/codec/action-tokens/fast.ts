/**
 * @file FAST (Pertsch et al. 2025, arXiv 2501.09747): action chunks to few tokens and back. Cosine transform over time,
 * scale, round, read the numbers as code points (frequency by frequency, action dimensions fastest), byte-pair encode.
 *
 * Equal to the official processor on 64-bit input; it differs where that one goes wrong without a word: code points
 * that the tokenizer has no bytes for are refused (it drops them), and so are tokens that are not UTF-8 together (it
 * takes the replacement character for a coefficient).
 */

import { VlaError } from '../../base/errors.ts';
import { roundHalfToEven } from '../../base/round-half-to-even.ts';
import { GPT2_PIECES, bytesAsLetters, bytesOfToken } from '../text-tokens/byte-level.ts';
import { createBytePairEncoder, type BytePairEncoder } from '../text-tokens/byte-pairs.ts';
import { forwardDct, inverseDct } from './dct.ts';
import { fastFiles, parseFastFiles, type FastFiles, type FastModel } from './fast-files.ts';

/**
 * What to make of tokens that decode to another number of coefficients than horizon × dim, or to none:
 * `error` throws; `zeros` answers with a chunk of zeros (the official processor); `pad` cuts the end off or adds zero
 * coefficients (LeRobot's relaxed decoding); `whole-frequencies` keeps the frequencies that are complete, for decoding
 * that stops early (FASTer). But for `error`, unknown ids are skipped and broken UTF-8 is a zero coefficient.
 */
export type WrongLength = 'error' | 'zeros' | 'pad' | 'whole-frequencies';

/** Chunks to tokens and back. Chunks are row-major [horizon, dim], normalised to about [−1, 1]. */
export interface FastTokenizer {
  readonly model: FastModel;
  /** One more than the largest token id. */
  readonly tokenCount: number;
  /** Throws `bad-shape`, `not-finite`, or `bad-argument` for values beyond the range it was fitted on. */
  encode(chunk: ArrayLike<number>, horizon: number, dim: number): number[];
  /** The chunk; by default throws `bad-data` when the tokens make none of this shape. */
  decode(ids: ArrayLike<number>, horizon: number, dim: number, wrongLength?: WrongLength): Float64Array;
  /** The contents of its files, in Hugging Face's layout. */
  files(): Required<FastFiles>;
}

/** A tokenizer from the parsed contents of its files; `where` names their folder in messages. */
export function createFastTokenizer(files: FastFiles, where: string): FastTokenizer {
  return fastTokenizer(parseFastFiles(files, where), where);
}

/** A tokenizer from its parts. */
export function fastTokenizer(model: FastModel, where: string): FastTokenizer {
  const encodePiece = createBytePairEncoder(model.pairs, where);
  const bytes = tokenBytes(model.pairs.vocab);
  return {
    model,
    tokenCount: bytes.length,
    encode(chunk, horizon, dim) {
      requireShape(chunk, horizon, dim, where);
      return encodeText(coefficientText(chunk, horizon, dim, model, where), encodePiece, where);
    },
    decode(ids, horizon, dim, wrongLength = 'error') {
      const coefficients = decodeCoefficients(ids, bytes, model.minToken, wrongLength, where);
      const fitted = fit(coefficients, horizon, dim, wrongLength, where);
      return inverseDct(
        fitted.map((value) => value / model.scale),
        horizon,
        dim,
      );
    },
    files: () => fastFiles(model),
  };
}

/** Code points end here before the surrogates, which no UTF-8 has. */
const LAST_CODE = 0xd7ff;

/**
 * The coefficients of a chunk as the text that is byte-pair encoded; values below `minToken` become it. Throws
 * `bad-argument` for values that are no actions.
 */
export function coefficientText(
  chunk: ArrayLike<number>,
  horizon: number,
  dim: number,
  { scale, minToken }: Pick<FastModel, 'scale' | 'minToken'>,
  where: string,
): string {
  let text = '';
  for (const value of forwardDct(chunk, horizon, dim)) {
    const code = Math.max(0, roundHalfToEven(value * scale) - minToken);
    if (code > LAST_CODE) throw outOfRange(where);
    text += String.fromCharCode(code);
  }
  return text;
}

function outOfRange(where: string): VlaError {
  return new VlaError(
    'bad-argument',
    `${where}: expected coefficients in the range that it was fitted on, got larger ones.`,
    { hint: 'Normalise actions to [−1, 1] and clip them, or fit a tokenizer on such chunks.' },
  );
}

/** Throws `bad-shape` for a chunk of another length, and `not-finite` for NaN or infinity in it. */
export function requireShape(chunk: ArrayLike<number>, horizon: number, dim: number, where: string): void {
  if (chunk.length !== horizon * dim || chunk.length === 0) {
    throw new VlaError('bad-shape', `${where}: expected ${horizon}×${dim} actions, got ${chunk.length} numbers.`, {
      hint: 'Give a chunk as one row-major array [horizon, dim].',
    });
  }
  for (let i = 0; i < chunk.length; i++) {
    if (Number.isFinite(chunk[i])) continue;
    const place = `step ${Math.floor(i / dim)}, dimension ${i % dim}`;
    throw new VlaError('not-finite', `${where}: expected finite actions, got ${chunk[i]} at ${place}.`, {
      hint: 'Look at the dataset’s actions and at the statistics that normalise them.',
    });
  }
}

function encodeText(text: string, encodePiece: BytePairEncoder, where: string): number[] {
  const ids: number[] = [];
  for (const [piece] of text.matchAll(GPT2_PIECES)) {
    const found = encodePiece(bytesAsLetters(piece));
    if (found === null) throw outOfRange(where);
    for (const id of found) ids.push(id);
  }
  return ids;
}

function tokenBytes(vocab: Readonly<Record<string, number>>): (Uint8Array | undefined)[] {
  const bytes: (Uint8Array | undefined)[] = [];
  for (const [token, id] of Object.entries(vocab)) bytes[id] = bytesOfToken(token);
  return bytes;
}

/** The rounded coefficients that tokens stand for. */
function decodeCoefficients(
  ids: ArrayLike<number>,
  bytes: readonly (Uint8Array | undefined)[],
  minToken: number,
  wrongLength: WrongLength,
  where: string,
): number[] {
  const strict = wrongLength === 'error';
  const all: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const token = bytes[ids[i]!];
    if (token !== undefined) for (const byte of token) all.push(byte);
    else if (strict) {
      throw new VlaError('bad-data', `${where}: expected token ids below ${bytes.length}, got ${ids[i]}.`, {
        hint: 'Take the offset of the action tokens in the model’s vocabulary off before decoding.',
      });
    }
  }
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(all));
  return Array.from(text, (character) => {
    if (character !== '\ufffd') return character.codePointAt(0)! + minToken;
    if (!strict) return 0;
    throw new VlaError('bad-data', `${where}: expected tokens that join to UTF-8, got broken bytes.`, {
      hint: 'The model has not learnt these tokens yet; decode with "zeros" or "pad" to go on.',
    });
  });
}

function fit(
  coefficients: readonly number[],
  horizon: number,
  dim: number,
  wrongLength: WrongLength,
  where: string,
): Float64Array {
  const size = horizon * dim;
  const out = new Float64Array(size);
  const { length } = coefficients;
  if (length === size) out.set(coefficients);
  else if (wrongLength === 'error') {
    throw new VlaError(
      'bad-data',
      `${where}: expected tokens of ${horizon}×${dim} = ${size} coefficients, got ${length}.`,
      { hint: 'Give the shape of the encoded chunk; decode with "zeros" or "pad" to go on after a bad sample.' },
    );
  } else if (wrongLength === 'pad') out.set(coefficients.slice(0, size));
  else if (wrongLength === 'whole-frequencies' && length < size) {
    out.set(coefficients.slice(0, length - (length % dim)));
  }
  return out;
}
