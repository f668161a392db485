/** @file The loop in its thread: policy here, robot there; blocked, failing, dying. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { workerUrl } from '../../base/worker-url.ts';
import type { TickRecord } from '../../interfaces/tick-record.ts';
import { pointEmbodiment } from '../../../tests/real-time/point-robot.ts';
import type { PointRobotOptions } from '../../../tests/real-time/point-robot-module.ts';
import { walkingPolicy, type WalkingPolicy } from '../../../tests/real-time/walking-policy.ts';
import { punctualClock } from './punctual-clock.ts';
import { ThreadedLoop } from './threaded-loop.ts';

const module = workerUrl(import.meta.url, '../../../tests/real-time/point-robot-module').href;
const EPISODE = { seed: 0, instruction: 'walk' };

function walker(seconds = 0.01): WalkingPolicy {
  return walkingPolicy(systemClock, pointEmbodiment(50), {
    horizon: 30,
    step: 0.1,
    seed: 1,
    plan: () => ({ seconds, ends: 'well' }),
  });
}

const open = (options: PointRobotOptions, policy: WalkingPolicy, records?: 'all' | 'numbers' | 'none') =>
  ThreadedLoop.open({ module, options, policy, ...(records === undefined ? {} : { records }) });

test('a loop in its thread asks the policy here, tells its ticks, and resets', async () => {
  const policy = walker();
  const loop = await open({ hz: 50, fault: null }, policy);
  assert.deepEqual(loop.embodiment, pointEmbodiment(50));
  const records: TickRecord[] = [];
  const enough = new Promise<void>((resolve) => {
    loop.listen((record) => {
      records.push(record);
      if (record.epoch === 1 && record.wanted !== null) resolve();
    });
  });
  const moving = new Promise<void>((resolve) => {
    const off = loop.listen(({ wanted }) => {
      if (wanted !== null) resolve(off());
    });
  });
  const run = loop.run(EPISODE);
  await moving;
  await loop.reset({ seed: 1, instruction: 'run' });
  await loop.say('hop');
  await enough;
  await loop.stop();
  const counters = await run;
  assert.equal(counters.ticks, records.length);
  assert.equal(counters.resets, 1);
  assert.ok(
    records.every(({ wanted, epoch, observation }) => observation === null && (wanted?.[1] ?? epoch) === epoch),
  );
  assert.ok(policy.asked.every(({ observation }) => observation.images['front']!.data.length === 3));
  assert.ok((await loop.counters()).inferences >= 2);
  await loop.close();
  await assert.rejects(loop.run(EPISODE), { code: 'io' });
});

test('while this thread is blocked the loop goes on, and holds once its actions are used up', async () => {
  const loop = await open({ hz: 50, fault: null }, walker(), 'all');
  const records: TickRecord[] = [];
  const moving = new Promise<void>((resolve) => {
    loop.listen((record) => {
      records.push(record);
      if (record.wanted !== null) resolve();
    });
  });
  const run = loop.run(EPISODE);
  await moving;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  await loop.stop();
  const { held, ticks, missed } = await run;
  assert.ok(ticks + missed > 50, `${ticks} ticks`);
  assert.ok(held > 10);
  assert.notEqual(records.at(-1)!.observation, null);
  await loop.close();
});

test('a robot that cannot be opened, a module that opens none and a thread that dies are told', async () => {
  await assert.rejects(open({ hz: 50, fault: 'open' }, walker()), /no robot there/);
  await assert.rejects(
    ThreadedLoop.open({ module: workerUrl(import.meta.url, './punctual-clock').href, policy: walker() }),
    { code: 'bad-argument', message: /export openRobot/ },
  );
  const dying = await open({ hz: 50, fault: 'exit' }, walker());
  await assert.rejects(dying.run(EPISODE), { code: 'io', message: /ended with code 3/ });
  await dying.close();
  const other = await open({ hz: 25, fault: null }, walker());
  await assert.rejects(other.run(EPISODE), { code: 'mismatch', message: /expected 50 Hz, got 25 Hz/ });
  await other.close();
});

test('the punctual clock is not early, has turns left for others, and can be aborted', async () => {
  const start = punctualClock.now();
  let turns = 0;
  const interval = setInterval(() => turns++, 1);
  await punctualClock.sleepUntil(start + 0.03);
  clearInterval(interval);
  assert.ok(punctualClock.now() >= start + 0.03);
  assert.ok(turns > 0);
  await punctualClock.sleepUntil(start);
  const controller = new AbortController();
  const sleep = punctualClock.sleepUntil(start + 3600, controller.signal);
  controller.abort(new Error('over'));
  await assert.rejects(sleep, /over/);
  await assert.rejects(punctualClock.sleepUntil(start, controller.signal), /over/);
});
