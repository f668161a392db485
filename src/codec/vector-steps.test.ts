/** @file State and action steps: every kind both ways, random lists of them, and what is refused. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../base/random.ts';
import type { Reference } from './delta.ts';
import type { Normalisation, NormalisationStatistics } from './normalise.ts';
import { createVectorCodec, type VectorStep } from './vector-steps.ts';

const statistics: NormalisationStatistics = {
  min: [-2, 0, 5, -1],
  max: [2, 10, 5, 1],
  mean: [0.5, 4, 5, -0.9],
  std: [0.5, 2, 0, 0.1],
  q01: [-1, 1, 5, -1],
  q99: [1, 9, 5, -1],
};
const names = ['x', 'y', 'fixed', 'gripper'];
const none: number[] = [];

/** Encodes and decodes with one normalisation only. */
function normalising(normalisation: Normalisation, values: number[]): { encoded: number[]; decoded: number[] } {
  const codec = createVectorCodec(names, [{ kind: 'normalise', normalisation }], 'state');
  const encoded = codec.encode(values, none, 'state');
  return { encoded: [...encoded], decoded: [...codec.decode(encoded, none, 'state')] };
}

test('quantiles go to −1 and 1, a constant to 0, a rare gripper by its extremes', () => {
  const style = { kind: 'quantile', epsilon: 0, smallestRange: 0, statistics } as const;
  assert.deepEqual(normalising(style, [-1, 9, 5, 1]).encoded, [-1, 1, 0, 1]);
  assert.deepEqual(normalising(style, [0, 5, 5, -1]).encoded, [0, 0, 0, -1]);
  // A constant dimension is decoded to its constant whatever the network says.
  assert.deepEqual(normalising(style, [3, 5, 6, 0]).decoded, [3, 5, 5, 0]);
});

test('the quantile formula is that of the published systems, epsilon included', () => {
  const epsilon = 1e-3;
  const { encoded } = normalising({ kind: 'quantile', epsilon, smallestRange: 0, statistics }, [0.3, 2, 5, -1]);
  assert.ok(Math.abs(encoded[0]! - (((0.3 + 1) / (2 + epsilon)) * 2 - 1)) < 1e-15);
  assert.ok(Math.abs(encoded[1]! - (((2 - 1) / (8 + epsilon)) * 2 - 1)) < 1e-15);
});

test('min-max and mean-std', () => {
  const style = { kind: 'min-max', epsilon: 0, smallestRange: 0, statistics } as const;
  assert.deepEqual(normalising(style, [2, 0, 5, 0]).encoded, [1, -1, 0, 0]);
  assert.deepEqual(normalising({ kind: 'mean-std', epsilon: 0, statistics }, [1, 0, 5, -0.9]).encoded, [1, -2, 0, 0]);
  assert.deepEqual(normalising({ kind: 'identity' }, [1, 2, 3, 4]).encoded, [1, 2, 3, 4]);
});

test('statistics of single steps normalise each step by its own', () => {
  const random = new Random(8);
  const numbers = (count: number, low: number): number[] =>
    Array.from({ length: count }, () => random.range(low, low + 2));
  const [mean, std] = [[0, 1, 2].map(() => numbers(4, -1)), [0, 1, 2].map(() => numbers(4, 0.1))];
  const normalisation: Normalisation = { kind: 'mean-std-by-step', epsilon: 1e-6, mean, std };
  const codec = createVectorCodec(names, [{ kind: 'normalise', normalisation }], 'action');
  for (const steps of [1, 2, 3]) {
    const values = numbers(4 * steps, -3);
    const encoded = codec.encode(values, none, 'action');
    encoded.forEach((value, i) => {
      const [step, d] = [Math.floor(i / 4), i % 4];
      const expected = (values[i]! - mean[step]![d]!) / (std[step]![d]! + 1e-6);
      assert.ok(Math.abs(value - expected) < 1e-12);
    });
    codec.decode(encoded, none, 'action').forEach((value, i) => assert.ok(Math.abs(value - values[i]!) < 1e-12));
  }
  assert.throws(() => codec.encode(numbers(16, 0), none, 'action'), {
    code: 'bad-shape',
    message: 'action: expected at most 3 steps (as many as have statistics), got 4.',
  });
  assert.throws(() => normalising({ ...normalisation, std: std.slice(1) }, []), { code: 'bad-data' });
  assert.throws(() => normalising({ ...normalisation, mean: [[1, 2], ...mean.slice(1)] }, []), {
    message: 'state normalisation, step 0: expected 4 values of "mean", got 2.',
  });
});

