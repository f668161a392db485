/** @file The control loop tick by tick: holds, resets, failures, lateness, refusals. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { SimulatedClock } from '../base/clock.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { TickRecord } from '../interfaces/tick-record.ts';
import { plainGate, type PlainGate } from '../../tests/real-time/plain-gate.ts';
import { pointRobot, prompt, type PointRobot } from '../../tests/real-time/point-robot.ts';
import { walkingPolicy, type WalkingConfig, type WalkingPolicy } from '../../tests/real-time/walking-policy.ts';
import { ControlLoop, type LoopConfig } from './control-loop.ts';
import { naiveAsynchronous } from './strategies/naive-asynchronous.ts';
import { synchronous } from './strategies/synchronous.ts';

const HZ = 10;
const EPISODE = { seed: 0, instruction: 'walk' };

interface Stage {
  readonly clock: SimulatedClock;
  readonly robot: PointRobot;
  readonly gate: PlainGate;
  readonly policy: WalkingPolicy;
  readonly loop: ControlLoop;
  readonly records: TickRecord[];
}

function stage(config: Partial<LoopConfig> = {}, walking: Partial<WalkingConfig> = {}): Stage {
  const clock = new SimulatedClock();
  const robot = pointRobot(clock, HZ, { state: prompt(2 * HZ), front: prompt(2 * HZ) });
  const gate = plainGate(robot);
  const plan = (): { seconds: number; ends: 'well' } => ({ seconds: 0.15, ends: 'well' });
  const policy = walkingPolicy(clock, robot.embodiment, { horizon: 6, step: 0.1, seed: 3, plan, ...walking });
  const strategy = synchronous({ execute: 4 });
  const loop = new ControlLoop({ gate, policy, strategy, clock, ...config });
  const records: TickRecord[] = [];
  loop.listen((record) => records.push(record));
  return { clock, robot, gate, policy, loop, records };
}

async function play({ loop, clock }: Stage, ticks: number): Promise<void> {
  const run = loop.run(EPISODE, { ticks });
  const watched = run.catch(() => undefined);
  await clock.advance(ticks / HZ + 5);
  await watched;
  await run;
}

const letters = (records: readonly TickRecord[]): string =>
  records.map(({ source, age }) => (source === 'hold' ? '.' : String(age))).join('');

test('synchronous: holds while the policy thinks, then executes; ages count from the observation', async () => {
  const synchronously = stage();
  await play(synchronously, 14);
  assert.equal(letters(synchronously.records), '..2345..2345..');
  const { loop, gate, robot, records } = synchronously;
  const { counters } = loop;
  assert.deepEqual([counters.ticks, counters.idle, counters.held, counters.inferences], [14, 6, 6, 3]);
  assert.equal(gate.closed, true);
  assert.equal(gate.calls.length, 14);
  assert.equal(robot.told.length, 14);
  assert.deepEqual(
    records.map(({ tick, time }) => Math.round(time * HZ) - tick),
    Array(14).fill(0),
  );
});

test('naive asynchronous: goes on meanwhile, and drops what is past', async () => {
  const naive = stage({ strategy: naiveAsynchronous({ execute: 3 }) });
  await play(naive, 14);
  assert.equal(letters(naive.records), '..234234234234');
  assert.deepEqual([naive.loop.counters.switches, naive.loop.counters.late], [3, 8]);
});

test('without an observation nothing is asked, and the sensors at fault are named', async () => {
  const blind = stage();
  const { robot } = blind;
  const loop = new ControlLoop({
    gate: plainGate(pointRobot(blind.clock, HZ, { state: prompt(HZ), front: { hz: HZ, delay: () => null } })),
    policy: blind.policy,
    strategy: synchronous({ execute: 4 }),
    clock: blind.clock,
  });
  await play({ ...blind, loop }, 5);
  assert.equal(loop.counters.blind, 5);
  assert.equal(loop.counters.inferences, 0);
  assert.deepEqual(loop.stale, [{ sensor: 'front', age: null }]);
  assert.equal(robot.told.length, 0);
});

test('an inference that fails, answers NaN or never answers is given up and asked again, later', async () => {
  for (const ends of ['failing', 'with NaN', 'never'] as const) {
    const trouble = stage(
      { inferenceTimeout: 0.3, retryAfter: 0.2 },
      { plan: (n) => ({ seconds: 0.05, ends: n === 0 ? ends : 'well' }) },
    );
    await play(trouble, 12);
    const { counters } = trouble.loop;
    assert.equal(counters.failed, 1, ends);
    assert.equal(counters.timedOut, ends === 'never' ? 1 : 0);
    const [first, second] = trouble.policy.asked as [WalkingPolicy['asked'][0], WalkingPolicy['asked'][0]];
    assert.equal(first.options.signal!.aborted, ends === 'never');
    assert.ok(second.time - first.time > 0.2);
    assert.match(letters(trouble.records), /^\.+123/);
  }
});

test('failures in a row end the loop with a stop, and the last failure', async () => {
  const failing = stage({ failuresInRow: 3, retryAfter: 0.1 }, { plan: () => ({ seconds: 0.05, ends: 'failing' }) });
  await assert.rejects(play(failing, 100), { code: 'interrupted', message: /3 failures in a row.*the policy failed/ });
  assert.equal(failing.gate.stops.length, 1);
  assert.equal(failing.gate.closed, true);
});

test('a reset takes effect at the next tick: the inference is aborted, the queue empty, ticks count anew', async () => {
  const again = stage();
  const run = again.loop.run(EPISODE, { ticks: 12 });
  await again.clock.advance(0.31);
  await again.clock.advance(0.65);
  const begun = again.loop.reset({ seed: 7, instruction: 'run' });
  await again.clock.advance(3);
  await Promise.all([run, begun]);
  assert.deepEqual(
    again.records.map(({ epoch, tick }) => `${epoch}.${tick}`),
    ['0.0', '0.1', '0.2', '0.3', '0.4', '0.5', '0.6', '1.0', '1.1', '1.2', '1.3', '1.4'],
  );
  assert.equal(again.policy.asked[1]!.options.signal!.aborted, true);
  assert.equal(again.loop.counters.resets, 1);
  const after = again.records.filter(({ epoch }) => epoch === 1);
  // The policy's reset takes the first tick.
  assert.equal(letters(after), '...23');
  assert.ok(after.every(({ wanted }) => wanted === null || wanted[1] === 7));
  assert.equal(again.policy.asked.at(-1)!.observation.instruction, 'run');
  await assert.rejects(again.loop.run(EPISODE, { ticks: 1 }), { code: 'bad-argument' });
});

test('a policy that cannot be reset, or not in time, ends the loop', async () => {
  for (const [reset, message] of [
    [() => Promise.reject(new Error('no reset')), /no reset/],
    [() => new Promise<void>(() => {}), /reset within 0\.5 s/],
  ] as const) {
    const stuck = stage();
    let resets = 0;
    const policy: Policy = { ...stuck.policy, reset: () => (resets++ === 0 ? undefined : reset()) };
    const loop = new ControlLoop({
      gate: stuck.gate,
      policy,
      strategy: synchronous({ execute: 4 }),
      clock: stuck.clock,
      inferenceTimeout: 0.5,
    });
    const run = loop.run(EPISODE, { ticks: 100 });
    const watched = assert.rejects(run, message);
    await stuck.clock.advance(0.25);
    void loop.reset(EPISODE).catch(() => undefined);
    await stuck.clock.advance(20);
    await watched;
  }
});

test('a signal ends the run between two ticks', async () => {
  const stopped = stage();
  const controller = new AbortController();
  const run = stopped.loop.run(EPISODE, { signal: controller.signal });
  await stopped.clock.advance(0.55);
  controller.abort();
  await run;
  assert.equal(stopped.records.length, 6);
  assert.equal(stopped.gate.closed, true);
});

test('a fast policy acts in the tick that it saw, where the tick may wait for it', async () => {
  const fast = stage({ grace: 0.02 }, { plan: () => ({ seconds: 0.01, ends: 'well' }) });
  await play(fast, 6);
  assert.equal(letters(fast.records), '012301');
  assert.ok(Math.abs(fast.records[0]!.time - 0.01) < 1e-9);
});

test('periods that pass while the loop is late are counted, and actions stay those of their ticks', async () => {
  const slow = stage({ strategy: naiveAsynchronous({ execute: 6 }) });
  const { pass } = slow.gate;
  slow.gate.pass = async (wanted, at) => {
    if (at.tick === 3) await slow.clock.sleepUntil(slow.clock.now() + 0.23);
    return pass(wanted, at);
  };
  await play(slow, 6);
  assert.deepEqual(
    slow.records.map(({ tick }) => tick),
    [0, 1, 2, 3, 5, 6],
  );
  assert.equal(slow.loop.counters.missed, 1);
  assert.equal(slow.records.find(({ tick }) => tick === 5)!.age, 5);
});

test('actions older than the bound are not executed', async () => {
  const old = stage({ longestAge: 3 });
  await play(old, 8);
  assert.equal(letters(old.records), '..23....');
  assert.equal(old.loop.counters.expired, 2);
});

test('a listener that throws is heard no more, and stops nothing', async () => {
  const noisy = stage();
  let heard = 0;
  noisy.loop.listen(() => {
    heard++;
    throw new Error('the disk is full');
  });
  await play(noisy, 5);
  assert.equal(noisy.records.length, 5);
  assert.equal(heard, 1);
  assert.match(String(noisy.loop.listenerErrors[0]), /disk is full/);
});

test('a hold action of another size, and a policy of another robot, do not start', async () => {
  const base = stage();
  const refused = async (change: object, message: RegExp): Promise<void> => {
    const embodiment = { ...base.gate.embodiment, ...change };
    const loop = new ControlLoop({
      gate: { ...base.gate, embodiment },
      policy: base.policy,
      strategy: synchronous({ execute: 4 }),
      clock: base.clock,
    });
    await assert.rejects(loop.run(EPISODE, { ticks: 1 }), { code: 'mismatch', message });
    assert.equal(base.robot.told.length, 0);
  };
  await refused({ holdAction: [0] }, /hold action of 3 values/);
  await refused({ controlHz: 20 }, /control rate: expected 10 Hz, got 20 Hz/);
  const { convention, names } = base.gate.embodiment.action;
  const action = { names, convention: { ...convention, reference: 'relative-to-chunk-start' } };
  await refused({ action }, /relative to the start of a chunk/);
});
