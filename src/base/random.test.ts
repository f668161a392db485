/** @file Random numbers: the published Philox vectors, independence of paths, and the moments of each distribution. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { philox, Random } from './random.ts';

test('Philox4x32-10 gives the known answers of Random123', () => {
  const cases = [
    ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ];
  const words = (text: string): number[] => text.split(' ').map((word) => Number.parseInt(word, 16));
  for (const [counter, key, expected] of cases) {
    const out = new Uint32Array(4);
    const [key0, key1] = words(key!);
    philox(Uint32Array.from(words(counter!)), key0!, key1!, out);
    assert.deepEqual([...out], words(expected!));
  }
});

test('the same path repeats, another path differs, and seeds beyond 32 bits count', () => {
  const draw = (...path: [number, ...number[]]): number[] => {
    const random = new Random(...path);
    return Array.from({ length: 9 }, () => random.bits());
  };
  assert.deepEqual(draw(1, 2, 3), draw(1, 2, 3));
  const paths: [number, ...number[]][] = [[1], [1, 0], [0, 1], [1, 2], [2, 1], [1, 2, 0], [1, -1], [1 + 2 ** 32]];
  const streams = paths.map((path) => draw(...path).join());
  assert.equal(new Set(streams).size, paths.length);
});

test('distributions have their moments', () => {
  const count = 100_000;
  const moments = (draw: (random: Random) => number): [mean: number, variance: number] => {
    const random = new Random(7);
    const values = Array.from({ length: count }, () => draw(random));
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count];
  };
  const cases: [(random: Random) => number, mean: number, variance: number][] = [
    [(r) => r.uniform(), 1 / 2, 1 / 12],
    [(r) => r.range(-2, 4), 1, 3],
    [(r) => r.integer(10), 4.5, 99 / 12],
    [(r) => r.normal(), 0, 1],
    [(r) => r.gamma(2.5), 2.5, 2.5],
    [(r) => r.gamma(0.5), 0.5, 0.5],
    [(r) => r.beta(1.5, 1), 0.6, 1.5 / (2.5 ** 2 * 3.5)],
  ];
  for (const [draw, mean, variance] of cases) {
    const [gotMean, gotVariance] = moments(draw);
    // Five standard errors of the mean; the variance within 5 %.
    assert.ok(Math.abs(gotMean - mean) < 5 * Math.sqrt(variance / count), `${draw}: mean ${gotMean}, not ${mean}`);
    assert.ok(Math.abs(gotVariance / variance - 1) < 0.05, `${draw}: variance ${gotVariance}, not ${variance}`);
  }
});

test('a shuffle keeps every element and moves them', () => {
  const items = Array.from({ length: 50 }, (_, i) => i);
  const shuffled = new Random(3).shuffle(items);
  assert.notDeepEqual(shuffled, items);
  assert.deepEqual(
    [...shuffled].sort((a, b) => a - b),
    items,
  );
});
