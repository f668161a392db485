/**
 * @file Text from a vision-language model: the prompt is read once, then one token at a time, with what the decoder keeps
 * staying in its session. One graph reads both the prompt and single tokens, so the decoder's weights are there once (a
 * decoder may ask for single tokens alone: prompts then take as many runs as they have tokens); the vision tower has a session of its own, which runs once per prompt.
 *
 * Axes: T new tokens, D width, V vocabulary, M image tokens.
 */

import { VlaError } from '../../base/errors.ts';
import { zeros, type Tensor } from '../../base/tensor.ts';
import { createSession, type Session, type SessionOptions } from '../../engine/index.ts';
import { decoderGraph, visionGraph, type TextModel } from './text-model.ts';
import { requirePrompt, type PromptImage, type TextPrompt } from './text-prompt.ts';
import { checkSampling, chooseToken, type Sampling } from './token-choice.ts';

/** When to stop, and how tokens are chosen. */
export interface GenerationOptions {
  /** The most tokens to generate. */
  readonly maxTokens: number;
  /** Tokens that end the text. */
  readonly stopTokens: readonly number[];
  readonly sampling: Sampling;
}

/** One generated token and the logits [V] that it was chosen from. */
export interface GeneratedToken {
  readonly token: number;
  readonly logits: Float32Array;
}

/** A generated text. */
export interface GeneratedText {
  /** Without the stop token. */
  readonly tokens: readonly number[];
  /** The stop token that ended it; null when it reached its greatest length. */
  readonly stoppedBy: number | null;
}

/** What a generator is made of. */
export interface TextGeneratorOptions {
  readonly model: TextModel;
  /** The most tokens of prompt and text together; memory for them is taken at once. */
  readonly capacity: number;
  /** By dotted name, in memory or as places in a file. */
  readonly weights: NonNullable<SessionOptions['weights']>;
  readonly session: Pick<SessionOptions, 'runtime' | 'threads' | 'weightFolder' | 'worker'>;
}

/** Generates one text at a time. */
export interface TextGenerator {
  /** Tokens as they come, the stop token included. Throws `bad-argument` for prompts and options that do not fit. */
  stream(prompt: TextPrompt, options: GenerationOptions): AsyncGenerator<GeneratedToken, void, undefined>;
  /** The whole text. */
  generate(prompt: TextPrompt, options: GenerationOptions): Promise<GeneratedText>;
  close(): Promise<void>;
}

/** Opens the decoder; the vision tower follows with the first prompt that has images. Throws `bad-argument` for a capacity beyond the model's. */
export async function createTextGenerator(options: TextGeneratorOptions): Promise<TextGenerator> {
  const { model, capacity, weights, session: where } = options;
  if (capacity > model.longest) {
    throw new VlaError(
      'bad-argument',
      `text generation: expected at most ${model.longest} tokens of prompt and text, got ${capacity}.`,
      { hint: 'The model has learned as many places: ask for less, or train it with a longer prompt.' },
    );
  }
  const { graph, state } = decoderGraph(model, capacity);
  const oneByOne = graph.inputs['tokens']!.shape[1] === 1;
  const decoder = await createSession(graph, { ...where, weights, state });
  const vision = visionSessions(model, { ...where, weights });
  const busy = { now: false };

  async function* stream(prompt: TextPrompt, wanted: GenerationOptions) {
    checkSampling(wanted.sampling);
    requirePrompt(prompt, model, capacity, wanted.maxTokens);
    if (busy.now) {
      throw new VlaError('bad-argument', 'text generation: expected one text at a time, got a second.', {
        hint: 'Wait for the first, or open a generator of its own.',
      });
    }
    busy.now = true;
    try {
      let position = Math.max(-1, ...prompt.positions.flat());
      const all = await promptFeeds(prompt, model, vision);
      const runs = oneByOne ? singleTokens(all) : [all];
      let feeds = runs.pop()!;
      for (const before of runs) await decoder.run(before);
      for (let step = 0; step < wanted.maxTokens; step++) {
        const logits = (await decoder.run(feeds))['logits']!.data as Float32Array;
        const token = chooseToken(logits, wanted.sampling, step);
        yield { token, logits };
        if (wanted.stopTokens.includes(token)) return;
        position++;
        feeds = tokenFeeds([token], prompt.tokens.length + step, [Array<number>(model.axes).fill(position)], model);
      }
    } finally {
      busy.now = false;
    }
  }

  return {
    stream,
    async generate(prompt, wanted) {
      const tokens: number[] = [];
      for await (const { token } of stream(prompt, wanted)) {
        if (wanted.stopTokens.includes(token)) return { tokens, stoppedBy: token };
        tokens.push(token);
      }
      return { tokens, stoppedBy: null };
    },
    async close() {
      await Promise.all([decoder.close(), vision.close()]);
    },
  };
}

