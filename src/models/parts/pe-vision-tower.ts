/**
 * @file Perception Encoder's language-aligned tower (Bolya et al. 2025, PE-Lang) as DM0 uses it: patches and a class token
 * through pre-norm blocks with LayerScale and 2-D rotary attention, then stride-2 convolutions that halve the grid until
 * merge × merge patches are one token. The class token is dropped; there is no final norm.
 *
 * Axes: B batch, P patches, T = 1 + P, W width of the tower, M tokens = P / merge², h heads, d features of a head.
 */

import { VlaError } from '../../base/errors.ts';
import { f32 } from '../../base/tensor.ts';
import {
  add,
  concat,
  constant,
  conv2d,
  dims,
  expand,
  gelu,
  linear as affine,
  matmul,
  mul,
  reshape,
  segment,
  slice,
  split,
  transpose,
  type Value,
} from '../../engine/index.ts';
import { attend, splitHeads } from '../../nn/attention.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { layerNorm, layerNormSpec, type LayerNorm } from '../../nn/norm.ts';
import { normal, parameter, type ParameterSpec } from '../../nn/parameters.ts';
import { applyRotary, imageRotaryAngles, rotaryTable, type RotaryTable } from '../../nn/rotary.ts';
import { imageSinusoids, resampleGrid } from './position-grid.ts';
import type { PatchedImage } from './vision-tower.ts';

/** Sizes; widths in features, patch in pixels. */
export interface PeVisionConfig {
  readonly patch: number;
  /** Side of a token in patches: 4 has two downsampling convolutions as DM0, 2 has one. */
  readonly merge: 2 | 4;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly mlpWidth: number;
  /** Side of the square table of learned positions, which is resampled to images of another size. */
  readonly positionGrid: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  /** What LayerScale starts with. */
  readonly layerScale: number;
}

type PeBlock<T> = {
  readonly ln_1: LayerNorm<T>;
  /** Queries, keys and values in one map: in_proj_weight [3W, W]. */
  readonly attn: { readonly in_proj_weight: T; readonly in_proj_bias: T; readonly out_proj: Linear<T> };
  readonly ls_1: { readonly gamma: T };
  readonly ln_2: LayerNorm<T>;
  readonly mlp: { readonly c_fc: Linear<T>; readonly c_proj: Linear<T> };
  readonly ls_2: { readonly gamma: T };
};

/** A 3 × 3 convolution: weight [out, in, 3, 3], bias [out]. */
type Convolution<T> = { readonly weight: T; readonly bias: T };

/** Names under `model.mm_vision_tower.vision_tower` of a DM0 checkpoint. */
export type PeVisionTower<T> = {
  readonly class_embedding: T;
  /** [1 + positionGrid², W]; the first row is the class token's. */
  readonly positional_embedding: T;
  /** weight [W, 3, patch, patch]. */
  readonly conv1: { readonly weight: T };
  readonly ln_pre: LayerNorm<T>;
  readonly transformer: { readonly resblocks: readonly PeBlock<T>[] };
  readonly vit_downsampler1: Convolution<T>;
  readonly vit_downsampler2?: Convolution<T>;
};

/** The width of the tower's tokens: each convolution doubles it. */
export const peTokenWidth = (c: PeVisionConfig): number => c.width * c.merge;

/** Initial parameters. Positions start as sinusoids: absolute places are there from the first step. */
export function peVisionTowerSpec(c: PeVisionConfig): PeVisionTower<ParameterSpec> {
  const W = c.width;
  const sinusoids = imageSinusoids(c.positionGrid, W, 0.5);
  return {
    class_embedding: parameter([W], normal(W ** -0.5)),
    positional_embedding: parameter([1 + c.positionGrid ** 2, W], {
      kind: 'values',
      fill: (i) => (i < W ? 0 : sinusoids(i - W)),
    }),
    conv1: { weight: parameter([W, 3, c.patch, c.patch], normal(2 / Math.sqrt(3 * c.patch ** 2))) },
    ln_pre: layerNormSpec(W),
    transformer: { resblocks: Array.from({ length: c.layers }, () => blockSpec(c)) },
    vit_downsampler1: convolutionSpec(W),
    ...(c.merge === 4 ? { vit_downsampler2: convolutionSpec(2 * W) } : {}),
  };
}

