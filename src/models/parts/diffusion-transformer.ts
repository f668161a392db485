/**
 * @file A diffusion transformer (Peebles and Xie 2022) whose blocks attend either to their own tokens or to a context, with
 * the names of diffusers' checkpoints.
 *
 * Axes: B samples of the context, K draws that share a context, T tokens, S context tokens, D width.
 */

import { add, dims, gelu, reshape, segment, type Value } from '../../engine/index.ts';
import { adaLayerNorm, modulationSpec } from '../../nn/ada-norm.ts';
import { attend, splitHeads } from '../../nn/attention.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { plainLayerNorm } from '../../nn/norm.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { sinusoid, timeEmbedding, timeEmbeddingSpec, type TimeEmbedding } from '../../nn/time-embedding.ts';

/** Sizes; the width is heads × headWidth, which is also the width of the context. */
export interface TransformerConfig {
  readonly blocks: number;
  /** Block i attends to its own tokens when i is a multiple of this, else to the context. */
  readonly selfAttentionPeriod: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly mlpWidth: number;
  readonly outputWidth: number;
  /** Sinusoids of the time. */
  readonly timeFeatures: number;
  readonly normEpsilon: number;
  readonly outputNormEpsilon: number;
}

type Block<T> = {
  readonly norm1: { readonly linear: Linear<T> };
  readonly attn1: {
    readonly to_q: Linear<T>;
    readonly to_k: Linear<T>;
    readonly to_v: Linear<T>;
    readonly to_out: readonly Linear<T>[];
  };
  readonly ff: { readonly net: { readonly 0: { readonly proj: Linear<T> }; readonly 2: Linear<T> } };
};

/** Names under `dit` of ZR-0's action expert. */
export type DiffusionTransformer<T> = {
  readonly timestep_encoder: { readonly timestep_embedder: TimeEmbedding<T> };
  readonly transformer_blocks: readonly Block<T>[];
  readonly proj_out_1: Linear<T>;
  readonly proj_out_2: Linear<T>;
};

/** D, the width of tokens and context. */
export const transformerWidth = (c: TransformerConfig): number => c.heads * c.headWidth;

/** Initial parameters; branches start small and modulations nearly at the identity. */
export function diffusionTransformerSpec(c: TransformerConfig): DiffusionTransformer<ParameterSpec> {
  const D = transformerWidth(c);
  const bias = true;
  const gain = 1 / Math.sqrt(2 * c.blocks);
  return {
    timestep_encoder: { timestep_embedder: timeEmbeddingSpec(c.timeFeatures, D) },
    transformer_blocks: Array.from({ length: c.blocks }, () => ({
      norm1: { linear: modulationSpec(D) },
      attn1: {
        to_q: linearSpec(D, D, { bias }),
        to_k: linearSpec(D, D, { bias }),
        to_v: linearSpec(D, D, { bias }),
        to_out: [linearSpec(D, D, { bias, gain })],
      },
      ff: { net: { 0: { proj: linearSpec(D, c.mlpWidth, { bias }) }, 2: linearSpec(c.mlpWidth, D, { bias, gain }) } },
    })),
    proj_out_1: modulationSpec(D),
    proj_out_2: linearSpec(D, c.outputWidth, { bias }),
  };
}

/** Keys and values of a context, once for all times: per block, null where it attends to its own tokens. */
export interface ContextReading {
  readonly blocks: readonly (readonly [keys: Value, values: Value] | null)[];
  /** Added to scores, [B, 1, 1, S]. */
  readonly mask: Value | null;
}

/** Reads a context [B, S, D]. */
export function readContext(
  p: DiffusionTransformer<Value>,
  context: Value,
  mask: Value | null,
  c: TransformerConfig,
): ContextReading {
  return {
    mask,
    blocks: p.transformer_blocks.map(({ attn1 }, i) =>
      i % c.selfAttentionPeriod === 0
        ? null
        : [splitHeads(linear(attn1.to_k, context), c.heads), splitHeads(linear(attn1.to_v, context), c.heads)],
    ),
  };
}

/** The condition [..., D] of times [...]. */
export function encodeTime(p: DiffusionTransformer<Value>, time: Value, c: TransformerConfig): Value {
  const features = sinusoid(time, { width: c.timeFeatures, first: 'cos', shift: 1 });
  return timeEmbedding(p.timestep_encoder.timestep_embedder, features);
}

/**
 * Tokens [B·K, T, D] and conditions [B·K, D], or [B·K, T, D] with one for each token → [B·K, T − skip, outputWidth]: the first `skip`
 * tokens only inform the others. The K draws of a sample are neighbours.
 */
export function diffusionTransformer(
  p: DiffusionTransformer<Value>,
  tokens: Value,
  condition: Value,
  context: ContextReading,
  skip: (x: Value) => Value,
  c: TransformerConfig,
): Value {
  let x = tokens;
  for (const [i, block] of p.transformer_blocks.entries()) {
    x = segment(() => transformerBlock(block, x, condition, context.blocks[i]!, context.mask, c));
  }
  const last = condition.shape.length === 3 ? skip(condition) : condition;
  const out = adaLayerNorm(p.proj_out_1, skip(x), last, 'shift-scale', c.outputNormEpsilon);
  return linear(p.proj_out_2, out);
}

/** One block: `reading` are keys and values of a context that it reads with `mask`; null where it attends to its own tokens. */
function transformerBlock(
  { norm1, attn1, ff }: DiffusionTransformer<Value>['transformer_blocks'][number],
  tokens: Value,
  condition: Value,
  reading: ContextReading['blocks'][number],
  mask: Value | null,
  c: TransformerConfig,
): Value {
  const { N, T, D } = dims(tokens, 'N T D');
  const h = adaLayerNorm(norm1.linear, tokens, condition, 'scale-shift', c.normEpsilon);
  let attended: Value;
  if (reading === null) {
    const [q, k, v] = [attn1.to_q, attn1.to_k, attn1.to_v].map((map) => splitHeads(linear(map, h), c.heads));
    attended = attend(q!, k!, v!, null);
  } else {
    const { B } = dims(reading[0], 'B N S d');
    const q = splitHeads(reshape(linear(attn1.to_q, h), [B, (N / B) * T, D]), c.heads);
    attended = reshape(attend(q, reading[0], reading[1], mask), [N, T, D]);
  }
  const x = add(tokens, linear(attn1.to_out[0]!, attended));
  const inner = gelu(linear(ff.net[0].proj, plainLayerNorm(x, c.normEpsilon)), { approximate: 'tanh' });
  return add(x, linear(ff.net[2], inner));
}