/** Feeds of tokens without images. `positions` [tokens][axes]. */
function tokenFeeds(
  tokens: readonly number[],
  place: number,
  positions: readonly (readonly number[])[],
  { width, axes, deepstack }: TextModel,
): Record<string, Tensor> {
  const T = tokens.length;
  const none = (): Tensor => zeros('f32', [1, T, width]);
  return {
    tokens: { dtype: 'i64', shape: [1, T], data: BigInt64Array.from(tokens, BigInt) },
    isImage: zeros('f32', [1, T, 1]),
    features: none(),
    places: { dtype: 'f32', shape: [T], data: Float32Array.from({ length: T }, (_, i) => place + i) },
    positions: { dtype: 'f32', shape: [1, T, axes], data: Float32Array.from(positions.flat()) },
    ...Object.fromEntries(Array.from({ length: deepstack }, (_, i) => [`deepstack.${i}`, none()])),
  };
}

/** Feeds of several tokens as feeds of one token each. */
function singleTokens(feeds: Readonly<Record<string, Tensor>>): Record<string, Tensor>[] {
  const count = feeds['places']!.data.length;
  const one = ({ dtype, shape, data }: Tensor, t: number): Tensor => {
    const size = data.length / count;
    const axis = shape.length === 1 ? 0 : 1;
    return { dtype, shape: shape.with(axis, 1), data: data.slice(t * size, (t + 1) * size) } as Tensor;
  };
  return Array.from({ length: count }, (_, t) =>
    Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, one(tensor, t)])),
  );
}

/** Feeds of a whole prompt, its images encoded. */
async function promptFeeds(prompt: TextPrompt, model: TextModel, vision: VisionSessions) {
  const positions = prompt.tokens.map((_, t) => prompt.positions.map((axis) => axis[t]!));
  const feeds = tokenFeeds(prompt.tokens, 0, positions, model);
  if (prompt.images.length === 0) return feeds;
  const encoded = await vision.encode(prompt.images);
  let from = 0;
  for (const { start, rows, columns } of prompt.images) {
    const count = rows * columns;
    (feeds['isImage']!.data as Float32Array).fill(1, start, start + count);
    for (const [name, features] of Object.entries(encoded)) {
      const part = (features.data as Float32Array).subarray(from * model.width, (from + count) * model.width);
      (feeds[name]!.data as Float32Array).set(part, start * model.width);
    }
    from += count;
  }
  return feeds;
}

interface VisionSessions {
  /** Features of all images one after the other, by the names of the decoder's inputs: f32 [1, M, D]. */
  encode(images: readonly PromptImage[]): Promise<Readonly<Record<string, Tensor>>>;
  close(): Promise<void>;
}

/** Vision towers for images of the last sizes that were asked for. */
function visionSessions(model: TextModel, options: SessionOptions): VisionSessions {
  let open: { readonly sizes: string; readonly session: Promise<Session> } | null = null;
  const close = async (): Promise<void> => {
    const last = open;
    open = null;
    await (await last?.session)?.close();
  };
  return {
    async encode(images) {
      const sizes = images.map(({ rows, columns }) => `${rows}x${columns}`).join();
      if (open?.sizes !== sizes) {
        await close();
        open = { sizes, session: createSession(visionGraph(model, images), options) };
      }
      const session = await open.session;
      return session.run(
        Object.fromEntries(
          images.map(({ patches }, i) => [`patches.${i}`, { ...patches, shape: [1, ...patches.shape] } as Tensor]),
        ),
      );
    },
    close,
  };
}
