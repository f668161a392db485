/**
 * @file A vision-language model over a prompt of fixed places: image tokens and text tokens in one sequence, encoded once to
 * hidden states that an action expert reads.
 *
 * Axes: B batch, T prompt tokens, S = T or, with a state token, T + 1; D width.
 */

import { lookUp } from '../../base/errors.ts';
import { f32, i64 } from '../../base/tensor.ts';
import type { TokenLayout } from '../../codec/prompt.ts';
import {
  add,
  concat,
  constant,
  dims,
  expand,
  gather,
  matmul,
  mul,
  reshape,
  slice,
  split,
  sub,
  type Value,
} from '../../engine/index.ts';
import { HIDDEN } from '../../nn/attention.ts';
import { embedding, embeddingSpec, type Embedding } from '../../nn/embedding.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { normal, type ParameterSpec } from '../../nn/parameters.ts';
import { interleavedRotaryAngles, rotaryTable } from '../../nn/rotary.ts';
import { languageModel, languageModelSpec, type LanguageConfig, type LanguageModel } from './language-model.ts';
import { visionTower, visionTowerSpec, type VisionConfig, type VisionTower } from './vision-tower.ts';

/** What the prompt's tokens may see, and what stands in the prompt beside Qwen3-VL's images and text. */
export interface PromptConfig {
  /** `causal` as Qwen3-VL was trained; `bidirectional` lets image tokens see the instruction that follows them. */
  readonly attention: 'causal' | 'bidirectional';
  /** Whether the robot's state is one more token, after the text. */
  readonly stateToken: boolean;
  /** Whether every place of the prompt has a learned vector, which tells cameras apart from the first step. */
  readonly learnedPositions: boolean;
}

/** Names under `model` of a Qwen3-VL checkpoint; the last two exist when the configuration asks for them. */
export type PromptEncoder<T> = {
  readonly visual: VisionTower<T>;
  readonly language_model: LanguageModel<T>;
  readonly prompt_state?: Linear<T>;
  readonly prompt_position?: Embedding<T>;
};

/** Sizes of the encoder and its prompt. */
export interface PromptEncoderConfig {
  readonly vision: VisionConfig;
  readonly language: LanguageConfig;
  readonly prompt: PromptConfig;
}

/** `state` is the length of the encoded state vector, `tokens` the prompt's length T. */
export function promptEncoderSpec(
  c: PromptEncoderConfig,
  sizes: { readonly state: number; readonly tokens: number },
): PromptEncoder<ParameterSpec> {
  const { width } = c.language;
  const length = sizes.tokens + (c.prompt.stateToken ? 1 : 0);
  return {
    visual: visionTowerSpec(c.vision),
    language_model: languageModelSpec(c.language),
    ...(c.prompt.stateToken ? { prompt_state: linearSpec(sizes.state, width, { bias: true }) } : {}),
    ...(c.prompt.learnedPositions ? { prompt_position: embeddingSpec(length, width, normal(0.1)) } : {}),
  };
}

/** Model inputs, named as the codec names them. */
export interface PromptInputs {
  /** By camera: f32 [B, patches, numbers of a patch]. */
  readonly pixels: Readonly<Record<string, Value>>;
  /** i64 [B, T]. */
  readonly tokens: Value;
  /** f32 [B, T]: 1 for tokens, 0 for padding. */
  readonly tokenMask: Value;
  /** f32 [B, T]: one-hot at the prompt's last token; not read, and null, where a state token ends the prompt. */
  readonly lastToken: Value | null;
  /** f32 [B, state]. */
  readonly state: Value;
}

/** What an action expert and the supervision heads read. */
export interface EncodedPrompt {
  /** Hidden states after the final norm, [B, S, D]. */
  readonly hidden: Value;
  /** Added to scores: 0 for prompt tokens, `HIDDEN` for padding; [B, 1, 1, S]. */
  readonly mask: Value;
  /** The hidden state that has seen the whole prompt, [B, D]: the state token's, or else the last text token's. */
  readonly readout: Value;
}

