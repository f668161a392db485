/** @file Patches: Qwen3-VL's order, the way back, shifts and colour tables. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../base/random.ts';
import { NO_AUGMENTATION, drawAugmentation, type Augmentation } from './augment.ts';
import { createPatchWriter, imageFromPatches, mergedGrid, patchCount, patchSize, type PatchLayout } from './patches.ts';

const layout: PatchLayout = { width: 8, height: 4, patch: 1, merge: 2, temporal: 1 };

function write(layout: PatchLayout, source: Uint8Array, draw = NO_AUGMENTATION): Float32Array {
  const out = new Float32Array(patchCount(layout) * patchSize(layout));
  createPatchWriter(layout, 'camera')(source, draw, out, 0);
  return out;
}

function randomImage(layout: PatchLayout, seed: number): Uint8Array {
  const random = new Random(seed);
  return new Uint8Array(layout.width * layout.height * 3).map(() => random.integer(256));
}

test('each merge group is contiguous, groups and patches run row by row', () => {
  const source = new Uint8Array(8 * 4 * 3);
  for (let i = 0; i < 32; i++) source.fill(i, 3 * i, 3 * i + 3);
  const order = [...write(layout, source)]
    .filter((_, i) => i % 3 === 0)
    .map((value) => Math.round((value + 1) * 127.5));
  const groups = [
    [0, 1, 8, 9],
    [2, 3, 10, 11],
    [4, 5, 12, 13],
    [6, 7, 14, 15],
    [16, 17, 24, 25],
    [18, 19, 26, 27],
    [20, 21, 28, 29],
    [22, 23, 30, 31],
  ];
  assert.deepEqual(order, groups.flat());
  assert.deepEqual(mergedGrid(layout), [2, 4]);
});

test('inside a patch: channel, instant, row, column', () => {
  const source = Uint8Array.from({ length: 12 }, (_, i) => i);
  const values = [...write({ width: 2, height: 2, patch: 2, merge: 1, temporal: 2 }, source)];
  const bytes = values.map((value) => Math.round((value + 1) * 127.5));
  assert.deepEqual(bytes, [0, 3, 6, 9, 0, 3, 6, 9, 1, 4, 7, 10, 1, 4, 7, 10, 2, 5, 8, 11, 2, 5, 8, 11]);
});

test('values are x / 127.5 − 1 and images come back', () => {
  for (const [i, shape] of [layout, { width: 24, height: 16, patch: 4, merge: 2, temporal: 2 }].entries()) {
    const source = randomImage(shape, i);
    assert.deepEqual(imageFromPatches(write(shape, source), shape), source);
  }
  const plain = { width: 1, height: 1, patch: 1, merge: 1, temporal: 1 };
  assert.deepEqual(write(plain, Uint8Array.of(0, 255, 51)), Float32Array.of(-1, 1, 51 / 127.5 - 1));
});

test('an image that cannot be cut evenly is refused', () => {
  assert.throws(() => createPatchWriter({ ...layout, width: 7 }, 'camera "wrist"'), {
    code: 'bad-argument',
    message: 'camera "wrist": expected width and height divisible by patch × merge = 2, got 7×4.',
  });
});

const OFF: Augmentation = { shiftPixels: 0, brightness: 0, contrast: 0, channelGain: 0, saturation: 0 };

test('augmentation without any strength changes nothing', () => {
  const source = randomImage(layout, 5);
  const draw = drawAugmentation(OFF, new Random(1), new Float32Array(768));
  const [plain, drawn] = [write(layout, source), write(layout, source, draw)];
  // The same to one unit in the last place: the table is computed in another order.
  assert.ok(plain.every((value, i) => Math.abs(value - drawn[i]!) < 1e-6));
});

test('a shift shows the neighbours and repeats the border', () => {
  const source = new Uint8Array(8 * 4 * 3);
  for (let i = 0; i < 32; i++) source.fill(i, 3 * i, 3 * i + 3);
  const shifted = imageFromPatches(write(layout, source, { ...NO_AUGMENTATION, shiftX: 2, shiftY: -1 }), layout);
  const reds = [...shifted].filter((_, i) => i % 3 === 0);
  assert.deepEqual(reds.slice(0, 8), [2, 3, 4, 5, 6, 7, 7, 7]);
  assert.deepEqual(reds.slice(8, 16), [2, 3, 4, 5, 6, 7, 7, 7]);
  assert.deepEqual(reds.slice(24), [18, 19, 20, 21, 22, 23, 23, 23]);
});

test('draws are repeatable, within their limits, and cover both signs', () => {
  const limits: Augmentation = { shiftPixels: 2, brightness: 0.2, contrast: 0.3, channelGain: 0.1, saturation: 0.4 };
  const seen = new Set<string>();
  for (let sample = 0; sample < 200; sample++) {
    const draw = drawAugmentation(limits, new Random(1, sample), new Float32Array(768));
    assert.deepEqual(drawAugmentation(limits, new Random(1, sample), new Float32Array(768)), draw);
    assert.ok(Math.abs(draw.shiftX) <= 2 && Math.abs(draw.shiftY) <= 2);
    assert.ok(draw.saturation >= 0.6 && draw.saturation <= 1.4);
    assert.ok(
      draw.table.every((value, i) => value >= -1 && value <= 1 && (i % 256 === 0 || value >= draw.table[i - 1]!)),
    );
    seen.add(`${draw.shiftX},${draw.shiftY}`);
    const values = write(layout, randomImage(layout, sample), draw);
    assert.ok(values.every((value) => value >= -1 && value <= 1));
  }
  assert.equal(seen.size, 25);
});

test('no saturation leaves grey', () => {
  const grey = write(layout, randomImage(layout, 9), { ...NO_AUGMENTATION, saturation: 0 });
  for (let i = 0; i < grey.length; i += 3) {
    assert.ok(Math.abs(grey[i]! - grey[i + 1]!) < 1e-6 && Math.abs(grey[i]! - grey[i + 2]!) < 1e-6);
  }
});
