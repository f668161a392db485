/** @file DM0's vision tower against the official code, its published size, and images of several sizes in one call. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { Random } from '../../base/random.ts';
import { f32, zeros, type Tensor } from '../../base/tensor.ts';
import { createSession, input, output, slice, trace } from '../../engine/index.ts';
import { linear, linearSpec } from '../../nn/linear.ts';
import { asInputs, countParameters, flatten, materialise, pickTensors } from '../../nn/parameters.ts';
import { peTokenWidth, peVisionTower, peVisionTowerSpec, type PeVisionConfig } from './pe-vision-tower.ts';

const golden = goldenTensors('dm0');
const config: PeVisionConfig = {
  patch: 2,
  merge: 4,
  width: 16,
  layers: 2,
  heads: 2,
  mlpWidth: 24,
  positionGrid: 8,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  layerScale: 0.1,
};
const towerSpec = (c: PeVisionConfig) => ({
  mm_vision_tower: { vision_tower: peVisionTowerSpec(c) },
  mm_projector: linearSpec(peTokenWidth(c), 16, { bias: false }),
});
const weights = Object.fromEntries(flatten<Tensor>(pickTensors({ model: towerSpec(config) }, golden)));

test('features are those of the official tower, also on an image smaller than its table of positions', async () => {
  const graph = trace(() => {
    const { model } = asInputs({ model: towerSpec(config) });
    const image = (name: string, side: number) => ({
      pixels: input(name, 'f32', golden[`io.${name}`]!.shape),
      rows: side,
      columns: side,
    });
    const images = [image('front', 2), image('smaller', 1), image('wrist', 2)];
    const tokens = peVisionTower(model.mm_vision_tower.vision_tower, images, config);
    output('tokens', linear(model.mm_projector, tokens));
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  const images = Object.fromEntries(['front', 'smaller', 'wrist'].map((name) => [name, golden[`io.${name}`]!]));
  const { tokens } = await session.run({ ...weights, ...images });
  await session.close();
  // Ours are front, smaller, wrist; the official features are front, wrist.
  const rows = (tensor: Tensor, places: readonly number[]): Tensor => {
    const [B, M, D] = tensor.shape as [number, number, number];
    const data = tensor.data as Float32Array;
    const at = (b: number, place: number) => [...data.subarray((b * M + place) * D, (b * M + place + 1) * D)];
    return f32(Array.from({ length: B }, (_, b) => places.flatMap((place) => at(b, place))).flat(), [
      B,
      places.length,
      D,
    ]);
  };
  assert.ok(largestDifference(rows(tokens!, [0, 1, 2, 3, 5, 6, 7, 8]), golden['io.features']!) < 2e-5);
  assert.ok(largestDifference(rows(tokens!, [4]), golden['io.small']!) < 2e-5);
});

test('the published tower has 387,513,344 parameters, 169 tokens an image', () => {
  const published = {
    ...config,
    patch: 14,
    width: 1024,
    layers: 23,
    heads: 16,
    mlpWidth: 4096,
    positionGrid: 52,
  } satisfies PeVisionConfig;
  assert.equal(countParameters(peVisionTowerSpec(published)), 387_513_344);
  assert.equal(peTokenWidth(published), 4096);
  assert.equal((728 / (published.patch * published.merge)) ** 2, 169);
});

test('with groups of two patches one convolution halves an oblong grid', async () => {
  const c: PeVisionConfig = { ...config, merge: 2 };
  const spec = peVisionTowerSpec(c);
  assert.equal(spec.vit_downsampler2, undefined);
  const graph = trace(() => {
    const pixels = input('pixels', 'f32', [1, 24, 12]);
    const tokens = peVisionTower(asInputs(spec), [{ pixels, rows: 2, columns: 3 }], c);
    output('tokens', tokens);
    output('last', slice(tokens, 1, 5, 6));
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  const tensors = Object.fromEntries(flatten<Tensor>(materialise(spec, new Random(1))));
  const pixels = zeros('f32', [1, 24, 12]);
  const before = await session.run({ ...tensors, pixels });
  assert.deepEqual(before['tokens']!.shape, [1, 6, 32]);
  // The last group of four patches is the last token's: its features move most.
  pixels.data.fill(1, 20 * 12);
  const after = await session.run({ ...tensors, pixels });
  await session.close();
  const moved = Array.from({ length: 6 }, (_, token) => {
    const row = (tensor: Tensor) => (tensor.data as Float32Array).subarray(token * 32, (token + 1) * 32);
    return Math.hypot(...row(after['tokens']!).map((value, i) => value - row(before['tokens']!)[i]!));
  });
  assert.equal(moved.indexOf(Math.max(...moved)), 5);
});

test('pixels that do not fit the grid are refused', () => {
  const wrong = () =>
    trace(() => {
      const pixels = input('pixels', 'f32', [1, 63, 12]);
      peVisionTower(asInputs(peVisionTowerSpec(config)), [{ pixels, rows: 2, columns: 2 }], config);
    });
  assert.throws(wrong, { code: 'bad-shape', message: /\[B, 64, 12\]/ });
});