/** Encodes a prompt whose tokens stand as `layout` says. */
export function encodePrompt(
  p: PromptEncoder<Value>,
  inputs: PromptInputs,
  layout: TokenLayout,
  c: PromptEncoderConfig,
): EncodedPrompt {
  const { B, T } = dims(inputs.tokens, 'B T', { T: layout.length });
  const { width } = c.language;
  const images = layout.images.map(({ camera, rows, columns }) => ({
    pixels: lookUp('camera', camera, inputs.pixels),
    rows,
    columns,
  }));
  const { tokens, deepstack } = visionTower(p.visual, images, c.vision);
  const segments = promptSegments(layout);
  const texts = segments.filter((segment) => segment.image === null);
  const textPlaces = texts.flatMap(({ start, count }) => Array.from({ length: count }, (_, i) => start + i));
  const ids = gather(inputs.tokens, constant(i64(textPlaces)), 1);
  const textParts = [
    ...split(
      embedding(p.language_model.embed_tokens, ids),
      1,
      texts.map((text) => text.count),
    ),
  ];
  const imageCounts = layout.images.map((image) => image.count);
  const assemble = (imageTokens: Value, text: () => readonly Value[]): Value => {
    const imageParts = [...split(imageTokens, 1, imageCounts)];
    return concat([...interleave(segments, imageParts, text()), ...tail], 1);
  };

  let tail: Value[] = [];
  let keys = inputs.tokenMask;
  const positions = layout.positions.map((axis) => [...axis]);
  if (p.prompt_state !== undefined) {
    tail = [reshape(linear(p.prompt_state, inputs.state), [B, 1, width])];
    keys = concat([keys, constant(f32(new Float32Array(B).fill(1), [B, 1]))], 1);
    const next = Math.max(...positions.flat()) + 1;
    for (const axis of positions) axis.push(next);
  }
  const S = T + tail.length;
  let x = assemble(tokens, () => textParts);
  if (p.prompt_position !== undefined) x = add(x, p.prompt_position.weight);
  const extra = deepstack.map((features) => {
    const zeros = (count: number): Value => expand(constant(0), [B, count, width]);
    tail = tail.map(() => zeros(1));
    return assemble(features, () => texts.map((text) => zeros(text.count)));
  });

  const mask = reshape(mul(sub(keys, constant(1)), constant(-HIDDEN)), [B, 1, 1, S]);
  const angles = interleavedRotaryAngles(
    positions,
    c.language.ropeSections,
    c.language.headWidth,
    c.language.ropeTheta,
  );
  const seen = c.prompt.attention === 'causal' ? add(mask, constant(causalMask(S))) : mask;
  const hidden = languageModel(p.language_model, x, rotaryTable(angles, B), seen, extra, c.language);
  const readout =
    inputs.lastToken === null ? slice(hidden, 1, S - 1, S) : matmul(reshape(inputs.lastToken, [B, 1, T]), hidden);
  return { hidden, mask, readout: reshape(readout, [B, width]) };
}

/** A run of tokens of one kind; `image` counts images from 0, null for text. */
interface Segment {
  readonly start: number;
  readonly count: number;
  readonly image: number | null;
}

function promptSegments({ length, images }: TokenLayout): Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  for (const [i, { start, count }] of images.entries()) {
    if (start > at) segments.push({ start: at, count: start - at, image: null });
    segments.push({ start, count, image: i });
    at = start + count;
  }
  if (length > at) segments.push({ start: at, count: length - at, image: null });
  return segments;
}

function interleave(segments: readonly Segment[], images: readonly Value[], texts: readonly Value[]): Value[] {
  let text = 0;
  return segments.map((segment) => (segment.image === null ? texts[text++]! : images[segment.image]!));
}

/** Position t sees positions up to t: [T, T], added to scores. */
function causalMask(T: number) {
  const mask = new Float32Array(T * T);
  for (let t = 0; t < T; t++) mask.fill(HIDDEN, t * T + t + 1, (t + 1) * T);
  return f32(mask, [T, T]);
}
