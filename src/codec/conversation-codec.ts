/** @file Conversations about images into model tensors: what training on vision-language data needs. */

import { z } from 'zod';
import { VlaError, lookUp } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import { zeros, type Tensor } from '../base/tensor.ts';
import { createAnswerWriter } from './answer-tokens.ts';
import { cameraSchema, promptSchema, type CameraConfig } from './codec-config.ts';
import { mergedGrid, patchCount, patchSize } from './patches.ts';
import { createCameraCodec } from './policy-codec.ts';
import { PIXELS, type InputSpec } from './input-spec.ts';
import { promptLength, type PromptConfig, type TokenLayout } from './prompt.ts';
import type { QuestionTemplate } from './prompts/template.ts';
import type { ConversationSample } from './sample.ts';
import type { TextTokenizer } from './text-tokens/text-tokenizer.ts';

/** All that a conversation codec needs beside a tokenizer; what conversation.json of a checkpoint holds. */
export interface ConversationCodecConfig {
  readonly version: 1;
  /** In prompt order; every sample has an image for each. */
  readonly cameras: readonly CameraConfig[];
  readonly prompt: PromptConfig;
  /** The longest answer with its end, in tokens. */
  readonly answerTokens: number;
  /** The token that ends an answer. */
  readonly end: string;
}

/** The check of a conversation.json. */
export const conversationSchema: z.ZodType<ConversationCodecConfig> = z.strictObject({
  version: z.literal(1),
  cameras: z.array(cameraSchema).readonly(),
  prompt: promptSchema,
  answerTokens: z.number().int().positive(),
  end: z.string().min(1),
});

/** What a recipe decides about conversations. */
export interface ConversationDesign {
  readonly cameras: readonly CameraConfig[];
  readonly template: QuestionTemplate;
  /** The longest question and the longest answer, in tokens. */
  readonly questionTokens: number;
  readonly answerTokens: number;
  readonly end: string;
}

/** The configuration of a design. */
export function designConversations(design: ConversationDesign, tokenizer: TextTokenizer): ConversationCodecConfig {
  const { cameras, template, questionTokens, answerTokens, end } = design;
  const parts = template(cameras.map(({ name, label = name }) => ({ name, label })));
  const grids = gridsOf(cameras);
  const padToken = ['<|pad|>', '<|endoftext|>'].find((token) => tokenizer.specialTokens.includes(token)) ?? '<|pad|>';
  const maxTokens = promptLength(parts, grids, tokenizer) + questionTokens;
  return { version: 1, cameras, prompt: { parts, maxTokens, padToken }, answerTokens, end };
}

/**
 * Inputs of a batch: `pixels.<camera>` and the tensors of an answer writer but for `contextMask` and `lastToken`: here nothing
 * but the model itself reads them.
 */
export interface ConversationCodec {
  readonly config: ConversationCodecConfig;
  readonly tokenizer: TextTokenizer;
  readonly layout: TokenLayout;
  inputs(batch: number): Readonly<Record<string, InputSpec>>;
  /** Throws `bad-argument` for words that do not fit, or hold special tokens. */
  check(words: Pick<ConversationSample, 'question' | 'answer'>): void;
  /** `randoms` has one generator per sample, for augmentation; null switches it off. `into` is a batch whose memory is reused. */
  collate(
    samples: readonly ConversationSample[],
    randoms: readonly Random[] | null,
    into?: Readonly<Record<string, Tensor>>,
  ): Record<string, Tensor>;
}

/** Makes the codec of a configuration. */
export function createConversationCodec(config: ConversationCodecConfig, tokenizer: TextTokenizer): ConversationCodec {
  const cameras = config.cameras.map(createCameraCodec);
  const { prompt, answerTokens, end } = config;
  const writer = createAnswerWriter({ prompt, answerTokens, grids: gridsOf(config.cameras), tokenizer });
  const all = (B: number): Record<string, InputSpec> => ({
    ...Object.fromEntries(
      config.cameras.map((camera): [string, InputSpec] => [
        PIXELS + camera.name,
        { dtype: 'f32', shape: [B, patchCount(camera), patchSize(camera)] },
      ]),
    ),
    ...writer.inputs(B),
  });
  const scratch = Object.fromEntries(
    Object.entries(writer.inputs(1)).map(([name, { dtype, shape }]) => [name, zeros(dtype, shape)]),
  );
  return {
    config,
    tokenizer,
    layout: writer.layout,
    inputs(B) {
      const { contextMask: _context, lastToken: _last, ...read } = all(B);
      return read;
    },
    check({ question, answer }) {
      const special = tokenizer.specialTokens.find((token) => answer.includes(token));
      if (special !== undefined) {
        throw new VlaError(
          'bad-argument',
          `answer "${answer}": expected plain text, got the special token "${special}".`,
          {
            hint: 'Leave it out of the data: the codec ends answers itself.',
          },
        );
      }
      writer.write(scratch, 0, question, { cue: '', text: answer, end, expert: 'hidden' });
    },
    collate(samples, randoms, into) {
      const batch =
        into ??
        Object.fromEntries(Object.entries(all(samples.length)).map(([name, s]) => [name, zeros(s.dtype, s.shape)]));
      for (const [b, { images, question, answer }] of samples.entries()) {
        for (const camera of cameras) {
          const { name } = camera.config;
          const image = lookUp('image of a conversation', name, images);
          camera.write(image, batch[PIXELS + name]!.data as Float32Array, b, randoms?.[b] ?? null);
        }
        writer.write(batch, b, question, { cue: '', text: answer, end, expert: 'hidden' });
      }
      return { ...batch };
    },
  };
}

const gridsOf = (cameras: readonly CameraConfig[]): Record<string, readonly [number, number]> =>
  Object.fromEntries(cameras.map((camera) => [camera.name, mergedGrid(camera)]));
