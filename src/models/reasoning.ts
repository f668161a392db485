/**
 * @file Reasoning before acting (papers/zr-0, "subtask then action"; papers/dm0, equation 1): text is generated behind the
 * prompt and takes the places of its padding, so that the graph of a direct policy reads prompt and text as one prompt.
 *
 * Axes: T places of the prompt.
 */

import { VlaError } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { promptLength, withCue } from '../codec/prompt.ts';
import { mergedGrid } from '../codec/patches.ts';
import { createCodec, type Codec } from '../codec/policy-codec.ts';
import type { SessionOptions } from '../engine/index.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';
import { createTextGenerator } from './parts/text-generation.ts';
import { textPrompt } from './parts/text-prompt.ts';
import type { ReasoningMode } from './policy-mode.ts';
import { requireText } from './writer.ts';

/** What a reasoner is made of. */
export interface ReasonerOptions {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  /** One whose prompt has the cue (`reasoningCodec`). */
  readonly codec: Codec;
  readonly mode: ReasoningMode;
  readonly weights: NonNullable<SessionOptions['weights']>;
  readonly session: Pick<SessionOptions, 'runtime' | 'threads' | 'weightFolder'>;
}

/** An observation that has been thought about. */
export interface Reasoned {
  /** The observation's tensors with the text behind the prompt. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Without its stop token. */
  readonly text: string;
}

/** Writes what a policy thinks before it acts; thoughts wait for each other. */
export interface Reasoner {
  /** `tensors` are the codec's of one observation; `seed` names the draws. Throws `bad-argument` where the prompt has no room. */
  reason(tensors: Readonly<Record<string, Tensor>>, seed: number): Promise<Reasoned>;
  close(): Promise<void>;
}

/**
 * The codec of a policy that reasons: `cue` stands in its prompt, which keeps its length where places have learned vectors (the
 * text takes those of its padding), and else grows by the text's.
 */
export function reasoningCodec(
  { config, tokenizer }: Codec,
  { cue, maxTokens }: ReasoningMode,
  { learnedPositions }: Pick<FamilyConfig['prompt'], 'learnedPositions'>,
): Codec {
  const parts = withCue(config.prompt.parts, cue);
  if (!learnedPositions) {
    const prompt = {
      ...config.prompt,
      parts,
      maxTokens: config.prompt.maxTokens + maxTokens + tokenizer.encode(cue).length,
    };
    return createCodec({ ...config, prompt }, tokenizer);
  }
  const grids = Object.fromEntries(config.cameras.map((camera) => [camera.name, mergedGrid(camera)]));
  const fixed = promptLength(parts, grids, tokenizer);
  requireRoom(fixed + 1, maxTokens, config.prompt.maxTokens);
  return createCodec({ ...config, prompt: { ...config.prompt, parts } }, tokenizer);
}

/** Opens the generator, which has weights of its own beside those of the policy's graph. */
export async function createReasoner(options: ReasonerOptions): Promise<Reasoner> {
  const { family, config, codec, mode, weights, session } = options;
  const { length } = codec.layout;
  const model = requireText(family, config).model(config, length);
  const stopTokens = mode.stopTokens.map((token) => codec.tokenizer.id(token));
  const generator = await createTextGenerator({ model, capacity: length, weights, session });

  const reason = async (tensors: Readonly<Record<string, Tensor>>, seed: number): Promise<Reasoned> => {
    const prompt = textPrompt(model, codec.layout, tensors);
    requireRoom(prompt.tokens.length, mode.maxTokens, length);
    const sampling = mode.sampling.kind === 'greedy' ? mode.sampling : { ...mode.sampling, seed };
    const { maxTokens } = mode;
    const { tokens, stoppedBy } = await generator.generate(prompt, { maxTokens, stopTokens, sampling });
    const written = stoppedBy === null ? tokens : [...tokens, stoppedBy];
    return {
      tensors: { ...tensors, ...extendPrompt(tensors, prompt.tokens.length, written) },
      text: codec.tokenizer.decode(tokens),
    };
  };

  let last: Promise<unknown> = Promise.resolve();
  return {
    reason(tensors, seed) {
      const next = last.then(() => reason(tensors, seed));
      last = next.catch(() => undefined);
      return next;
    },
    close: () => generator.close(),
  };
}

/** The tensors of a prompt of `count` tokens, [1, T] each, with `written` behind them. */
export function extendPrompt(
  tensors: Readonly<Record<string, Tensor>>,
  count: number,
  written: readonly number[],
): Record<'tokens' | 'tokenMask' | 'lastToken', Tensor> {
  const copy = (name: string): Tensor => ({ ...tensors[name]!, data: tensors[name]!.data.slice() }) as Tensor;
  const [tokens, tokenMask, lastToken] = [copy('tokens'), copy('tokenMask'), copy('lastToken')];
  const end = count + written.length;
  (tokens.data as BigInt64Array).set(BigInt64Array.from(written, BigInt), count);
  (tokenMask.data as Float32Array).fill(1, count, end);
  (lastToken.data as Float32Array).fill(0);
  lastToken.data[end - 1] = 1;
  return { tokens, tokenMask, lastToken };
}

function requireRoom(count: number, maxTokens: number, places: number): void {
  if (count + maxTokens <= places) return;
  throw new VlaError(
    'bad-argument',
    `reasoning: expected ${maxTokens} free places behind the prompt's ${count} tokens, got ${Math.max(0, places - count)} of ${places}.`,
    {
      hint: 'Let it write less (mode.maxTokens in policy.json), say the instruction shorter, or train with a larger codec.instructionTokens.',
    },
  );
}
