/**
 * @file Qwen3-VL's vision tower (Qwen3-VL technical report 2025): patches to tokens with a learned position table and 2-D
 * rotary attention inside each image, then groups of merge × merge patches to one language token.
 *
 * Axes: B batch, P patches of all images in merge order (each group of merge² patches contiguous), W width of the tower,
 * M merged patches = P / merge², D width of the language model.
 */

import { f32 } from '../../base/tensor.ts';
import { VlaError } from '../../base/errors.ts';
import {
  add,
  concat,
  constant,
  dims,
  gelu,
  matmul,
  reshape,
  segment,
  slice,
  split,
  type Value,
} from '../../engine/index.ts';
import { attend, splitHeads } from '../../nn/attention.ts';
import { embeddingSpec, type Embedding } from '../../nn/embedding.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { mlp, mlpSpec, type Mlp } from '../../nn/mlp.ts';
import { layerNorm, layerNormSpec, type LayerNorm } from '../../nn/norm.ts';
import { normal, parameter, type ParameterSpec } from '../../nn/parameters.ts';
import { applyRotary, imageRotaryAngles, rotaryTable, type RotaryTable } from '../../nn/rotary.ts';
import { imageSinusoids, resampleGrid } from './position-grid.ts';

/** Sizes; widths in features, patch in pixels. */
export interface VisionConfig {
  readonly patch: number;
  /** Frames inside a patch (Qwen3-VL: 2, a still image is repeated). */
  readonly temporal: number;
  /** Side of a merge group, in patches. */
  readonly merge: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly mlpWidth: number;
  /** Side of the square table of learned positions, which is resampled to each image's grid. */
  readonly positionGrid: number;
  /** Width of the language model. */
  readonly outputWidth: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  /** Indices of blocks whose output also goes, through a merger of its own, into the first decoder layers (DeepStack). */
  readonly deepstackLayers: readonly number[];
}

/** The published tower of Qwen3-VL-2B, -4B and Qwen3.5-4B; how wide its tokens are, and what DeepStack taps, is the model's. */
export const QWEN_TOWER: Omit<VisionConfig, 'outputWidth' | 'deepstackLayers'> = {
  patch: 16,
  temporal: 2,
  merge: 2,
  width: 1024,
  layers: 24,
  heads: 16,
  mlpWidth: 4096,
  positionGrid: 48,
  ropeTheta: 10_000,
  normEpsilon: 1e-6,
};

type VisionBlock<T> = {
  readonly norm1: LayerNorm<T>;
  readonly norm2: LayerNorm<T>;
  readonly attn: { readonly qkv: Linear<T>; readonly proj: Linear<T> };
  readonly mlp: Mlp<T>;
};

type Merger<T> = { readonly norm: LayerNorm<T> } & Mlp<T>;

/** Names under `model.visual` of a Qwen3-VL checkpoint. */
export type VisionTower<T> = {
  /** weight [W, 3, temporal, patch, patch]: a convolution whose stride is its kernel. */
  readonly patch_embed: { readonly proj: { readonly weight: T; readonly bias: T } };
  readonly pos_embed: Embedding<T>;
  readonly blocks: readonly VisionBlock<T>[];
  readonly merger: Merger<T>;
  readonly deepstack_merger_list?: readonly Merger<T>[];
};

/** Initial parameters of a tower. Positions start as sinusoids: absolute places are there from the first step. */
export function visionTowerSpec(c: VisionConfig): VisionTower<ParameterSpec> {
  const patchSize = 3 * c.temporal * c.patch ** 2;
  const merged = c.width * c.merge ** 2;
  const mergerSpec = (normWidth: number): Merger<ParameterSpec> => ({
    norm: layerNormSpec(normWidth),
    ...mlpSpec(merged, merged, c.outputWidth, 1),
  });
  const residualGain = 1 / Math.sqrt(2 * Math.max(1, c.layers));
  return {
    patch_embed: {
      proj: {
        weight: parameter([c.width, 3, c.temporal, c.patch, c.patch], normal(2 / Math.sqrt(patchSize))),
        bias: parameter([c.width], 'zeros'),
      },
    },
    pos_embed: embeddingSpec(c.positionGrid ** 2, c.width, {
      kind: 'values',
      fill: imageSinusoids(c.positionGrid, c.width, 0.5),
    }),
    blocks: Array.from({ length: c.layers }, () => ({
      norm1: layerNormSpec(c.width),
      norm2: layerNormSpec(c.width),
      attn: {
        qkv: linearSpec(c.width, 3 * c.width, { bias: true }),
        proj: linearSpec(c.width, c.width, { bias: true, gain: residualGain }),
      },
      mlp: mlpSpec(c.width, c.mlpWidth, c.width, residualGain),
    })),
    merger: mergerSpec(c.width),
    ...(c.deepstackLayers.length === 0
      ? {}
      : { deepstack_merger_list: c.deepstackLayers.map(() => mergerSpec(merged)) }),
  };
}

/** One image of the prompt: pixels [B, patches, 3 · temporal · patch²] in merge order, and its grid of merged patches. */
export interface PatchedImage {
  readonly pixels: Value;
  readonly rows: number;
  readonly columns: number;
}

