/** @file Jerk and seams of runs whose numbers are known. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { TickRecord } from '../interfaces/tick-record.ts';
import { pathJerk, smoothness } from './run-report.ts';
import { pointEmbodiment } from '../../tests/real-time/point-robot.ts';

const base = pointEmbodiment(10);
const embodiment = { ...base, action: { ...base.action, names: ['position', 'gripper'] } };

function record(tick: number, position: number | null, age: number | null, epoch = 0): TickRecord {
  const action = Float32Array.of(position ?? 0, 100 * tick);
  return {
    tick,
    epoch,
    time: tick / 10,
    late: 0,
    observation: null,
    wanted: position === null ? null : action,
    action,
    source: position === null ? 'hold' : 'chunk',
    age,
    interventions: [],
  };
}

test('steps are told apart: within a chunk, from one to the next, and none across holds and resets', () => {
  const records = [
    record(0, null, null),
    record(1, 1, 1),
    record(2, 2, 2),
    record(3, 7, 1), // another chunk
    record(4, 7.5, 2),
    record(5, null, null),
    record(6, 30, 2),
    record(0, 90, 0, 1),
  ];
  const { seams, within } = smoothness(records, embodiment);
  assert.deepEqual(seams, { count: 1, mean: 5, max: 5 });
  assert.deepEqual(within, { count: 2, mean: 0.75, max: 1 });
});

test('jerk is the third difference of absolute actions, the second of deltas, in units over s³', () => {
  const cubic = Array.from({ length: 8 }, (_, tick) => record(tick, tick ** 3, tick));
  assert.ok(Math.abs(smoothness(cubic, embodiment).actionJerk! - 6 * 1000) < 1e-6);
  const { action } = embodiment;
  const delta = {
    ...embodiment,
    action: { ...action, convention: { ...action.convention, reference: 'delta' as const } },
  };
  const squares = Array.from({ length: 8 }, (_, tick) => record(tick, tick ** 2, tick));
  assert.ok(Math.abs(smoothness(squares, delta).actionJerk! - 2 * 1000) < 1e-6);
  assert.equal(smoothness(cubic.slice(0, 3), embodiment).actionJerk, null);
  const path = Array.from({ length: 6 }, (_, i) => [i ** 3, 0, i]);
  assert.ok(Math.abs(pathJerk(path, 2)! - 6 * 8) < 1e-9);
  assert.equal(pathJerk([], 2), null);
});
