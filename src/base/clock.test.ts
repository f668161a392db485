/** @file Simulated time wakes sleepers in order; real time wakes none early. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { realWork, SimulatedClock, systemClock } from './clock.ts';

test('simulated sleepers wake in the order of their times, then of falling asleep, and see the time they asked for', async () => {
  const clock = new SimulatedClock(10);
  const woken: string[] = [];
  const sleep = async (name: string, time: number): Promise<void> => {
    await clock.sleepUntil(time);
    woken.push(`${name} ${clock.now()}`);
  };
  const all = [sleep('late', 12), sleep('first', 11), sleep('second', 11), sleep('past', 3)];
  await clock.advance(11.5);
  assert.deepEqual(woken, ['past 10', 'first 11', 'second 11']);
  assert.equal(clock.now(), 11.5);
  await clock.advance(20);
  await Promise.all(all);
  assert.deepEqual(woken.at(-1), 'late 12');
});

test('a loop of sleeps takes all its turns within one advance', async () => {
  const clock = new SimulatedClock();
  const ticks: number[] = [];
  const loop = (async () => {
    for (let tick = 1; tick <= 100; tick++) {
      await clock.sleepUntil(tick / 100);
      ticks.push(clock.now());
    }
  })();
  await clock.advance(1);
  await loop;
  assert.equal(ticks.length, 100);
  assert.equal(ticks[49], 0.5);
});

test('simulated time stands still for real work, also for work that follows from it, and passes failures on', async () => {
  const clock = new SimulatedClock();
  const seen: string[] = [];
  const real = (name: string): Promise<void> => new Promise((resolve) => setTimeout(() => resolve(void name), 3));
  const worker = (async () => {
    await clock.sleepUntil(1);
    await realWork(clock, real('first'));
    seen.push(`first ${clock.now()}`);
    await realWork(clock, real('second'));
    seen.push(`second ${clock.now()}`);
    await assert.rejects(realWork(clock, Promise.reject(new Error('broken'))), /broken/);
  })();
  void clock.sleepUntil(1.5).then(() => seen.push(`other ${clock.now()}`));
  await clock.advance(2);
  await worker;
  assert.deepEqual(seen, ['first 1', 'second 1', 'other 1.5']);
});

test('an aborted sleep rejects with the reason, and leaves no sleeper behind', async () => {
  for (const clock of [new SimulatedClock(), systemClock]) {
    const controller = new AbortController();
    const sleep = clock.sleepUntil(clock.now() + 3600, controller.signal);
    controller.abort(new Error('over'));
    await assert.rejects(sleep, /over/);
    await assert.rejects(clock.sleepUntil(clock.now() + 1, controller.signal), /over/);
  }
});

test('the system clock does not wake early', async () => {
  const time = systemClock.now() + 0.02;
  await systemClock.sleepUntil(time);
  assert.ok(systemClock.now() >= time);
});

test('a time that is no number is refused', async () => {
  await assert.rejects(new SimulatedClock().sleepUntil(Number.NaN), { code: 'bad-argument' });
});