/** Language tokens [B, M, D] of all images one after the other, and the same from each DeepStack layer. */
export interface VisionFeatures {
  readonly tokens: Value;
  readonly deepstack: readonly Value[];
}

/** All images go through the affine maps together; attention stays inside each. */
export function visionTower(p: VisionTower<Value>, images: readonly PatchedImage[], c: VisionConfig): VisionFeatures {
  const patchSize = 3 * c.temporal * c.patch ** 2;
  const counts = images.map((image) => image.rows * image.columns * c.merge ** 2);
  for (const [i, { pixels, rows, columns }] of images.entries()) {
    const expected = [counts[i]!, patchSize];
    if (pixels.shape.slice(1).join() !== expected.join()) {
      throw new VlaError(
        'bad-shape',
        `vision tower: expected patches [B, ${expected.join(', ')}] for ${rows} × ${columns} tokens, got [${pixels.shape.join(', ')}].`,
      );
    }
  }
  const pixels =
    images.length === 1
      ? images[0]!.pixels
      : concat(
          images.map((image) => image.pixels),
          1,
        );
  const { B } = dims(pixels, 'B P C');
  const embed = { weight: reshape(p.patch_embed.proj.weight, [c.width, patchSize]), bias: p.patch_embed.proj.bias };
  let x = add(linear(embed, pixels), positionTable(p.pos_embed, images, c));

  const places = images.map((image) => mergeOrder(image.rows, image.columns, c.merge));
  const tables =
    c.layers === 0
      ? []
      : places.map(({ rows, columns }) =>
          rotaryTable(imageRotaryAngles(rows, columns, c.width / c.heads, c.ropeTheta), B),
        );
  const deepstack: Value[] = [];
  for (const [i, block] of p.blocks.entries()) {
    x = segment(() => {
      const y = add(x, visionAttention(block.attn, layerNorm(block.norm1, x, c.normEpsilon), counts, tables, c.heads));
      return add(
        y,
        mlp(block.mlp, layerNorm(block.norm2, y, c.normEpsilon), (h) => gelu(h, { approximate: 'tanh' })),
      );
    });
    const at = c.deepstackLayers.indexOf(i);
    if (at >= 0) {
      const merger = p.deepstack_merger_list![at]!;
      deepstack.push(merge(merger, layerNorm(merger.norm, groups(x, B, c), c.normEpsilon)));
    }
  }
  return { tokens: merge(p.merger, groups(layerNorm(p.merger.norm, x, c.normEpsilon), B, c)), deepstack };
}

/** [B, P, W] → [B, M, merge² W]. */
function groups(x: Value, B: number, c: VisionConfig): Value {
  const { P, W } = dims(x, 'B P W');
  return reshape(x, [B, P / c.merge ** 2, W * c.merge ** 2]);
}

function merge(p: Merger<Value>, x: Value): Value {
  return mlp(p, x, (h) => gelu(h, { approximate: 'none' }));
}

function visionAttention(
  p: { readonly qkv: Linear<Value>; readonly proj: Linear<Value> },
  x: Value,
  counts: readonly number[],
  tables: readonly RotaryTable[],
  heads: number,
): Value {
  const { B, P, W } = dims(x, 'B P W');
  const qkv = splitHeads(linear(p.qkv, x), 3 * heads);
  const segments = counts.length === 1 ? [qkv] : split(qkv, 2, counts);
  const outputs = segments.map((segment, i) => {
    const count = counts[i]!;
    const part = (from: number, to: number): Value => slice(segment, 1, from * heads, to * heads);
    const turned = applyRotary(part(0, 2), tables[i]!);
    const [q, k] = split(turned, 1, [heads, heads]);
    return reshape(attend(q!, k!, part(2, 3), null), [B, count, W]);
  });
  return linear(p.proj, reshape(outputs.length === 1 ? outputs[0]! : concat(outputs, 1), [B, P, W]));
}

/** The learned positions of all patches, [P, W]: the table, resampled to each image and brought into merge order. */
function positionTable(p: Embedding<Value>, images: readonly PatchedImage[], c: VisionConfig): Value {
  const tables = images.map(({ rows, columns }) => {
    const places = mergeOrder(rows, columns, c.merge);
    const matrix = resampleGrid(places, [rows * c.merge, columns * c.merge], c.positionGrid);
    return f32(matrix, [places.rows.length, c.positionGrid ** 2]);
  });
  const all = f32(
    tables.flatMap((table) => [...table.data]),
    [tables.reduce((sum, table) => sum + table.shape[0]!, 0), c.positionGrid ** 2],
  );
  return matmul(constant(all), p.weight);
}

/** Row and column of each patch of an image of rows × columns merged patches, group after group. */
export function mergeOrder(rows: number, columns: number, merge: number): { rows: number[]; columns: number[] } {
  const out: { rows: number[]; columns: number[] } = { rows: [], columns: [] };
  for (let group = 0; group < rows * columns; group++) {
    for (let inside = 0; inside < merge ** 2; inside++) {
      out.rows.push(Math.floor(group / columns) * merge + Math.floor(inside / merge));
      out.columns.push((group % columns) * merge + (inside % merge));
    }
  }
  return out;
}
