/** @file Episodes of a simulated robot in simulated and real time, and its sensors. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { SimulatedClock, systemClock } from '../base/clock.ts';
import type { Environment } from '../interfaces/environment.ts';
import type { Measurement } from '../interfaces/robot.ts';
import { openPolicy } from '../../tests/flatland/flatland-policy.ts';
import { openEnvironment } from '../../tests/flatland/flatland.ts';
import { plainGate } from '../../tests/real-time/plain-gate.ts';
import { constantLatency, drawnLatency, type LatencyModel } from './latency-model.ts';
import { runEpisode, type EpisodeReport } from './run-episode.ts';
import { SimulatedRobot, type SensorSetting } from './simulated-robot.ts';
import { naiveAsynchronous, synchronous } from './strategies/index.ts';
import type { Strategy } from './strategy.ts';

const SPEC = { task: 'stay', seed: 5 };

async function play(
  strategy: Strategy,
  latency?: LatencyModel,
  sensors?: Readonly<Record<string, SensorSetting>>,
  seed = SPEC.seed,
): Promise<EpisodeReport> {
  const clock = new SimulatedClock(100);
  const environment = await openEnvironment({ imageSize: 24 });
  const policy = await openPolicy({ horizon: 8, noise: 0.05, fault: null, cameraName: null }, environment);
  const robot = new SimulatedRobot({ environment, clock, ...(sensors === undefined ? {} : { sensors }) });
  return runEpisode({
    robot,
    gate: plainGate(robot),
    policy,
    strategy,
    clock,
    ...(latency === undefined ? {} : { latency }),
    episode: { ...SPEC, seed },
    seed: 1,
  });
}

test('without latency a synchronous robot never waits, and does what a plain closed loop does', async () => {
  const report = await play(synchronous({ execute: 4 }));
  assert.equal(report.outcome, 'success');
  assert.equal(report.idle, 0);
  const environment = await openEnvironment({ imageSize: 24 });
  const policy = await openPolicy({ horizon: 8, noise: 0.05, fault: null, cameraName: null }, environment);
  await environment.reset(SPEC);
  await policy.reset({ seed: 1 });
  let ticks = 0;
  for (let outcome = 'running'; outcome === 'running';) {
    const chunk = await policy.infer({ ...(await environment.observe()), tick: ticks });
    for (let i = 0; i < 4 && outcome === 'running'; i++, ticks++) {
      outcome = await environment.step(chunk.data.subarray(2 * i, 2 * i + 2));
    }
  }
  assert.equal(report.ticks, ticks);
});

test('latency makes a synchronous robot wait, an asynchronous one not, after the first chunk', async () => {
  const waiting = await play(synchronous({ execute: 4 }), constantLatency(0.12));
  assert.equal(waiting.success, true);
  assert.equal(waiting.idle, 3 * waiting.counters.inferences);
  const going = await play(naiveAsynchronous({ execute: 4 }), constantLatency(0.12));
  assert.equal(going.success, true);
  assert.equal(going.idle, 3);
  assert.ok(going.seconds < waiting.seconds);
  assert.equal(going.seams.count, going.counters.switches);
  assert.ok(going.actionJerk! > 0 && going.handJerk! > 0);
});

test('the same episode repeats exactly, with drawn latency, slow sensors, jitter and losses', async () => {
  const sensors = { front: { hz: 15, delay: 0.03, jitter: 0.04, loss: 0.1 }, state: { hz: 60 } };
  const [first, second] = [
    await play(naiveAsynchronous({ execute: 3 }), drawnLatency(0.08, 0.4), sensors),
    await play(naiveAsynchronous({ execute: 3 }), drawnLatency(0.08, 0.4), sensors),
  ];
  assert.deepEqual(first, second);
  assert.equal(first.success, true);
  const other = await play(naiveAsynchronous({ execute: 3 }), drawnLatency(0.08, 0.4), sensors, 6);
  assert.notDeepEqual(first, other);
});

test('simulated time stands still for a world and a policy that really take time', async () => {
  const slow =
    <T extends unknown[], R>(call: (...args: T) => Promise<R>): ((...args: T) => Promise<R>) =>
    async (...args) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return call(...args);
    };
  const clock = new SimulatedClock();
  const environment = await openEnvironment({ imageSize: 24 });
  const policy = await openPolicy({ horizon: 8, noise: 0.05, fault: null, cameraName: null }, environment);
  const remote: Environment = { ...environment, step: slow(environment.step), observe: slow(environment.observe) };
  const robot = new SimulatedRobot({ environment: remote, clock });
  const report = await runEpisode({
    robot,
    gate: plainGate(robot),
    policy: { ...policy, infer: slow(policy.infer) },
    strategy: synchronous({ execute: 4 }),
    clock,
    latency: constantLatency(0.12),
    episode: SPEC,
    seed: 1,
  });
  const quick = await play(synchronous({ execute: 4 }), constantLatency(0.12));
  assert.equal(report.ticks, quick.ticks);
  assert.equal(report.actionJerk, quick.actionJerk);
});

test('an episode in real time comes to its end, and can be stopped', async () => {
  const environment = await openEnvironment({ imageSize: 8 });
  const policy = await openPolicy({ horizon: 8, noise: 0, fault: null, cameraName: null }, environment);
  const robot = new SimulatedRobot({ environment, clock: systemClock });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 250);
  const report = await runEpisode({
    robot,
    gate: plainGate(robot),
    policy,
    strategy: synchronous({ execute: 4 }),
    clock: systemClock,
    episode: { task: 'stay', seed: 3 },
    seed: 1,
    signal: controller.signal,
  });
  assert.equal(report.outcome, 'running');
  assert.ok(report.ticks >= 1);
});

test('sensors measure at their rates, late and not always; the world moves on without new actions', async () => {
  const clock = new SimulatedClock();
  const environment = await openEnvironment({ imageSize: 8 });
  const robot = new SimulatedRobot({
    environment,
    clock,
    sensors: { front: { hz: 5, delay: 0.1, loss: 0.3 }, state: { hz: 40, jitter: 0.01 } },
  });
  const heard: (Measurement & { readonly at: number })[] = [];
  await robot.connect((measurement) => heard.push({ ...measurement, at: clock.now() }));
  const watched: string[] = [];
  robot.watch((outcome) => watched.push(outcome));
  assert.match(await robot.begin({ task: 'stay', seed: 4 }), /stay on/);
  await clock.advance(0.5);
  await robot.actuate(Float32Array.of(0.1, 0));
  await clock.advance(1.51);
  const of = (sensor: string): typeof heard => heard.filter((one) => one.sensor === sensor);
  assert.equal(of('state').length, 61);
  assert.ok(of('front').length < 8 && of('front').length > 2);
  assert.ok(of('front').every(({ at, time }) => Math.abs(at - time - 0.1) < 1e-9));
  assert.ok(of('state').every(({ at, time }) => at - time <= 0.01));
  assert.equal(watched.length, 30);
  const x = (time: number): number => (of('state').find((one) => one.time >= time)!.value as Float32Array)[0]!;
  assert.equal(x(0.45), x(0));
  assert.ok(x(1) > x(0.5) + 0.08);
  await robot.close();
  const before = heard.length;
  await clock.advance(5);
  assert.equal(heard.length, before);
  await assert.rejects(robot.actuate(Float32Array.of(0, 0)), { code: 'io' });
});

test('a world without a hold action, and settings that mean nothing, are refused', async () => {
  const environment = await openEnvironment({ imageSize: 8 });
  const clock = new SimulatedClock();
  const embodiment = { ...environment.embodiment, holdAction: null };
  assert.throws(() => new SimulatedRobot({ environment: { ...environment, embodiment }, clock }), {
    code: 'mismatch',
    message: /holdAction null of "flatland"/,
  });
  const make = (sensors: Record<string, SensorSetting>) => () => new SimulatedRobot({ environment, clock, sensors });
  assert.throws(make({ wrist: {} }), { code: 'not-found' });
  assert.throws(make({ front: { hz: 0 } }), { code: 'bad-argument' });
  assert.throws(make({ front: { loss: 2 } }), { code: 'bad-argument' });
});
