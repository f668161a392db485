/** @file What text generation starts from: tokens and images in one sequence, and whether they fit a model. */

import { VlaError, lookUp } from '../../base/errors.ts';
import type { Tensor } from '../../base/tensor.ts';
import { PIXELS } from '../../codec/input-spec.ts';
import type { TokenLayout } from '../../codec/prompt.ts';
import type { TextModel } from './text-model.ts';

/** An image of a prompt: patches f32 [rows · columns · patchesPerToken, patchSize] at the tokens from `start`. */
export interface PromptImage {
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
  readonly patches: Tensor;
}

/** A prompt without padding. */
export interface TextPrompt {
  /** Token ids; at the places of images any valid id. */
  readonly tokens: readonly number[];
  /** Rotary positions [axes][tokens]; what is generated goes on after the largest. */
  readonly positions: readonly (readonly number[])[];
  readonly images: readonly PromptImage[];
}

/** A prompt of a codec for `model`, without its padding: `tensors` are what it made of one observation. */
export function textPrompt(
  model: TextModel,
  layout: TokenLayout,
  tensors: Readonly<Record<string, Tensor>>,
): TextPrompt {
  const mask = lookUp('tensor', 'tokenMask', tensors).data as Float32Array;
  const count = mask.reduce((sum, value) => sum + value, 0);
  return {
    tokens: Array.from(lookUp('tensor', 'tokens', tensors).data.slice(0, count) as BigInt64Array, Number),
    positions: model.positions(layout).map((axis) => axis.slice(0, count)),
    images: layout.images.map(({ camera, start, rows, columns }) => {
      const patches = lookUp('tensor', PIXELS + camera, tensors);
      return { start, rows, columns, patches: { ...patches, shape: patches.shape.slice(1) } as Tensor };
    }),
  };
}

/** Throws `bad-argument` for a prompt that the model cannot read, or that leaves no room for `newTokens` more. */
export function requirePrompt(
  { tokens, positions, images }: TextPrompt,
  model: TextModel,
  capacity: number,
  newTokens: number,
): void {
  const check = (good: boolean, what: string, hint: string): void => {
    if (!good) throw new VlaError('bad-argument', `text generation: ${what}.`, { hint });
  };
  check(
    Number.isInteger(newTokens) && newTokens >= 1,
    `expected maxTokens of at least 1, got ${newTokens}`,
    'Ask for a token.',
  );
  check(
    tokens.length >= 1,
    'expected a prompt, got no tokens',
    'Begin with a special token, for example <|im_start|>.',
  );
  // The last token is never read.
  const needed = tokens.length + newTokens - 1;
  check(
    needed <= capacity,
    `expected at most ${capacity} tokens of prompt and text, got ${tokens.length} + ${newTokens}`,
    'Shorten the prompt, generate less, or open the generator with a larger capacity.',
  );
  check(
    positions.length === model.axes && positions.every((axis) => axis.length === tokens.length),
    `expected positions [${model.axes}, ${tokens.length}], got [${positions.length}, ${positions[0]?.length ?? 0}]`,
    'Take them from the layout of the prompt.',
  );
  for (const { start, rows, columns, patches } of images) {
    const shape = [rows * columns * model.patchesPerToken, model.patchSize];
    check(
      patches.shape.join() === shape.join(),
      `expected patches [${shape.join(', ')}] for ${rows} × ${columns} tokens, got [${patches.shape.join(', ')}]`,
      'Cut the image with the model’s own patch and merge sizes.',
    );
    check(
      start >= 0 && start + rows * columns <= tokens.length,
      `expected an image within ${tokens.length} tokens, got ${start} to ${start + rows * columns}`,
      'Put an image token at each of its places.',
    );
  }
}