test('a range below the smallest is widened about its middle', () => {
  const style = { kind: 'quantile', epsilon: 0, smallestRange: 4, statistics } as const;
  assert.deepEqual(normalising(style, [1, 9, 5, 1]).encoded, [0.5, 1, 0, 0.5]);
});

test('statistics of another length or with NaN are refused', () => {
  const style = { kind: 'quantile', epsilon: 0, smallestRange: 0 } as const;
  assert.throws(() => normalising({ ...style, statistics: { ...statistics, q99: [1] } }, []), {
    code: 'bad-data',
    message: 'state normalisation: expected 4 values of "q99", got 1.',
  });
  assert.throws(() => normalising({ ...style, statistics: { ...statistics, std: [0, NaN, 0, 0] } }, []), {
    code: 'not-finite',
    message: 'state normalisation: expected a finite "std", got NaN at index 1.',
  });
});

test('the three references of a chunk', () => {
  const encode = (from: Reference, to: Reference, actions: number[], period: (number | null)[] | null = null) => {
    const change = { from, to, stateIndex: [1, null], period };
    const codec = createVectorCodec(['joint', 'grip'], [{ kind: 'reference', change }], 'action');
    const encoded = codec.encode(actions, [9, 10], 'action');
    assert.deepEqual([...codec.decode(encoded, [9, 10], 'action')], actions);
    return [...encoded];
  };
  const absolute = [11, 1, 13, 0, 12, 1];
  assert.deepEqual(encode('absolute', 'delta', absolute), [1, 1, 2, 0, -1, 1]);
  assert.deepEqual(encode('absolute', 'relative-to-chunk-start', absolute), [1, 1, 3, 0, 2, 1]);
  assert.deepEqual(encode('delta', 'relative-to-chunk-start', [1, 1, 2, 0, -1, 1]), [1, 1, 3, 0, 2, 1]);
  assert.deepEqual(encode('relative-to-chunk-start', 'absolute', [1, 1, 3, 0, 2, 1]), absolute);
  assert.deepEqual(encode('absolute', 'absolute', absolute), absolute);
});

test('a joint that wraps goes the short way', () => {
  const change = { from: 'absolute', to: 'delta', stateIndex: [0], period: [360] } as const;
  const codec = createVectorCodec(['angle'], [{ kind: 'reference', change }], 'action');
  const encoded = codec.encode([170, -170], [179], 'action');
  assert.deepEqual([...encoded], [-9, 20]);
  // The same angles, not wrapped back: 190° is −170°.
  assert.deepEqual([...codec.decode(encoded, [179], 'action')], [170, 190]);
});

test('padding has a mask and may have slots', () => {
  const leading = createVectorCodec(['a', 'b'], [{ kind: 'pad', size: 4, slots: null }], 'state');
  assert.deepEqual([...leading.mask], [1, 1, 0, 0]);
  assert.deepEqual([...leading.encode([1, 2, 3, 4], none, 'state')], [1, 2, 0, 0, 3, 4, 0, 0]);
  const placed = createVectorCodec(['a', 'b'], [{ kind: 'pad', size: 4, slots: [3, 1] }], 'state');
  assert.deepEqual([...placed.mask], [0, 1, 0, 1]);
  assert.deepEqual([...placed.encode([1, 2], none, 'state')], [0, 2, 0, 1]);
  assert.deepEqual([...placed.decode([9, 2, 9, 1], none, 'state')], [1, 2]);
  for (const slots of [[0, 0], [0, 4], [0]]) {
    assert.throws(() => createVectorCodec(['a', 'b'], [{ kind: 'pad', size: 4, slots }], 'state'), {
      code: 'bad-argument',
    });
  }
  assert.throws(() => createVectorCodec(names, [{ kind: 'pad', size: 3, slots: null }], 'state'), {
    message: 'state: expected 4 different slots below 3, got [0, 1, 2, 3].',
  });
});

