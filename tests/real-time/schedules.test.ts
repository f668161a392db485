/** @file What real-time execution promises, over thousands of random schedules of latency, jitter, drops and resets. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { workerUrl } from '../../src/base/worker-url.ts';
import { ControlLoop } from '../../src/runtime/control-loop.ts';
import type { Strategy } from '../../src/runtime/strategy.ts';
import { brokenPromises, playSchedule } from './play-schedule.ts';
import { drawSchedule, STRATEGIES } from './schedule.ts';
import type { ScheduleOrder, ScheduleReport } from './schedule-worker.ts';

const ROUNDS = 500;

function play(order: ScheduleOrder): Promise<ScheduleReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerUrl(import.meta.url, './schedule-worker'), { workerData: order });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

for (const [at, name] of Object.keys(STRATEGIES).entries()) {
  test(`${name}: one action per tick, none too old, no jump that it promised not to make, nothing from before a reset`, async () => {
    const { broken, total } = await play({ strategy: name, firstSeed: 10_000 * at, count: ROUNDS });
    assert.deepEqual(broken, null);
    // The schedules reach what they are about.
    for (const what of ['idle', 'blind', 'failed', 'timedOut', 'dropped', 'expired', 'resets'] as const) {
      assert.ok(total[what] > 0, `${what}: never happened`);
    }
    assert.ok(total.idle < 0.9 * total.ticks, 'the robot hardly ever moved');
  });
}

test('a schedule repeats exactly', async () => {
  for (const [at, name] of Object.keys(STRATEGIES).entries()) {
    const [first, second] = [
      await playSchedule(drawSchedule(name, 70_000 + at)),
      await playSchedule(drawSchedule(name, 70_000 + at)),
    ];
    assert.deepEqual(first.records, second.records);
    assert.deepEqual(first.counters, second.counters);
  }
});

/** The first broken promise of a broken loop or strategy, within so many schedules. */
async function caught(
  name: string,
  Loop: typeof ControlLoop,
  broken: (sound: Strategy) => Strategy = (sound) => sound,
  change: { readonly longestAge?: number } = {},
): Promise<string> {
  for (let seed = 0; seed < 60; seed++) {
    const schedule = drawSchedule(name, seed);
    const { joins } = schedule.strategy;
    const strategy = broken(schedule.strategy);
    const played = await playSchedule(schedule, Loop, { strategy, ...change });
    const [first] = brokenPromises({ ...schedule, strategy: { ...strategy, joins } }, played);
    if (first !== undefined) return first;
  }
  return 'nothing';
}

test('a loop without the epoch guard is caught', async () => {
  class Unguarded extends ControlLoop {
    protected override forgetEpisode(): void {}
  }
  assert.match(
    await caught('naive-asynchronous', Unguarded),
    /an action of episode \d+ in episode \d+|a measurement of/,
  );
});

test('a loop that keeps the inference of before a reset is caught', async () => {
  class Keeping extends ControlLoop {
    protected override forgetEpisode(epoch: number, now: number): void {
      const { abandon } = this.desk;
      this.desk.abandon = () => {};
      super.forgetEpisode(epoch, now);
      this.desk.abandon = abandon;
    }
  }
  // The queue's own guard still holds; who goes around it as well is caught.
  assert.equal(await caught('naive-asynchronous', Keeping), 'nothing');
  const forgetful = (sound: Strategy): Strategy => ({
    ...sound,
    take: (chunk, request, view) => sound.take(chunk, request, { ...view, epoch: view.queue.epoch }),
  });
  assert.match(await caught('naive-asynchronous', Keeping, forgetful), /an action of episode \d+ in episode \d+/);
});

test('a loop without a bound on age is caught', async () => {
  assert.match(
    await caught('naive-asynchronous', ControlLoop, undefined, { longestAge: Infinity }),
    /an action \d+ ticks old/,
  );
});

test('a strategy that jumps although it promised not to is caught', async () => {
  const late = (sound: Strategy): Strategy => ({
    ...sound,
    take(chunk, { observed }, { queue, tick, epoch }) {
      queue.place(chunk, { epoch, observed, start: observed }, tick);
    },
  });
  assert.match(await caught('continued', ControlLoop, late), /a step of/);
  assert.match(await caught('aligned-asynchronous', ControlLoop, late), /a step of/);
  const promising = (sound: Strategy): Strategy => ({ ...sound, joins: true });
  for (let seed = 0, jumps = 0; jumps === 0; seed++) {
    assert.ok(seed < 100, 'the naive strategy never jumped');
    const schedule = drawSchedule('naive-asynchronous', seed);
    const played = await playSchedule(schedule);
    jumps = brokenPromises({ ...schedule, strategy: promising(schedule.strategy) }, played).length;
  }
});

test('a loop that tells the robot nothing, or twice, at a tick is caught', async () => {
  const schedule = drawSchedule('synchronous', 5);
  const played = await playSchedule(schedule);
  const { records } = played;
  const without = records.filter((_, i) => i !== 10);
  assert.match(
    brokenPromises(schedule, { ...played, records: without }).join('\n'),
    /tick 1\d after|the robot was told/,
  );
  const twice = records.flatMap((record, i) => (i === 10 ? [record, record] : [record]));
  assert.match(brokenPromises(schedule, { ...played, records: twice }).join('\n'), /after the one before|tick/);
});
