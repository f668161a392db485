/**
 * @file Prompts with answers behind them, as training on text needs them: tokens, what the action expert may read, and the
 * tokens to predict.
 *
 * Axes: B batch, T places of prompt and answer, P places of an answer.
 */

import { VlaError } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import type { SampleAnswer } from './answers/answer.ts';
import type { InputSpec } from './input-spec.ts';
import { createPromptCodec, withCue, type PromptCodec, type PromptConfig, type TokenLayout } from './prompt.ts';
import type { TextTokenizer } from './text-tokens/text-tokenizer.ts';

/** Writes prompts with answers into batches. */
export interface AnswerWriter {
  /** The places of prompt and answer. */
  readonly layout: TokenLayout;
  inputs(batch: number): Readonly<Record<string, InputSpec>>;
  /**
   * Row `b`: the prompt of an instruction and the answer to it; null for the prompt alone. Throws `bad-argument` when one of
   * them does not fit.
   */
  write(batch: Readonly<Record<string, Tensor>>, b: number, instruction: string, answer: SampleAnswer | null): void;
}

/** What an answer writer is made of. */
export interface AnswerWriterOptions {
  /** Of the prompt alone. */
  readonly prompt: PromptConfig;
  /** P, the end included. */
  readonly answerTokens: number;
  readonly grids: Readonly<Record<string, readonly [rows: number, columns: number]>>;
  readonly tokenizer: TextTokenizer;
}

/**
 * `tokens` i64 [B, T], `tokenMask` f32 [B, T] (1 for prompt and answer), `contextMask` f32 [B, T] (1 for what the expert may
 * read), `lastToken` f32 [B, T] (one-hot at the last of these), and the targets `textPlaces`, `textLabels` i64 [B, P] and
 * `textWeights` f32 [B, P] (see `TokenTargets` of the models' token loss).
 */
export function createAnswerWriter(options: AnswerWriterOptions): AnswerWriter {
  const { prompt, answerTokens: P, grids, tokenizer } = options;
  const longer = { ...prompt, maxTokens: prompt.maxTokens + P };
  const byCue = new Map<string, PromptCodec>();
  const promptOf = (cue: string): PromptCodec => {
    const known = byCue.get(cue);
    if (known !== undefined) return known;
    const made = createPromptCodec({ ...longer, parts: withCue(prompt.parts, cue) }, grids, tokenizer);
    byCue.set(cue, made);
    return made;
  };
  const { layout } = promptOf('');
  const T = layout.length;
  return {
    layout,
    inputs: (B) => ({
      tokens: { dtype: 'i64', shape: [B, T] },
      tokenMask: { dtype: 'f32', shape: [B, T] },
      contextMask: { dtype: 'f32', shape: [B, T] },
      lastToken: { dtype: 'f32', shape: [B, T] },
      textPlaces: { dtype: 'i64', shape: [B, P] },
      textLabels: { dtype: 'i64', shape: [B, P] },
      textWeights: { dtype: 'f32', shape: [B, P] },
    }),
    write(batch, b, instruction, answer) {
      const { ids, count } = promptOf(answer?.cue ?? '').encode(instruction);
      const written = answer === null ? [] : [...tokenizer.encode(answer.text), tokenizer.id(answer.end)];
      const end = count + written.length;
      if (written.length > P) throw tooLong(`answer "${answer!.text}"`, P, written.length);
      if (end > T) throw tooLong(`"${instruction}" and its answer`, T, end);
      const seen = answer?.expert === 'reads' ? end : count;
      const row = <D>(name: string, width: number): D => batch[name]!.data.subarray(b * width, (b + 1) * width) as D;
      const tokens = row<BigInt64Array>('tokens', T);
      tokens.set(ids);
      tokens.set(BigInt64Array.from(written, BigInt), count);
      row<Float32Array>('tokenMask', T).fill(0).fill(1, 0, end);
      row<Float32Array>('contextMask', T).fill(0).fill(1, 0, seen);
      row<Float32Array>('lastToken', T).fill(0)[seen - 1] = 1;
      const places = row<BigInt64Array>('textPlaces', P).fill(0n);
      const labels = row<BigInt64Array>('textLabels', P).fill(0n);
      row<Float32Array>('textWeights', P).fill(0).fill(1, 0, written.length);
      written.forEach((id, i) => {
        places[i] = BigInt(count - 1 + i);
        labels[i] = BigInt(id);
      });
    },
  };
}

function tooLong(what: string, room: number, got: number): VlaError {
  return new VlaError('bad-argument', `${what}: expected at most ${room} tokens, got ${got}.`, {
    hint: 'Raise codec.answer.maxTokens (or codec.instructionTokens), or say it shorter.',
  });
}
