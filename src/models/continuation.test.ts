/** @file A running chunk as the model sees it: re-expressed in the new observation's frame, and the settings of policy.json. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, tinyDesign, tinyRobot } from '../../tests/codec-fixtures.ts';
import type { CodecDesign } from '../codec/design-codec.ts';
import type { Codec } from '../codec/policy-codec.ts';
import { relatePose, type PoseChange } from '../codec/relative-pose.ts';
import type { Continuation } from '../interfaces/policy.ts';
import { continuedFeeds, parseContinuation, type ContinuationSettings } from './continuation.ts';

const names = ['x', 'y', 'z', 'rx', 'ry', 'rz', 'grip'];
const { gripper } = tinyRobot.action.convention;
const convention = { rotation: 'axis-angle', frame: 'base', gripper, reference: 'absolute', unit: 'si' } as const;
const zeros = names.map(() => 0);
const ones = names.map(() => 1);
// With a mean of 0 and a deviation of 1 the model's numbers are the robot's, but for the reference.
const statistics = { min: zeros, max: ones, mean: zeros, std: ones, q01: zeros, q99: ones };
const pose: PoseChange = {
  position: [0, 1, 2],
  rotation: [3, 4, 5],
  format: 'axis-angle',
  statePosition: [0, 1, 2],
  stateRotation: [3, 4, 5],
  stateFormat: 'axis-angle',
};
const H = 4;
const codecWith = (changes: Partial<CodecDesign>): Codec =>
  codecOf({
    ...tinyDesign,
    embodiment: { ...tinyRobot, state: { names, convention }, action: { names, convention }, holdAction: zeros },
    statistics: { state: statistics, action: statistics },
    normalisation: { state: { kind: 'mean-std', epsilon: 0 }, action: { kind: 'mean-std', epsilon: 0 } },
    supervision: [],
    stateSize: 9,
    actionSize: 9,
    ...changes,
  });
const referenceTo = (to: 'delta' | 'relative-to-chunk-start'): Partial<CodecDesign> => ({
  reference: { from: 'absolute', to, stateIndex: [0, 1, 2, null, null, null, 6], period: null },
});

/** Three actions of a running chunk, absolute, and where the robot was when the chunk began and is now. */
const running: Continuation = {
  actions: Float32Array.from(
    [
      [0.5, 0.1, 0.3, 0.2, -0.1, 0.4, 0.9],
      [0.6, 0.2, 0.3, 0.3, -0.1, 0.5, 0.8],
      [0.7, 0.2, 0.1, 0.3, 0.1, 0.6, -0.7],
    ].flat(),
  ),
  count: 3,
  committed: 2,
};
const before = [0.3, 0, 0.2, 0.1, 0, 0.2, 0.5];
const now = [0.45, 0.05, 0.28, 0.15, -0.05, 0.35, 0.6];

const PREFIX: ContinuationSettings = { kind: 'prefix', longest: 3 };
const rowsOf = (codec: Codec, state: readonly number[]): number[][] => {
  const { continued, continuedLength } = continuedFeeds(PREFIX, codec, running, state, 'test');
  assert.deepEqual([...continuedLength!.data], [2]);
  assert.deepEqual(continued!.shape, [1, H, 9]);
  const data = [...(continued!.data as Float32Array)];
  return [0, 1].map((row) => data.slice(9 * row, 9 * row + 7));
};
const action = (row: number): number[] => [...running.actions.subarray(7 * row, 7 * row + 7)];

function near(got: readonly (readonly number[])[], expected: readonly (readonly number[])[], what: string): void {
  expected
    .flat()
    .forEach((x, i) => assert.ok(Math.abs(x - got.flat()[i]!) < 1e-6, `${what}, ${i}: ${got.flat()[i]}, ${x}`));
}

