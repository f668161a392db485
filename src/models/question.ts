/** @file Questions about images (visual question answering): a question in the words of a family's template, and its answer as text. */

import { lookUp } from '../base/errors.ts';
import { f32, tensor, zeros, type Tensor } from '../base/tensor.ts';
import { mergedGrid, patchCount, patchSize } from '../codec/patches.ts';
import { createCameraCodec, type Codec } from '../codec/policy-codec.ts';
import { PIXELS } from '../codec/input-spec.ts';
import { createPromptCodec, promptLength } from '../codec/prompt.ts';
import type { QuestionTemplate } from '../codec/prompts/template.ts';
import type { TextTokenizer } from '../codec/text-tokens/text-tokenizer.ts';
import type { Image } from '../interfaces/observation.ts';
import type { GenerationOptions, TextGenerator } from './parts/text-generation.ts';
import type { TextModel } from './parts/text-model.ts';
import { textPrompt, type TextPrompt } from './parts/text-prompt.ts';

/** A question and what it is about. */
export interface Question {
  readonly text: string;
  /** Camera name → image, as that camera gives it; none at all is fine. */
  readonly images: Readonly<Record<string, Image>>;
}

/** What of a codec a question needs. */
export interface QuestionCodec {
  readonly config: {
    readonly cameras: Codec['config']['cameras'];
    readonly prompt: Pick<Codec['config']['prompt'], 'padToken'>;
  };
  readonly tokenizer: TextTokenizer;
}

/** Tokens more than the parts of a prompt have one by one: where parts meet, letters may be cut in another way. */
const SEAMS = 8;

/**
 * The prompt of a question for `model`, the images in the order of the codec's cameras. Throws `not-found` for images of other
 * cameras, `bad-argument` for special tokens in the question.
 */
export function questionPrompt(
  model: TextModel,
  template: QuestionTemplate,
  { config, tokenizer }: QuestionCodec,
  { text, images }: Question,
): TextPrompt {
  const known = Object.fromEntries(config.cameras.map((camera) => [camera.name, camera]));
  for (const name of Object.keys(images)) lookUp('camera', name, known);
  const cameras = config.cameras.filter(({ name }) => name in images);
  const grids = Object.fromEntries(cameras.map((camera) => [camera.name, mergedGrid(camera)]));
  const parts = template(cameras.map(({ name, label = name }) => ({ name, label })));
  const maxTokens = promptLength(parts, grids, tokenizer) + tokenizer.encode(text).length + SEAMS;
  const prompt = createPromptCodec({ parts, maxTokens, padToken: config.prompt.padToken }, grids, tokenizer);
  const { ids, mask } = prompt.encode(text);
  const tensors: Record<string, Tensor> = {
    tokens: tensor('i64', [1, maxTokens], ids),
    tokenMask: f32(mask, [1, maxTokens]),
  };
  for (const camera of cameras) {
    const patches = zeros('f32', [1, patchCount(camera), patchSize(camera)]);
    createCameraCodec(camera).write(images[camera.name]!, patches.data, 0, null);
    tensors[PIXELS + camera.name] = patches;
  }
  return textPrompt(model, prompt.layout, tensors);
}

/** A text piece by piece as it is written, without its stop token; no piece ends within a letter of several bytes. */
export async function* streamText(
  generator: TextGenerator,
  tokenizer: TextTokenizer,
  prompt: TextPrompt,
  options: GenerationOptions,
): AsyncGenerator<string, void, undefined> {
  const tokens: number[] = [];
  let given = 0;
  for await (const { token } of generator.stream(prompt, options)) {
    if (options.stopTokens.includes(token)) break;
    tokens.push(token);
    const text = tokenizer.decode(tokens);
    if (text.endsWith('\uFFFD')) continue;
    yield text.slice(given);
    given = text.length;
  }
  const rest = tokenizer.decode(tokens).slice(given);
  if (rest !== '') yield rest;
}
