/** @file A gate that brakes before it closes, in front of gates that do and do not come to rest. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { inSimulatedTime } from '../../tests/simulated-time.ts';
import { pointEmbodiment } from '../../tests/real-time/point-robot.ts';
import { SimulatedClock } from '../base/clock.ts';
import { brakedGate } from './braked-gate.ts';
import type { Gate, GateMoment, Passed } from './gate.ts';

/** Tells half of what it told before, down to nothing; or what `passes` says. */
function slowing(passes?: (n: number) => Passed): Gate & { readonly heard: (Float32Array | null)[]; closed: number } {
  const heard: (Float32Array | null)[] = [];
  let speed = 0;
  return {
    name: 'slowing',
    embodiment: pointEmbodiment(10),
    heard,
    closed: 0,
    connect: async () => {},
    reset: () => {},
    async pass(wanted) {
      heard.push(wanted);
      if (passes !== undefined) return passes(heard.length);
      speed = wanted?.[0] ?? (speed < 0.1 ? 0 : speed / 2);
      return { action: Float32Array.of(speed, -1, -1), source: wanted === null ? 'hold' : 'chunk', interventions: [] };
    },
    stop: async () => {},
    async close() {
      this.closed++;
    },
  };
}

const FIRST: GateMoment = { time: 0, tick: 0, age: 0, observation: null };
const FAST = Float32Array.of(1, -1, -1);

test('it brakes at its rate until what is told no longer changes', async () => {
  const clock = new SimulatedClock();
  const inner = slowing();
  const gate = brakedGate(inner, clock);
  await gate.pass(FAST, FIRST);
  await inSimulatedTime(clock, gate.close());
  // 1, then 0.5, 0.25, 0.125, 0.0625, 0, 0.
  assert.deepEqual(inner.heard, [FAST, null, null, null, null, null, null]);
  assert.ok(Math.abs(clock.now() - 0.6) < 0.01);
  await gate.close();
  assert.equal(inner.heard.length, 7);
  assert.equal(inner.closed, 2);
});

test('one that was told nothing, or was stopped, is closed at once; one that never rests, in time', async () => {
  const clock = new SimulatedClock();
  const idle = slowing();
  await brakedGate(idle, clock).close();
  assert.deepEqual([idle.heard.length, idle.closed], [0, 1]);
  const stopped = slowing(() => ({ action: FAST, source: 'stop', interventions: ['x'] }));
  const gate = brakedGate(stopped, clock);
  await gate.pass(FAST, FIRST);
  await gate.close();
  assert.deepEqual([stopped.heard.length, stopped.closed], [1, 1]);
  const restless = slowing((n) => ({ action: Float32Array.of(n, 0, 0), source: 'hold', interventions: [] }));
  const braked = brakedGate(restless, clock);
  await braked.pass(FAST, { ...FIRST, time: clock.now() });
  await inSimulatedTime(clock, braked.close());
  assert.deepEqual([restless.heard.length, restless.closed], [21, 1]);
});

test('one that cannot be told anything is closed all the same', async () => {
  const clock = new SimulatedClock();
  const inner = slowing((n) => {
    if (n > 1) throw new Error('no answer');
    return { action: FAST, source: 'chunk', interventions: [] };
  });
  const gate = brakedGate(inner, clock);
  await gate.pass(FAST, FIRST);
  await inSimulatedTime(clock, gate.close());
  assert.equal(inner.closed, 1);
});
