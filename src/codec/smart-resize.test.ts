/** @file Smart resize: known sizes, limits and halves; the grid of sizes against Python is in tests/codec-replay.test.ts. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { QWEN3_VL_LIMITS, XR0_LIMITS } from './published-images.ts';
import { smartResize } from './smart-resize.ts';

const size = (width: number, height: number, limits = QWEN3_VL_LIMITS): string => {
  const { width: w, height: h } = smartResize(width, height, limits);
  return `${w}×${h}`;
};

test('sides become whole multiples, halves go to the even one', () => {
  assert.equal(size(640, 480), '640×480');
  assert.equal(size(1920, 1080), '1920×1088');
  assert.equal(size(304, 336), '320×320');
});

test('areas stay within the limits', () => {
  assert.equal(size(224, 224), '256×256');
  assert.equal(size(640, 480, XR0_LIMITS), '320×256');
  assert.equal(size(256, 256, XR0_LIMITS), '256×256');
});

test('images without pixels and very long ones are refused', () => {
  assert.throws(() => size(0, 4), { code: 'bad-argument', message: /at least 1×1 .*got 0×4/ });
  assert.throws(() => size(201, 1), { code: 'bad-argument', message: /at most 200 times as long as wide, got 201×1/ });
  assert.equal(size(200, 1), '3648×32');
});