test('outliers are clamped on the way in, commands are limited on the way out', () => {
  const steps: VectorStep[] = [
    { kind: 'limit', low: [-1], high: [1] },
    { kind: 'clamp', limit: 15 },
  ];
  const codec = createVectorCodec(['a'], steps, 'action');
  assert.deepEqual([...codec.encode([-40, 3, 20], none, 'action')], [-15, 3, 15]);
  assert.deepEqual([...codec.decode([-7, 0.5, 2], none, 'action')], [-1, 0.5, 1]);
});

test('NaN and infinity are refused by index, name and row, both ways', () => {
  const steps: VectorStep[] = [{ kind: 'pad', size: 6, slots: null }];
  const codec = createVectorCodec(names, steps, 'action');
  assert.throws(() => codec.encode([0, NaN, 0, 0], none, 'state'), {
    code: 'not-finite',
    message: 'state: expected finite numbers, got NaN at index 1 (y).',
  });
  const chunk = new Float32Array(8);
  chunk[7] = -Infinity;
  assert.throws(() => codec.encode(chunk, none, 'action'), {
    message: 'action: expected finite numbers, got -Infinity at index 3 (gripper) of row 1.',
  });
  const encoded = new Float32Array(12);
  encoded[10] = NaN;
  assert.throws(() => codec.decode(encoded, none, 'decoded action'), {
    code: 'not-finite',
    message: 'decoded action: expected finite numbers, got NaN at index 4 (padding 4) of row 1.',
  });
});

test('a step for another number of dimensions is refused', () => {
  assert.throws(() => createVectorCodec(['a'], [{ kind: 'limit', low: [0, 0], high: [1] }], 'action'), {
    message: 'action: limit low: expected 1 values, got 2.',
  });
});

test('decoding undoes encoding, for random lists of steps, statistics and chunks', () => {
  const references: Reference[] = ['absolute', 'delta', 'relative-to-chunk-start'];
  for (let trial = 0; trial < 300; trial++) {
    const random = new Random(11, trial);
    const dim = 1 + random.integer(12);
    const rows = 1 + random.integer(16);
    const numbers = (low: number, high: number): number[] => Array.from({ length: dim }, () => random.range(low, high));
    const q01 = numbers(-3, 0);
    const q99 = q01.map((low) => low + random.range(0.05, 4));
    const spread = { min: q01, max: q99, q01, q99, mean: numbers(-1, 1), std: numbers(0.01, 2) };
    const normalisation: Normalisation = random.pick<Normalisation>([
      { kind: 'quantile', epsilon: 1e-8, smallestRange: 0.1, statistics: spread },
      { kind: 'min-max', epsilon: 1e-6, smallestRange: 0, statistics: spread },
      { kind: 'mean-std', epsilon: 1e-6, statistics: spread },
      { kind: 'identity' },
    ]);
    const size = dim + random.integer(20);
    const slots = random.shuffle(Array.from({ length: size }, (_, i) => i)).slice(0, dim);
    const stateIndex = numbers(0, 1).map((chance) => (chance < 0.3 ? null : random.integer(dim)));
    const steps: VectorStep[] = [
      { kind: 'limit', low: numbers(-1e3, -1e3), high: numbers(1e3, 1e3) },
      {
        kind: 'reference',
        change: { from: random.pick(references), to: random.pick(references), stateIndex, period: null },
      },
      { kind: 'normalise', normalisation },
      { kind: 'clamp', limit: 1e6 },
      { kind: 'pad', size, slots: trial % 2 === 0 ? slots : null },
    ];
    const codec = createVectorCodec(
      numbers(0, 1).map((_, i) => `d${i}`),
      steps,
      'action',
    );
    const state = numbers(-2, 2);
    const chunk = Float32Array.from({ length: rows * dim }, () => random.range(-5, 5));
    // As in training and serving, what the network sees and says is float32.
    const encoded = Float32Array.from(codec.encode(chunk, state, 'action'));
    assert.equal(encoded.length, rows * codec.encodedDim);
    const decoded = codec.decode(encoded, state, 'action');
    const worst = Math.max(...chunk.map((value, i) => Math.abs(value - decoded[i]!)));
    assert.ok(worst < 1e-4, `trial ${trial}: off by ${worst}`);
    for (let i = 0; i < encoded.length; i++) if (codec.mask[i % codec.encodedDim] === 0) assert.equal(encoded[i], 0);
  }
});
