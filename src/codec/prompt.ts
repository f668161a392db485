/**
 * @file The prompt: an ordered list of parts (text, camera images, the instruction) that turns an instruction into
 * tokens of a fixed number, and back.
 */

import { VlaError } from '../base/errors.ts';
import type { TextTokenizer } from './text-tokens/text-tokenizer.ts';

/** One part of a prompt. */
export type PromptPart =
  /** With `apart` no token reaches over its ends: it is encoded by itself. */
  | { readonly kind: 'text'; readonly text: string; readonly apart?: true | undefined }
  /** `<|vision_start|>`, one `<|image_pad|>` per merged patch, `<|vision_end|>`; with `marks: false` the middle alone. */
  | { readonly kind: 'image'; readonly camera: string; readonly marks?: false | undefined }
  | { readonly kind: 'instruction' }
  /** Where `withCue` puts the words that ask for reasoning; nothing in prompts that ask for actions at once. */
  | { readonly kind: 'cue'; readonly apart?: true | undefined };

/**
 * `maxTokens` is the fixed length of every prompt, image tokens included; shorter ones are padded on the right with
 * `padToken` (masked, so any token will do: `<|pad|>` in our tokenizers, `<|endoftext|>` in Qwen's).
 */
export interface PromptConfig {
  readonly parts: readonly PromptPart[];
  readonly maxTokens: number;
  readonly padToken: string;
}

const VISION_START = '<|vision_start|>';
/** The token of which a prompt has one per merged patch. */
export const IMAGE_PAD = '<|image_pad|>';
const VISION_END = '<|vision_end|>';

