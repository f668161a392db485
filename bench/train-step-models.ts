/** @file The transformers of bench/train-step: sizes, and two styles of block as trainables. */

import { add, attention, gelu, mul, reduceMean, segment, sub, type Value } from '../src/engine/index.ts';
import { mergeHeads, selfAttention, selfAttentionSpec, splitHeads, type SelfAttention } from '../src/nn/attention.ts';
import { linear, linearSpec, type Linear } from '../src/nn/linear.ts';
import { mlp, mlpSpec, swiGlu, swiGluSpec, type Mlp, type SwiGlu } from '../src/nn/mlp.ts';
import { layerNorm, layerNormSpec, rmsNorm, rmsNormSpec, type LayerNorm, type RmsNorm } from '../src/nn/norm.ts';
import type { ParameterSpec } from '../src/nn/parameters.ts';
import { rotaryAngles, rotaryTable } from '../src/nn/rotary.ts';
import type { Trainable } from '../src/training/trainable.ts';

export interface Size {
  readonly batch: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  /** Width of the SwiGLU of the modern block: about 8/3 of the width. */
  readonly inner: number;
}

export const SIZES: Readonly<Record<string, Size>> = {
  '0.6M': { batch: 16, tokens: 64, width: 128, heads: 4, layers: 3, inner: 352 },
  '5M': { batch: 16, tokens: 128, width: 256, heads: 8, layers: 6, inner: 704 },
  '40M': { batch: 8, tokens: 128, width: 768, heads: 12, layers: 6, inner: 2048 },
};

/** Floating-point operations of one step's matrix products: 6 per weight and token, 12 per pair of tokens and feature. */
export function stepFlops({ batch, tokens, width, layers, inner }: Size, style: Style): number {
  const weights = layers * (style === 'classic' ? 12 * width ** 2 : 4 * width ** 2 + 3 * width * inner);
  return 6 * weights * batch * tokens + 12 * layers * batch * tokens ** 2 * width;
}

interface ClassicBlock<T> {
  readonly norm1: LayerNorm<T>;
  readonly q: Linear<T>;
  readonly k: Linear<T>;
  readonly v: Linear<T>;
  readonly out: Linear<T>;
  readonly norm2: LayerNorm<T>;
  readonly mlp: Mlp<T>;
}

interface ModernBlock<T> {
  readonly norm1: RmsNorm<T>;
  readonly attention: SelfAttention<T>;
  readonly norm2: RmsNorm<T>;
  readonly mlp: SwiGlu<T>;
}

/** Layer norm, attention with biases, GELU. */
function classic(size: Size): Trainable {
  const { width, heads, layers } = size;
  const affine = (): Linear<ParameterSpec> => linearSpec(width, width, { bias: true });
  const block = (): ClassicBlock<ParameterSpec> => ({
    norm1: layerNormSpec(width),
    q: affine(),
    k: affine(),
    v: affine(),
    out: affine(),
    norm2: layerNormSpec(width),
    mlp: mlpSpec(width, 4 * width, width, 1),
  });
  return trainable(size, Array.from({ length: layers }, block), (x, p: ClassicBlock<Value>) => {
    const h = layerNorm(p.norm1, x, 1e-5);
    const [q, k, v] = [p.q, p.k, p.v].map((map) => splitHeads(linear(map, h), heads)) as [Value, Value, Value];
    const y = add(x, linear(p.out, mergeHeads(attention(q, k, v, null, { scale: (width / heads) ** -0.5 }))));
    return add(
      y,
      mlp(p.mlp, layerNorm(p.norm2, y, 1e-5), (z) => gelu(z, { approximate: 'tanh' })),
    );
  });
}

/** RMS norm, normalised queries and keys, rotary positions, SwiGLU; no biases (Qwen3). */
function modern(size: Size): Trainable {
  const { width, heads, layers, tokens, batch, inner } = size;
  const sizes = { width, heads, kvHeads: heads, headWidth: width / heads };
  const block = (): ModernBlock<ParameterSpec> => ({
    norm1: rmsNormSpec(width),
    attention: selfAttentionSpec(sizes, 1),
    norm2: rmsNormSpec(width),
    mlp: swiGluSpec(width, inner, 1),
  });
  const positions = Array.from({ length: tokens }, (_, i) => i);
  return trainable(size, Array.from({ length: layers }, block), (x, p: ModernBlock<Value>) => {
    const table = rotaryTable(rotaryAngles(positions, width / heads, 10_000), batch);
    const y = add(x, selfAttention(p.attention, rmsNorm(p.norm1, x, 1e-6), sizes, table, null, 1e-6).output);
    return add(y, swiGlu(p.mlp, rmsNorm(p.norm2, y, 1e-6)));
  });
}

function trainable<B>(size: Size, blocks: readonly unknown[], run: (x: Value, p: B) => Value): Trainable {
  const shape = [size.batch, size.tokens, size.width];
  return {
    parameters: { blocks } as Trainable['parameters'],
    inputs: { x: { dtype: 'f32', shape }, y: { dtype: 'f32', shape } },
    loss(parameters, { x, y }) {
      const error = sub(
        (parameters as { blocks: readonly B[] }).blocks.reduce((h, block) => segment(() => run(h, block)), x!),
        y!,
      );
      return { loss: reduceMean(mul(error, error)), metrics: {} };
    },
  };
}

export const STYLES = { classic, modern } as const;
export type Style = keyof typeof STYLES;