function blockSpec(c: PeVisionConfig): PeBlock<ParameterSpec> {
  const W = c.width;
  const scale = () => ({ gamma: parameter([W], { kind: 'values', fill: () => c.layerScale }) });
  return {
    ln_1: layerNormSpec(W),
    attn: {
      in_proj_weight: parameter([3 * W, W], normal(1 / Math.sqrt(W))),
      in_proj_bias: parameter([3 * W], 'zeros'),
      out_proj: linearSpec(W, W, { bias: true }),
    },
    ls_1: scale(),
    ln_2: layerNormSpec(W),
    mlp: { c_fc: linearSpec(W, c.mlpWidth, { bias: true }), c_proj: linearSpec(c.mlpWidth, W, { bias: true }) },
    ls_2: scale(),
  };
}

function convolutionSpec(width: number): Convolution<ParameterSpec> {
  return {
    weight: parameter([2 * width, width, 3, 3], normal(1 / Math.sqrt(9 * width))),
    bias: parameter([2 * width], 'zeros'),
  };
}

/**
 * Tokens [B, M, merge · W] of all images one after the other, each row by row. Pixels are [B, P, 3 · patch²] in merge order;
 * images of one size go through the tower as one batch.
 */
export function peVisionTower(p: PeVisionTower<Value>, images: readonly PatchedImage[], c: PeVisionConfig): Value {
  const tokens: Value[] = [];
  const size = ({ rows, columns }: PatchedImage): string => `${rows} × ${columns}`;
  for (const one of new Set(images.map(size))) {
    const same = images.flatMap((image, at) => (size(image) === one ? [{ ...image, at }] : []));
    for (const image of same) requirePatches(image, c);
    const { rows, columns, pixels } = same[0]!;
    const stacked = concat(
      same.map((image) => image.pixels),
      0,
    );
    const encoded = encode(p, stacked, rows, columns, c);
    const parts = split(encoded, 0, Array<number>(same.length).fill(dims(pixels, 'B P C').B));
    for (const [i, { at }] of same.entries()) tokens[at] = parts[i]!;
  }
  return concat(tokens, 1);
}

function requirePatches({ pixels, rows, columns }: PatchedImage, c: PeVisionConfig): void {
  const expected = [rows * columns * c.merge ** 2, 3 * c.patch ** 2];
  if (pixels.shape.slice(1).join() === expected.join()) return;
  throw new VlaError(
    'bad-shape',
    `vision tower: expected patches [B, ${expected.join(', ')}] for ${rows} × ${columns} tokens, got [${pixels.shape.join(', ')}].`,
  );
}

/** Images of rows × columns tokens → [B, M, merge · W]. */
function encode(p: PeVisionTower<Value>, pixels: Value, rows: number, columns: number, c: PeVisionConfig): Value {
  const { B, P } = dims(pixels, 'B P C');
  const W = c.width;
  const grid = [rows * c.merge, columns * c.merge] as const;
  const patches = affine(rowMajor(pixels, rows, columns, c.merge), reshape(p.conv1.weight, [W, -1]));
  const first = expand(reshape(p.class_embedding, [1, 1, W]), [B, 1, W]);
  let x = layerNorm(
    p.ln_pre,
    add(concat([first, patches], 1), positions(p.positional_embedding, grid, c)),
    c.normEpsilon,
  );
  const rotary = rotaryTable(peAngles(grid, W / c.heads, c.ropeTheta), B);
  for (const block of p.transformer.resblocks) x = segment(() => peBlock(block, x, rotary, c));
  x = reshape(transpose(slice(x, 1, 1, P + 1), [0, 2, 1]), [B, W, ...grid]);
  for (const { weight, bias } of [p.vit_downsampler1, p.vit_downsampler2].filter((conv) => conv !== undefined)) {
    x = conv2d(x, weight, bias, { stride: 2, padding: 1 });
  }
  return transpose(reshape(x, [B, peTokenWidth(c), rows * columns]), [0, 2, 1]);
}

