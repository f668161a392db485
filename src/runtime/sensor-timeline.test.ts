/** @file The timeline against a search of all measurements, and its bounds. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../base/random.ts';
import { pointEmbodiment } from '../../tests/real-time/point-robot.ts';
import { SensorTimeline, staleText } from './sensor-timeline.ts';

const embodiment = pointEmbodiment(10);
const WORDS = { instruction: 'go', tick: 3 };
const state = (time: number) => ({ sensor: 'state', time, value: Float32Array.of(time) });
const front = (time: number, value = 0) => ({
  sensor: 'front',
  time,
  value: { width: 1, height: 1, data: Uint8Array.of(value, 0, 0) },
});

test('each sensor gives its nearest measurement, in whatever order they are heard', () => {
  const random = new Random(4);
  for (let round = 0; round < 200; round++) {
    const times = Array.from({ length: 10 }, () => random.range(0, 1));
    const lag = random.range(0, 0.3);
    const timeline = new SensorTimeline(embodiment, { staleness: 5, lag });
    for (const time of times) timeline.hear(state(time));
    timeline.hear(front(0.9, 7));
    const instant = random.range(0.3, 1.2);
    const { observation } = timeline.at(instant + lag, WORDS);
    const nearest = times.toSorted((a, b) => Math.abs(a - instant) - Math.abs(b - instant))[0]!;
    assert.equal(observation!.state[0], Math.fround(nearest));
    assert.equal(observation!.images['front']!.data[0], 7);
    assert.equal(observation!.instruction, 'go');
    assert.equal(observation!.tick, 3);
  }
});

test('a sensor that is silent or too old leaves no observation, and is named with its age', () => {
  const timeline = new SensorTimeline(embodiment, { staleness: { state: 0.1, front: 0.5 } });
  timeline.hear(state(1));
  assert.deepEqual(timeline.at(1.05, WORDS), { observation: null, stale: [{ sensor: 'front', age: null }] });
  timeline.hear(front(1));
  assert.notEqual(timeline.at(1.09, WORDS).observation, null);
  const { observation, stale } = timeline.at(1.25, WORDS);
  assert.equal(observation, null);
  assert.equal(staleText(stale), 'state is 0.25 s old');
  assert.equal(staleText([{ sensor: 'wrist', age: null }]), 'wrist never spoke');
  timeline.hear(state(1.2));
  assert.notEqual(timeline.at(1.25, WORDS).observation, null);
});

test('a measurement of a clock that ran ahead neither counts nor hides good ones', () => {
  const timeline = new SensorTimeline(embodiment, { staleness: 0.2, kept: 4 });
  for (let i = 0; i < 10; i++) timeline.hear(state(1000 + i));
  timeline.hear(front(1));
  assert.deepEqual(timeline.at(1, WORDS).stale, [{ sensor: 'state', age: 1005 }]);
  for (let i = 1; i <= 4; i++) timeline.hear(state(1 + i / 100));
  assert.equal(timeline.at(1.05, WORDS).observation!.state[0], Math.fround(1.04));
});

test('what was measured before an episode began is forgotten, also when it is heard later', () => {
  const timeline = new SensorTimeline(embodiment);
  timeline.hear(state(1));
  timeline.hear(front(1));
  timeline.forget(1.1);
  timeline.hear(front(1.05));
  assert.deepEqual(
    timeline.at(1.1, WORDS).stale.map(({ sensor }) => sensor),
    ['state', 'front'],
  );
  timeline.hear(state(1.1));
  timeline.hear(front(1.1));
  assert.notEqual(timeline.at(1.1, WORDS).observation, null);
});

test('memory is bounded, by count and by age', () => {
  const timeline = new SensorTimeline(embodiment, { kept: 5, staleness: 0.2 });
  const kept = (): number =>
    (timeline as unknown as { tracks: Map<string, { heard: unknown[] }> }).tracks.get('front')!.heard.length;
  for (let i = 0; i < 100; i++) timeline.hear(front(i / 1000));
  assert.equal(kept(), 5);
  timeline.at(0.5, WORDS);
  assert.equal(kept(), 1);
});

test('measurements that do not fit the robot are refused, counted and described', () => {
  const timeline = new SensorTimeline(embodiment);
  const refused = (measurement: Parameters<SensorTimeline['hear']>[0], reason: RegExp): void => {
    const before = timeline.refused;
    timeline.hear(measurement);
    assert.equal(timeline.refused, before + 1);
    assert.match(timeline.lastRefusal!, reason);
  };
  refused({ ...state(0), sensor: 'wrist' }, /unknown sensor "wrist"/);
  refused(state(Number.NaN), /measured at NaN/);
  refused({ ...state(0), value: Float32Array.of(Number.NaN) }, /"time" in "state" is NaN/);
  refused({ ...state(0), value: Float32Array.of(1, 2) }, /2 values, not 1/);
  refused({ ...front(0), sensor: 'state' }, /is an image/);
  refused({ ...state(0), sensor: 'front' }, /is not an image/);
  refused({ ...front(0), value: { width: 2, height: 1, data: new Uint8Array(3) } }, /3 bytes, not 2 × 1 × 3/);
});

test('bounds that mean nothing are refused', () => {
  assert.throws(() => new SensorTimeline(embodiment, { staleness: { wrist: 1 } }), { code: 'not-found' });
  assert.throws(() => new SensorTimeline(embodiment, { staleness: -1 }), { code: 'bad-argument' });
  assert.throws(() => new SensorTimeline(embodiment, { kept: 0 }), { code: 'bad-argument' });
  assert.throws(() => new SensorTimeline(embodiment, { lag: Number.NaN }), { code: 'bad-argument' });
});