test('actions relative to the chunk’s start are given relative to where the robot is now', () => {
  const codec = codecWith(referenceTo('relative-to-chunk-start'));
  const moved = [0, 1, 2, 6];
  const expected = [0, 1].map((row) => action(row).map((x, i) => (moved.includes(i) ? x - now[i]! : x)));
  near(rowsOf(codec, now), expected, 'relative');
  assert.notDeepEqual(rowsOf(codec, before), rowsOf(codec, now));
});

test('of differences only the first changes with the robot’s state; the others are those between actions', () => {
  const codec = codecWith(referenceTo('delta'));
  const moved = [0, 1, 2, 6];
  const expected = [0, 1].map((row) =>
    action(row).map((x, i) => (moved.includes(i) ? x - (row === 0 ? now[i]! : action(row - 1)[i]!) : x)),
  );
  near(rowsOf(codec, now), expected, 'delta');
  const [old, fresh] = [rowsOf(codec, before), rowsOf(codec, now)];
  assert.notDeepEqual(old[0], fresh[0]);
  assert.deepEqual(old[1], fresh[1]);
});

test('relative poses are given in the frame of the pose now', () => {
  const codec = codecWith({ poses: [pose] });
  const expected = [0, 1].map((row) => {
    const numbers = Float64Array.from(action(row));
    relatePose(numbers, 7, now, pose);
    return [...numbers];
  });
  near(rowsOf(codec, now), expected, 'pose');
  // The same poses seen from where the running chunk began are other numbers.
  assert.ok(rowsOf(codec, before)[0]!.some((x, i) => Math.abs(x - expected[0]![i]!) > 0.05));
});

test('whatever actions refer to, what is given decodes to the actions that are being executed', () => {
  for (const design of [{}, referenceTo('delta'), referenceTo('relative-to-chunk-start'), { poses: [pose] }]) {
    const codec = codecWith(design);
    const { continued } = continuedFeeds(PREFIX, codec, running, now, 'test');
    const { data } = codec.decodeActions(continued!.data as Float32Array, now);
    near([[...data.subarray(0, 14)]], [[...running.actions.subarray(0, 14)]], JSON.stringify(design).slice(0, 60));
  }
});

test('guides weigh the committed actions fully and nothing behind the span; without a chunk nothing is given', () => {
  const codec = codecWith({});
  const settings: ContinuationSettings = { kind: 'guided', maxWeight: 5, schedule: 'linear' };
  const weights = (changes: Partial<Continuation>, span?: number): number[] => {
    const with_ = span === undefined ? settings : { ...settings, span };
    return [...continuedFeeds(with_, codec, { ...running, ...changes }, now, 'test')['continuedWeights']!.data].map(
      Number,
    );
  };
  assert.deepEqual(weights({}), [1, 1, 0.5, 0]);
  assert.deepEqual(weights({}, 2), [1, 1, 0, 0]);
  assert.deepEqual(weights({ committed: 0 }), [0.75, 0.5, 0.25, 0]);
  const long = { actions: Float32Array.from({ length: 42 }, (_, i) => i / 42), count: 6, committed: 2 };
  assert.equal(weights(long).length, H);
  const none = continuedFeeds(settings, codec, undefined, now, 'test');
  for (const { data } of Object.values(none)) assert.ok([...data].every((x) => Number(x) === 0));
});

test('settings are checked by field', () => {
  assert.equal(parseContinuation(undefined, 'policy.json'), null);
  assert.equal(parseContinuation(null, 'policy.json'), null);
  const good = { kind: 'guided', maxWeight: 5, schedule: 'exponential', span: 8 };
  assert.deepEqual(parseContinuation(good, 'policy.json'), good);
  for (const [value, message] of [
    [{ kind: 'prefix' }, /^policy\.json: continuation\.longest: /],
    [{ ...good, maxWeight: -1 }, /continuation\.maxWeight: /],
    [{ ...good, schedule: 'steep' }, /continuation\.schedule: /],
    [{ kind: 'hopeful' }, /continuation\.kind: /],
  ] as const) {
    assert.throws(() => parseContinuation(value, 'policy.json'), { code: 'bad-data', message });
  }
});