/** Patches in merge order [B, P, C] → row by row. */
function rowMajor(x: Value, rows: number, columns: number, merge: number): Value {
  const { B, P, C } = dims(x, 'B P C');
  const groups = reshape(x, [B * rows, columns, merge, merge * C]);
  return reshape(transpose(groups, [0, 2, 1, 3]), [B, P, C]);
}

/** Learned positions of the class token and the patches, [1 + P, W]: bilinear where the image is not as large as the table. */
function positions(table: Value, grid: readonly [rows: number, columns: number], c: PeVisionConfig): Value {
  const side = c.positionGrid;
  if (grid[0] === side && grid[1] === side) return table;
  const [first, patches] = split(table, 0, [1, side ** 2]);
  const matrix = resampleGrid(places(grid), grid, side, 'pixel-centres');
  return concat([first!, matmul(constant(f32(matrix, [grid[0] * grid[1], side ** 2])), patches!)], 0);
}

/** Angles [1 + P][d/2]: none for the class token; in a patch's first half the column turns, in the second the row, both from 1. */
function peAngles(grid: readonly [rows: number, columns: number], d: number, theta: number): number[][] {
  const from1 = (index: number): number => index + 1;
  const { rows, columns } = places(grid);
  const angles = imageRotaryAngles(columns.map(from1), rows.map(from1), d, theta);
  return [Array<number>(d / 2).fill(0), ...angles.map((row) => [...row])];
}

function places([rows, columns]: readonly [rows: number, columns: number]): { rows: number[]; columns: number[] } {
  const cells = Array.from({ length: rows * columns }, (_, i) => i);
  return { rows: cells.map((i) => Math.floor(i / columns)), columns: cells.map((i) => i % columns) };
}

function peBlock(p: PeBlock<Value>, x: Value, rotary: RotaryTable, c: PeVisionConfig): Value {
  const attended = add(x, mul(peAttention(p.attn, layerNorm(p.ln_1, x, c.normEpsilon), rotary, c.heads), p.ls_1.gamma));
  const inner = gelu(linear(p.mlp.c_fc, layerNorm(p.ln_2, attended, c.normEpsilon)), { approximate: 'none' });
  return add(attended, mul(linear(p.mlp.c_proj, inner), p.ls_2.gamma));
}

function peAttention(p: PeBlock<Value>['attn'], x: Value, rotary: RotaryTable, heads: number): Value {
  const { W } = dims(x, 'B T W');
  const [turning, values] = split(affine(x, p.in_proj_weight, p.in_proj_bias), 2, [2 * W, W]);
  const [q, k] = split(applyRotary(pairedHeads(turning!, 2 * heads), rotary), 1, [heads, heads]);
  return linear(p.out_proj, attend(q!, k!, splitHeads(values!, heads), null));
}

/**
 * [B, T, h · d] → [B, h, T, d] with features 0, 2, 4 … before 1, 3, 5 …: the tower turns neighbours (2i, 2i + 1), our rotary
 * turns (i, i + d/2). Scores do not change where queries and keys change alike.
 */
function pairedHeads(x: Value, heads: number): Value {
  const { B, T, D } = dims(x, 'B T D');
  const d = D / heads;
  return reshape(transpose(reshape(x, [B, T, heads, d / 2, 2]), [0, 2, 1, 4, 3]), [B, heads, T, d]);
}
