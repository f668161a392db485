/**
 * @file A vision-language model over a prompt of fixed places: image tokens and text tokens in one sequence, encoded once to
 * what an action expert reads. Which tower and which decoder it has is the family's choice.
 *
 * Axes: B batch, T prompt tokens, S = T or, with a state token, T + 1; D width, K key-value heads, d features of a head.
 */

import { invariant, lookUp } from '../../base/errors.ts';
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
  reduceSum,
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
import type { Decoded } from './language-model.ts';
import type { PatchedImage, VisionFeatures } from './vision-tower.ts';

/** What the prompt's tokens may see, and what stands in the prompt beside images and text. */
export interface PromptConfig {
  /** `causal` as the published models were trained; `bidirectional` lets image tokens see the instruction that follows them. */
  readonly attention: 'causal' | 'bidirectional';
  /** Whether the robot's state is one more token, after the text. */
  readonly stateToken: boolean;
  /** Whether every place of the prompt has a learned vector, which tells cameras apart from the first step. */
  readonly learnedPositions: boolean;
}

/** What the configuration adds to a published encoder; nothing for published models. */
export type PromptAdditions<T> = {
  readonly prompt_state?: Linear<T>;
  readonly prompt_position?: Embedding<T>;
};

/** Initial parameters; `state` is the length of the encoded state vector, `tokens` the prompt's length T. */
export function promptAdditionsSpec(
  c: PromptConfig,
  width: number,
  sizes: { readonly state: number; readonly tokens: number },
): PromptAdditions<ParameterSpec> {
  const length = sizes.tokens + (c.stateToken ? 1 : 0);
  return {
    ...(c.stateToken ? { prompt_state: linearSpec(sizes.state, width, { bias: true }) } : {}),
    ...(c.learnedPositions ? { prompt_position: embeddingSpec(length, width, normal(0.1)) } : {}),
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
  /** f32 [B, T]: 1 for what may be read of the encoded prompt; left out where that is all of it. The rest is an answer to be learned. */
  readonly contextMask?: Value | undefined;
  /** f32 [B, T]: one-hot at the prompt's last token; not read, and null, where a state token ends the prompt or nobody reads out. */
  readonly lastToken: Value | null;
  /** f32 [B, state]; null where the model has no place for it. */
  readonly state: Value | null;
  /** Tokens [B, Q, D] behind the prompt that ask something of it: they see all of it, and it does not see them. Not beside `contextMask`. */
  readonly tail?: Value | undefined;
}

/** A prompt as a decoder gets it. */
export interface DecoderInput {
  /** [B, S, D]. */
  readonly embeddings: Value;
  /** Rotary positions on each axis of the decoder, [axes][S]; those of a tail stand in `tailPositions`. */
  readonly positions: readonly (readonly number[])[];
  /** f32 [B, Q]: the positions, on all axes, of the Q tokens that follow those S (which S then counts too); null without a tail. */
  readonly tailPositions: Value | null;
  /** Added to scores, broadcasts to [B, heads, S, S]. */
  readonly mask: Value;
  /** f32 [B, S]: 1 for tokens, 0 for padding. */
  readonly valid: Value;
  /** Added after the first layers, [B, S, D] each. */
  readonly deepstack: readonly Value[];
}

/** The parts of a vision-language model, bound to their parameters. */
export interface PromptNetwork {
  readonly width: number;
  readonly embeddings: Embedding<Value>;
  readonly additions: PromptAdditions<Value>;
  /** The rotary positions of a layout's tokens, [axes][T]; text after the last image goes on by one per token. */
  positions(layout: TokenLayout): readonly (readonly number[])[];
  see(images: readonly PatchedImage[]): VisionFeatures;
  decode(input: DecoderInput): Decoded;
}

/** What an action expert and the supervision heads read. */
export interface EncodedPrompt extends Decoded {
  /** Added to scores: 0 for prompt tokens, `HIDDEN` for padding and for answers that may not be read; [B, 1, 1, S]. */
  readonly mask: Value;
  /** f32 [B, S]: 1 for tokens that may be read, 0 for others. */
  readonly valid: Value;
  /** Rotary positions of the tokens on each axis, [axes][S]. */
  readonly positions: readonly (readonly number[])[];
  /** f32 [B]: the rotary position that follows the last token that may be read, on every axis. */
  readonly nextPosition: Value;
  /** The hidden state that has seen the whole prompt, [B, D]: the state token's, or else the last text token's; null without either. */
  readonly readout: Value | null;
  /** The hidden states of a tail, [B, Q, D]; null without one. Nothing else here holds anything of it. */
  readonly tail: Value | null;
}

/** Encodes a prompt whose tokens stand as `layout` says. */
export function encodePrompt(
  network: PromptNetwork,
  inputs: PromptInputs,
  layout: TokenLayout,
  c: PromptConfig,
): EncodedPrompt {
  const { B, T } = dims(inputs.tokens, 'B T', { T: layout.length });
  const { width, additions } = network;
  const images = layout.images.map(({ camera, rows, columns }) => ({
    pixels: lookUp('camera', camera, inputs.pixels),
    rows,
    columns,
  }));
  const { tokens, deepstack } = images.length === 0 ? { tokens: null, deepstack: [] } : network.see(images);
  const segments = promptSegments(layout);
  const texts = segments.filter((segment) => segment.image === null);
  const imageCounts = layout.images.map((image) => image.count);
  const state = stateToken(additions, inputs, width);
  const place = (imageTokens: Value | null, text: readonly Value[], tail: readonly Value[]): Value =>
    concat(
      [...interleave(segments, imageTokens === null ? [] : [...split(imageTokens, 1, imageCounts)], text), ...tail],
      1,
    );

  let x = place(tokens, textEmbeddings(network.embeddings, inputs.tokens, texts), state);
  if (additions.prompt_position !== undefined) x = add(x, additions.prompt_position.weight);
  const zeros = (count: number): Value => expand(constant(0), [B, count, width]);
  const extra = deepstack.map((features) =>
    place(
      features,
      texts.map((text) => zeros(text.count)),
      state.map(() => zeros(1)),
    ),
  );
  const withState = (tokenMask: Value): Value =>
    state.length === 0 ? tokenMask : concat([tokenMask, constant(f32(new Float32Array(B).fill(1), [B, 1]))], 1);
  const contextMask = inputs.contextMask ?? inputs.tokenMask;
  const { positions, next } = promptPositions(network.positions(layout), contextMask, state.length === 1);
  const valid = withState(inputs.tokenMask);
  const padding = hiddenWhere(valid);
  const S = T + state.length;
  const seen = c.attention === 'causal' ? add(padding, constant(causalMask(S))) : padding;
  const alone: DecoderInput = { embeddings: x, positions, tailPositions: null, mask: seen, valid, deepstack: extra };
  const { tail, ...decoded } = decodeTail(network, alone, inputs, next, c);
  const readout = readOut(decoded.hidden, inputs.lastToken, state.length === 1);
  const readable = inputs.contextMask === undefined ? valid : withState(contextMask);
  const mask = inputs.contextMask === undefined ? padding : hiddenWhere(readable);
  return { ...decoded, mask, valid: readable, positions, nextPosition: next, readout, tail };
}

/** Decodes a prompt with the tail of `inputs` behind it, from position `next` [B] on; what comes back of the prompt is its own. */
function decodeTail(
  network: PromptNetwork,
  prompt: DecoderInput,
  { tail, contextMask }: PromptInputs,
  next: Value,
  { attention }: PromptConfig,
): Decoded & { readonly tail: Value | null } {
  if (tail === undefined) return { ...network.decode(prompt), tail: null };
  invariant(contextMask === undefined, 'a tail sees all of its prompt');
  const { B, Q, D } = dims(tail, 'B Q D', { D: network.width });
  const S = Number(prompt.embeddings.shape[1]);
  const offsets = constant(f32(Float32Array.from({ length: Q }, (_, i) => i)));
  const behind = (x: Value, fill: number): Value =>
    concat([x, expand(constant(fill), [B, Q, ...x.shape.slice(2)] as number[])], 1);
  const valid = behind(prompt.valid, 1);
  const order = attention === 'causal' ? causalMask(S + Q) : apartMask(S, S + Q);
  const { hidden, layers } = network.decode({
    embeddings: concat([prompt.embeddings, tail], 1),
    positions: prompt.positions,
    tailPositions: add(reshape(next, [B, 1]), offsets),
    mask: add(hiddenWhere(valid), constant(order)),
    valid,
    deepstack: prompt.deepstack.map((features) => behind(features, 0)),
  });
  return {
    hidden: slice(hidden, 1, 0, S),
    layers: layers.map(({ keys, values }) => ({ keys: slice(keys, 2, 0, S), values: slice(values, 2, 0, S) })),
    tail: reshape(slice(hidden, 1, S, S + Q), [B, Q, D]),
  };
}

/** What to add to scores, [B, 1, 1, S], for a mask [B, S]. */
function hiddenWhere(mask: Value): Value {
  const { B, S } = dims(mask, 'B S');
  return reshape(mul(sub(mask, constant(1)), constant(-HIDDEN)), [B, 1, 1, S]);
}

/** The state as a token [B, 1, D], or nothing. */
function stateToken(additions: PromptAdditions<Value>, { state }: PromptInputs, width: number): Value[] {
  if (additions.prompt_state === undefined || state === null) return [];
  const { B } = dims(state, 'B s');
  return [reshape(linear(additions.prompt_state, state), [B, 1, width])];
}

function textEmbeddings(table: Embedding<Value>, tokens: Value, texts: readonly Segment[]): readonly Value[] {
  const places = texts.flatMap(({ start, count }) => Array.from({ length: count }, (_, i) => start + i));
  const ids = gather(tokens, constant(i64(places)), 1);
  return split(
    embedding(table, ids),
    1,
    texts.map((text) => text.count),
  );
}

/** Positions of all tokens, and what comes next: a state token stands behind the padding, at the same place for everybody. */
function promptPositions(
  axes: readonly (readonly number[])[],
  tokenMask: Value,
  stateToken: boolean,
): { readonly positions: readonly (readonly number[])[]; readonly next: Value } {
  const { B, T } = dims(tokenMask, 'B T');
  const last = Math.max(...axes.map((axis) => axis[T - 1]!));
  if (stateToken) {
    return {
      positions: axes.map((axis) => [...axis, last + 1]),
      next: constant(f32(new Float32Array(B).fill(last + 2))),
    };
  }
  // Behind the images positions and tokens go on side by side.
  return { positions: axes, next: add(reduceSum(tokenMask, [1]), constant(last + 1 - T)) };
}

function readOut(hidden: Value, lastToken: Value | null, stateToken: boolean): Value | null {
  const { B, S, D } = dims(hidden, 'B S D');
  if (stateToken) return reshape(slice(hidden, 1, S - 1, S), [B, D]);
  return lastToken === null ? null : reshape(matmul(reshape(lastToken, [B, 1, S]), hidden), [B, D]);
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

/** The first S of T tokens do not see the others: [T, T], added to scores. */
function apartMask(S: number, T: number) {
  const mask = new Float32Array(T * T);
  for (let t = 0; t < S; t++) mask.fill(HIDDEN, t * T + S, (t + 1) * T);
  return f32(mask, [T, T]);
}

/** Position t sees positions up to t: [T, T], added to scores. */
function causalMask(T: number) {
  const mask = new Float32Array(T * T);
  for (let t = 0; t < T; t++) mask.fill(HIDDEN, t * T + t + 1, (t + 1) * T);
  return f32(mask, [T, T]);
}
