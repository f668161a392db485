/**
 * @file A vision-language model as text generation needs it, and its two graphs: images to features, and new tokens to the
 * logits of what follows.
 *
 * Axes: T new tokens (named), D width, V vocabulary, M image tokens.
 */

import type { TokenLayout } from '../../codec/prompt.ts';
import {
  add,
  cast,
  gather,
  greater,
  input,
  output,
  reshape,
  slice,
  subtractDims,
  trace,
  where,
  type Graph,
  type Value,
} from '../../engine/index.ts';
import type { Embedding } from '../../nn/embedding.ts';
import { linear, type Linear } from '../../nn/linear.ts';
import { asWeights, type ParameterSpec, type Tree } from '../../nn/parameters.ts';
import type { TextDecoder } from './text-decoder.ts';
import type { PatchedImage, VisionFeatures } from './vision-tower.ts';

/** A part of a model with parameters of its own; the names in `spec` are those of the checkpoint. */
export interface ModelPart<P> {
  readonly spec: Tree<ParameterSpec>;
  bind(parameters: Tree<Value>): P;
}

/** A vision-language model as text generation needs it. */
export interface TextModel {
  readonly width: number;
  /** Axes of rotary positions. */
  readonly axes: number;
  /** Layers that image features are added to. */
  readonly deepstack: number;
  /** Numbers of a patch. */
  readonly patchSize: number;
  /** Patches per image token. */
  readonly patchesPerToken: number;
  /** The most tokens of prompt and text; Infinity where nothing learned bounds them. */
  readonly longest: number;
  /** The rotary positions of a layout's tokens, [axes][T]. */
  positions(layout: TokenLayout): readonly (readonly number[])[];
  readonly vision: ModelPart<(images: readonly PatchedImage[]) => VisionFeatures>;
  /** The head may be the embedding table itself. */
  readonly text: ModelPart<{
    readonly embeddings: Embedding<Value>;
    readonly head: Linear<Value>;
    /** Learned vectors of the first `longest` places; null where the model has none. */
    readonly places: Embedding<Value> | null;
    readonly decoder: TextDecoder;
  }>;
}

/** The same model in a checkpoint that has its names under `name`. */
export function modelUnder(name: string, model: TextModel): TextModel {
  const under = <P>({ spec, bind }: ModelPart<P>): ModelPart<P> => ({
    spec: { [name]: spec },
    bind: (p) => bind((p as Readonly<Record<string, Tree<Value>>>)[name]!),
  });
  return { ...model, vision: under(model.vision), text: under(model.text) };
}

/** A graph with what a session must keep between its runs: input name → output name. */
export interface RememberingGraph {
  readonly graph: Graph;
  readonly state: Readonly<Record<string, string>>;
}

/** New tokens, image features and the decoder's state to the logits f32 [1, V] of what follows the last token. */
export function decoderGraph(model: TextModel, capacity: number): RememberingGraph {
  const state: Record<string, string> = {};
  const graph = trace(() => {
    const { embeddings, head, places, decoder } = model.text.bind(asWeights(model.text.spec) as Tree<Value>);
    const T = decoder.tokensPerRun ?? 'T';
    const tokens = input('tokens', 'i64', [1, T]);
    const shape = [1, T, model.width] as const;
    const isImage = input('isImage', 'f32', [1, T, 1]);
    const text = gather(embeddings.weight, tokens, 0);
    const seen = where(greater(isImage, 0), input('features', 'f32', shape), text);
    const at = input('places', 'f32', [T]);
    const before = Object.fromEntries(
      Object.entries(decoder.state(capacity)).map(([name, size]) => [name, input(name, 'f32', size)]),
    );
    const { hidden, next } = decoder.advance(
      {
        embeddings: places === null ? seen : add(seen, gather(places.weight, cast(at, 'i64'), 0)),
        places: at,
        positions: input('positions', 'f32', [1, T, model.axes]),
        deepstack: Array.from({ length: model.deepstack }, (_, i) => input(`deepstack.${i}`, 'f32', shape)),
      },
      before,
    );
    for (const [name, value] of Object.entries(next)) {
      state[name] = `${name}.next`;
      output(state[name], value);
    }
    const last = reshape(slice(hidden, 1, subtractDims(T, 1), T), [1, model.width]);
    output('logits', linear(head, last));
  });
  return { graph, state };
}

/** Patches `patches.0` … of images of these sizes to their features, f32 [1, M, D], by the names of the decoder's inputs. */
export function visionGraph(
  { vision, patchSize, patchesPerToken }: TextModel,
  images: readonly Pick<PatchedImage, 'rows' | 'columns'>[],
): Graph {
  return trace(() => {
    const see = vision.bind(asWeights(vision.spec) as Tree<Value>);
    const { tokens, deepstack } = see(
      images.map(({ rows, columns }, i) => ({
        pixels: input(`patches.${i}`, 'f32', [1, rows * columns * patchesPerToken, patchSize]),
        rows,
        columns,
      })),
    );
    output('features', tokens);
    for (const [i, features] of deepstack.entries()) output(`deepstack.${i}`, features);
  });
}