/** Where a camera's image tokens stand: `count` = rows × columns tokens from `start`. */
export interface ImageTokens {
  readonly camera: string;
  readonly start: number;
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * What is the same for every prompt: images come before the instruction, so they stand at fixed places.
 * `positions` are the rotary positions on the axes time, height and width (Qwen3-VL's mRoPE), [3][maxTokens]: text is
 * equal on the three, an image is constant in time and a grid in height and width, text after it goes on at max + 1.
 */
export interface TokenLayout {
  readonly length: number;
  readonly images: readonly ImageTokens[];
  readonly positions: readonly (readonly number[])[];
}

/** The tokens of one prompt, all of the fixed length. */
export interface PromptTokens {
  readonly ids: BigInt64Array;
  /** 1 for a token, 0 for padding. */
  readonly mask: Float32Array;
  /** Tokens before padding. */
  readonly count: number;
}

/** Instruction to tokens and back. */
export interface PromptCodec {
  readonly layout: TokenLayout;
  /** Throws `bad-argument` when the instruction does not fit or holds a special token. */
  encode(instruction: string): PromptTokens;
  /** The instruction of a prompt's token ids. */
  decode(ids: ArrayLike<bigint | number>): string;
}

/**
 * The texts of a prompt, which are encoded one by one and joined; every image is one `<|image_pad|>`, which stands for all of its
 * tokens.
 */
export function promptTexts(parts: readonly PromptPart[], instruction: string): string[] {
  return pieces(parts, instruction).map(({ text }) => text);
}

/** The most prompts that are remembered; instructions repeat from sample to sample. */
const CACHE_SIZE = 4096;

/** `grids`: camera name → rows and columns of merged patches. */
export function createPromptCodec(
  config: PromptConfig,
  grids: Readonly<Record<string, readonly [rows: number, columns: number]>>,
  tokenizer: TextTokenizer,
): PromptCodec {
  const split = config.parts.findIndex((part) => part.kind === 'instruction');
  requireParts(config.parts, split, grids);
  const [before, after] = [config.parts.slice(0, split), config.parts.slice(split + 1)].map((parts) =>
    parts
      .map((part) => partText(part, ''))
      .join('')
      .replaceAll(IMAGE_PAD, ''),
  ) as [string, string];
  const imagePad = tokenizer.id(IMAGE_PAD);
  const pad = BigInt(tokenizer.id(config.padToken));
  const counts = config.parts.flatMap((part) => (part.kind === 'image' ? [product(grids[part.camera]!)] : []));
  const expand = (parts: readonly PromptPart[], instruction: string): number[] => {
    let image = 0;
    return pieces(parts, instruction)
      .flatMap((piece) => tokenizer.encode(piece.text))
      .flatMap((id) => (id === imagePad ? Array<number>(counts[image++]!).fill(id) : [id]));
  };
  const fixed = promptLength(config.parts, grids, tokenizer);
  const layout = tokenLayout(config, grids, expand(config.parts.slice(0, split), ''), tokenizer);
  const cache = new Map<string, PromptTokens>();
  const encode = (instruction: string): PromptTokens => {
    const special = tokenizer.specialTokens.find((token) => instruction.includes(token));
    if (special !== undefined) {
      throw new VlaError('bad-argument', `instruction: expected plain text, got the special token "${special}".`, {
        hint: 'Leave it out of the instruction; it would break the prompt apart.',
      });
    }
    const ids = expand(config.parts, instruction);
    if (ids.length > config.maxTokens) {
      throw new VlaError(
        'bad-argument',
        `instruction: expected at most ${config.maxTokens - fixed} tokens, got ${ids.length - fixed} ` +
          `(the prompt has ${config.maxTokens}, of which images and template take ${fixed}).`,
        {
          hint: 'Say it shorter, or raise codec.instructionTokens (of a published model: vlakit models adopt --instruction-tokens).',
        },
      );
    }
    const out = new BigInt64Array(config.maxTokens).fill(pad);
    ids.forEach((id, i) => {
      out[i] = BigInt(id);
    });
    return { ids: out, mask: new Float32Array(config.maxTokens).fill(1, 0, ids.length), count: ids.length };
  };
  return {
    layout,
    encode(instruction) {
      let tokens = cache.get(instruction);
      if (tokens === undefined) {
        tokens = encode(instruction);
        if (cache.size >= CACHE_SIZE) cache.clear();
        cache.set(instruction, tokens);
      }
      return tokens;
    },
    decode(ids) {
      const real = Array.from(ids, Number).filter((id) => id !== Number(pad) && id !== imagePad);
      const text = tokenizer.decode(real);
      if (text.length < before.length + after.length || !text.startsWith(before) || !text.endsWith(after)) {
        throw new VlaError('bad-data', `prompt: expected "${before}…${after}", got "${text}".`, {
          hint: 'These tokens are of another prompt or tokenizer: decode them with the codec that made them.',
        });
      }
      return text.slice(before.length, text.length - after.length);
    },
  };
}

/** Tokens of a prompt without its instruction: text, marks and images. */
export function promptLength(
  parts: readonly PromptPart[],
  grids: Readonly<Record<string, readonly [rows: number, columns: number]>>,
  tokenizer: TextTokenizer,
): number {
  // Measured around a word, because a space before the instruction becomes a part of its first token.
  const measured = pieces(parts, 'lift');
  const start = measured.find((piece) => piece.instructionAt !== null)!;
  const word = `${/\s*$/.exec(start.text.slice(0, start.instructionAt!))![0]}lift`;
  const text =
    measured.reduce((sum, piece) => sum + tokenizer.encode(piece.text).length, 0) - tokenizer.encode(word).length;
  const images = parts.flatMap((part) => (part.kind === 'image' ? [product(grids[part.camera]!) - 1] : []));
  return images.reduce((sum, count) => sum + count, text);
}

/** These parts with `cue` in its place. Throws `mismatch` where they have none. */
export function withCue(parts: readonly PromptPart[], cue: string): PromptPart[] {
  if (cue !== '' && !parts.some((part) => part.kind === 'cue')) {
    throw new VlaError('mismatch', `prompt: expected a part { "kind": "cue" } for "${cue}", got none.`, {
      hint: 'Put it into the prompt’s parts (codec.json), where the model was trained to read these words.',
    });
  }
  return parts.map((part) => (part.kind === 'cue' && cue !== '' ? { ...part, kind: 'text', text: cue } : part));
}

const product = ([rows, columns]: readonly [number, number]): number => rows * columns;

function partText(part: PromptPart, instruction: string): string {
  if (part.kind === 'instruction') return instruction;
  if (part.kind === 'text') return part.text;
  if (part.kind === 'cue') return '';
  return part.marks === false ? IMAGE_PAD : VISION_START + IMAGE_PAD + VISION_END;
}

/** A text that is encoded by itself, and where in it the instruction starts. */
interface Piece {
  text: string;
  instructionAt: number | null;
}

/** Parts that stand apart, and the runs of others between them. */
function pieces(parts: readonly PromptPart[], instruction: string): Piece[] {
  const out: Piece[] = [];
  let open = false;
  for (const part of parts) {
    if (part.kind === 'cue') continue;
    const apart = part.kind === 'text' && part.apart === true;
    if (apart || !open) out.push({ text: '', instructionAt: null });
    const piece = out.at(-1)!;
    if (part.kind === 'instruction') piece.instructionAt = piece.text.length;
    piece.text += partText(part, instruction);
    open = !apart;
  }
  return out;
}

function requireParts(
  parts: readonly PromptPart[],
  split: number,
  grids: Readonly<Record<string, readonly [number, number]>>,
): void {
  const instructions = parts.filter((part) => part.kind === 'instruction').length;
  if (instructions !== 1) {
    throw new VlaError('bad-argument', `prompt: expected one instruction part, got ${instructions}.`, {
      hint: 'Put the instruction into the prompt’s parts exactly once.',
    });
  }
  const cameras = parts.flatMap((part) => (part.kind === 'image' ? [part.camera] : []));
  const late = parts.slice(split).some((part) => part.kind === 'image');
  const wanted = Object.keys(grids);
  if (late || cameras.join() !== wanted.join()) {
    throw new VlaError(
      'bad-argument',
      `prompt: expected the images of ${wanted.join(', ')} in this order before the instruction, got ` +
        `${cameras.join(', ') || 'none'}${late ? ', some of them after it' : ''}.`,
      { hint: 'List each camera of the codec once, in its order; images then stand at fixed places.' },
    );
  }
}

function tokenLayout(
  config: PromptConfig,
  grids: Readonly<Record<string, readonly [number, number]>>,
  prefix: readonly number[],
  tokenizer: TextTokenizer,
): TokenLayout {
  const imagePad = tokenizer.id(IMAGE_PAD);
  const images: ImageTokens[] = [];
  const positions: number[][] = [[], [], []];
  const place = (time: number, height: number, width: number): void => {
    [time, height, width].forEach((position, axis) => positions[axis]!.push(position));
  };
  const entries = Object.entries(grids);
  let next = 0;
  for (let i = 0; i < config.maxTokens;) {
    if (prefix[i] !== imagePad) {
      place(next, next, next);
      next++;
      i++;
      continue;
    }
    const [camera, [rows, columns]] = entries[images.length]!;
    images.push({ camera, start: i, count: rows * columns, rows, columns });
    for (let k = 0; k < rows * columns; k++) place(next, next + Math.floor(k / columns), next + (k % columns));
    next += Math.max(rows, columns);
    i += rows * columns;
  }
  if (prefix.length >= config.maxTokens) {
    throw new VlaError(
      'bad-argument',
      `prompt: expected maxTokens above ${prefix.length} (images and template), got ${config.maxTokens}.`,
      { hint: 'Raise codec.instructionTokens, or use fewer or larger patches.' },
    );
  }
  return { length: config.maxTokens, images, positions };
}
