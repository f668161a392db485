/**
 * @file A text decoder that goes on where it stopped: a run reads the tokens that are new and, as state of the session, what
 * it keeps of those before. What that is (keys and values, or a recurrent state) is the decoder's own.
 *
 * Axes: T new tokens (may be named), D width, S places of a cache.
 */

import type { Value } from '../../engine/index.ts';
import { attend, projectHeads, type KeysAndValues } from '../../nn/attention.ts';
import { cachePlaces, writeCache } from '../../nn/key-value-cache.ts';
import { linear } from '../../nn/linear.ts';
import type { RotaryTable } from '../../nn/rotary.ts';
import { decoderLayers, type LanguageConfig, type LanguageModel } from './language-model.ts';

/** The new tokens of a run. */
export interface NewTokens {
  /** f32 [1, T, D]. */
  readonly embeddings: Value;
  /** f32 [T]: how many tokens stand before each, from the beginning of the prompt. */
  readonly places: Value;
  /** f32 [1, T, axes]: rotary positions. */
  readonly positions: Value;
  /** Added after the first layers, f32 [1, T, D] each. */
  readonly deepstack: readonly Value[];
}

/** A decoder with a memory. */
export interface TextDecoder {
  /** How many tokens a run reads; null for any number. */
  readonly tokensPerRun: 1 | null;
  /** Shapes (f32) of what it keeps between runs, by name, for texts of up to `capacity` tokens. It may hold anything at the start of a text. */
  state(capacity: number): Readonly<Record<string, readonly number[]>>;
  /** Hidden states after the final norm, f32 [1, T, D], and what to keep for the next run. */
  advance(
    tokens: NewTokens,
    state: Readonly<Record<string, Value>>,
  ): { readonly hidden: Value; readonly next: Readonly<Record<string, Value>> };
}

/** Sizes that a cache depends on, and the norm's epsilon. */
type CachedConfig = Pick<LanguageConfig, 'width' | 'heads' | 'kvHeads' | 'headWidth' | 'normEpsilon'>;

const PARTS = ['keys', 'values'] as const;
const stateName = (layer: number, part: keyof KeysAndValues): string => `cache.${layer}.${part}`;

/** Qwen3's decoder (of Qwen3-VL too): a cache of keys and values per layer. `turn` makes the table of rotary positions. */
export function cachedDecoder(
  p: LanguageModel<Value>,
  c: CachedConfig,
  turn: (positions: Value) => RotaryTable,
): TextDecoder {
  return {
    tokensPerRun: null,
    state: (capacity) =>
      Object.fromEntries(
        p.layers.flatMap((_, layer) =>
          PARTS.map((part) => [stateName(layer, part), [1, c.kvHeads, capacity, c.headWidth]]),
        ),
      ),
    advance({ embeddings, places, positions, deepstack }, state) {
      const capacity = state[stateName(0, 'keys')]!.shape[2] as number;
      const at = cachePlaces(places, capacity);
      const rotary = turn(positions);
      const next: Record<string, Value> = {};
      const hidden = decoderLayers(p, embeddings, deepstack, c, (layer, x, i) => {
        const { queries, ...own } = projectHeads(layer, x, c, rotary, c.normEpsilon);
        const before = { keys: state[stateName(i, 'keys')]!, values: state[stateName(i, 'values')]! };
        const cache = writeCache(before, own, at);
        for (const part of PARTS) next[stateName(i, part)] = cache[part];
        return linear(layer.o_proj, attend(queries, cache.keys, cache.values, at.mask));
      });
      return { hidden, next };
    },
  };
}
