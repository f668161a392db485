/**
 * @file Qwen3.5 as a model that writes text: its vision tower, and its hybrid decoder with a cache where a layer attends and a
 * memory of fixed size elsewhere. It reads one token per run, prompts too: the delta rule's chunks are cut when it is traced.
 */

import { greater, slice, where, type Value } from '../../engine/index.ts';
import { linearSpec } from '../../nn/linear.ts';
import { cachePlaces } from '../../nn/key-value-cache.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { interleavedRotaryTableAt } from '../../nn/rotary.ts';
import type { DeltaNetConfig } from './gated-delta-net.ts';
import {
  hybridLanguageModel,
  hybridLanguageModelSpec,
  type HybridLanguageConfig,
  type HybridLanguageModel,
  type LayerState,
} from './hybrid-language-model.ts';
import type { Qwen35Config } from './qwen3-5.ts';
import type { TextPart, TextVariant, VisionPart } from './qwen3-vl-text.ts';
import type { TextDecoder } from './text-decoder.ts';
import type { TextModel } from './text-model.ts';
import { visionTower, visionTowerSpec } from './vision-tower.ts';

/** The model of a checkpoint with Qwen3.5's names. */
export function qwen35Text(
  { vision, language }: Pick<Qwen35Config, 'vision' | 'language'>,
  { head, places }: TextVariant,
): TextModel {
  const { width, vocabulary } = language;
  const text: TextPart<HybridLanguageModel<ParameterSpec>, ParameterSpec> = {
    model: {
      language_model: hybridLanguageModelSpec(language),
      ...(places === null ? {} : { prompt_position: places }),
    },
    ...(head === 'tied' ? {} : { lm_head: linearSpec(width, vocabulary, { bias: false }) }),
  };
  return {
    width,
    axes: 3,
    deepstack: 0,
    patchSize: 3 * vision.temporal * vision.patch ** 2,
    patchesPerToken: vision.merge ** 2,
    longest: places?.weight.shape[0] ?? Infinity,
    positions: (layout) => layout.positions,
    vision: {
      spec: { model: { visual: visionTowerSpec(vision) } } satisfies VisionPart<ParameterSpec>,
      bind: (p) => (images) => visionTower((p as VisionPart<Value>).model.visual, images, vision),
    },
    text: {
      spec: text,
      bind(p) {
        const { model, lm_head } = p as TextPart<HybridLanguageModel<Value>, Value>;
        const embeddings = model.language_model.embed_tokens;
        return {
          embeddings,
          head: lm_head ?? embeddings,
          places: model.prompt_position ?? null,
          decoder: hybridDecoder(model.language_model, language),
        };
      },
    },
  };
}

const deltaName = (layer: number, part: 'memory' | 'recent'): string => `delta.${layer}.${part}`;
const cacheName = (layer: number, part: 'keys' | 'values'): string => `cache.${layer}.${part}`;

/** The decoder one token per run. */
export function hybridDecoder(p: HybridLanguageModel<Value>, c: HybridLanguageConfig): TextDecoder {
  return {
    tokensPerRun: 1,
    state: (capacity) =>
      Object.fromEntries(
        p.layers.flatMap(({ self_attn }, i): [string, readonly number[]][] =>
          self_attn === undefined
            ? Object.entries(deltaShapes(c.delta)).map(([part, shape]) => [deltaName(i, part as 'memory'), shape])
            : (['keys', 'values'] as const).map((part) => [cacheName(i, part), [1, c.kvHeads, capacity, c.headWidth]]),
        ),
      ),
    advance({ embeddings, places, positions }, state) {
      const attending = p.layers.findIndex(({ self_attn }) => self_attn !== undefined);
      const capacity = attending < 0 ? 1 : (state[cacheName(attending, 'keys')]!.shape[2] as number);
      const cache = cachePlaces(places, capacity);
      // What a memory holds at the first token is of another text.
      const begun = greater(slice(places, 0, 0, 1), 0);
      const memory = (name: string): Value => where(begun, state[name]!, 0);
      const states = p.layers.map(({ self_attn }, i): LayerState =>
        self_attn === undefined
          ? { delta: { memory: memory(deltaName(i, 'memory')), recent: memory(deltaName(i, 'recent')) } }
          : { attention: { keys: state[cacheName(i, 'keys')]!, values: state[cacheName(i, 'values')]! } },
      );
      const rotary = interleavedRotaryTableAt(positions, c.ropeSections, c.rotaryWidth, c.ropeTheta);
      const decoded = hybridLanguageModel(
        p,
        embeddings,
        { rotary, mask: cache.mask, tokenMask: null, states, cache },
        c,
      );
      return { hidden: decoded.hidden, next: Object.fromEntries(decoded.states.flatMap(named)) };
    },
  };
}

function named({ attention, delta }: LayerState, i: number): [string, Value][] {
  return [
    ...(delta === undefined
      ? []
      : ([
          [deltaName(i, 'memory'), delta.memory],
          [deltaName(i, 'recent'), delta.recent],
        ] as [string, Value][])),
    ...(attention === undefined
      ? []
      : ([
          [cacheName(i, 'keys'), attention.keys],
          [cacheName(i, 'values'), attention.values],
        ] as [string, Value][])),
  ];
}

function deltaShapes(c: DeltaNetConfig): Record<'memory' | 'recent', readonly number[]> {
  return {
    memory: [1, c.valueHeads, c.keyWidth, c.valueWidth],
    recent: [1, c.kernel - 1, 2 * c.keyHeads * c.keyWidth + c.valueHeads * c.valueWidth],
  };
}
