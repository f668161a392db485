/** @file Sessions of `vlakit control` in simulated time: loop, real gate and simulated robot together, with inferences that take 0.1 to 0.3 s. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after } from 'node:test';
import { scratchFolder } from '../../../tests/processes/vlakit.ts';
import { WORLD_LIMITS } from '../../../recipes/motion-limits.ts';
import { SimulatedClock } from '../../base/clock.ts';
import type { ExpertEnvironment } from '../../interfaces/environment.ts';
import type { TickRecord } from '../../interfaces/tick-record.ts';
import { readSession } from '../../recording/session-file.ts';
import { uniformLatency, withLatency } from '../../runtime/latency-model.ts';
import { openWorld, WORLDS } from '../../simulation/worlds.ts';
import { openControlled } from './controlled-robot.ts';
import { followedWorld, plannedExpert } from './planned-expert.ts';
import { playControlled, type ControlReport } from './play-episode.ts';
import { controlSession, type ControlSession } from './session.ts';
import { reportLines } from './show-episode.ts';

const folder = scratchFolder('control');
after(() => fs.rmSync(folder, { recursive: true }));

interface Played {
  readonly reports: ControlReport[];
  readonly ticks: TickRecord[];
}

/** The expert of a world, with a latency that is drawn. */
async function play(world: string, task: string, changes: Partial<ControlSession> = {}): Promise<Played> {
  const played: Played = { reports: [], ticks: [] };
  await controlSession({
    robot: { kind: 'world', world: { world, imageSize: 32 }, task },
    policy: { kind: 'expert' },
    limits: WORLD_LIMITS[world]!,
    deadMan: null,
    strategy: { name: 'naive-asynchronous', execute: 4 },
    instruction: null,
    latency: uniformLatency(0.1, 0.3),
    simulatedTime: true,
    seconds: null,
    episodes: 1,
    seed: 1,
    recording: { mcap: null, dataset: null, live: null, about: {} },
    onEpisode: (report) => played.reports.push(report),
    onPlace: () => {},
    signal: new AbortController().signal,
    ...changes,
    onTick(record) {
      played.ticks.push({ ...record, observation: null });
      changes.onTick?.(record);
    },
  });
  return played;
}

const TASKS: Readonly<Record<string, string>> = { tabletop: 'lift', 'six-joint': 'lift' };

for (const [world, { tasks }] of Object.entries(WORLDS)) {
  test(`${world}: its expert succeeds while it thinks late, behind the real gate, and repeats exactly`, async () => {
    const task = TASKS[world] ?? tasks[0]!;
    const { reports, ticks } = await play(world, task);
    const [report] = reports;
    assert.equal(report!.outcome, 'success', reportLines(report!).join('\n'));
    assert.equal(report!.counters.ticks, ticks.length);
    assert.equal(report!.counters.failed, 0);
    assert.equal(report!.stopped, 0);
    assert.ok(ticks.some(({ age }) => age !== null && age > 0));
    assert.deepEqual((await play(world, task)).reports, reports);
  });
}

test('rooms: a base that the gate turned later than planned, and that drove against a wall, finds its way', async () => {
  const { reports, ticks } = await play('rooms', 'go-to', { seed: 0 });
  assert.ok(ticks.some(({ interventions }) => interventions.some((reason) => reason.startsWith('clipped: dtheta'))));
  assert.equal(reports[0]!.outcome, 'success', reportLines(reports[0]!).join('\n'));
});

test('rooms: a base that pushes against a wall sees nothing change, and may turn away all the same', async () => {
  const clock = new SimulatedClock();
  const environment = await openWorld({ world: 'rooms', imageSize: 16 });
  const { gate, task } = await openControlled(
    {
      robot: { kind: 'world', world: { world: 'rooms' }, episode: { task: 'go-to', seed: 3 } },
      limits: WORLD_LIMITS['rooms']!,
      strategy: { name: 'synchronous', execute: 4 },
      deadMan: null,
    },
    clock,
    environment,
  );
  await task!.begin();
  let tick = 0;
  const drive = async (waypoint: readonly number[], ticks: number): Promise<Float32Array> => {
    for (const end = tick + ticks; tick < end; tick++) {
      await clock.advance(tick / 2 + 0.1);
      const at = { time: clock.now(), tick, age: 0, observation: await environment.observe() };
      const passed = gate.pass(Float32Array.from(waypoint), at);
      await clock.advance(clock.now() + 0.05);
      assert.notEqual((await passed).source, 'hold', `tick ${tick}: ${(await passed).interventions.join()}`);
    }
    return (await environment.observe()).state;
  };
  await gate.connect(() => undefined);
  await clock.advance(0.01);
  const blocked = await drive([0.5, 0, 0], 34);
  assert.deepEqual([...(await drive([0.5, 0, 0], 6))], [...blocked]);
  assert.notDeepEqual([...(await drive([0, 0, 0.4], 4))].slice(2), [...blocked].slice(2));
  const closing = gate.close();
  await clock.advance(clock.now() + 5);
  await closing;
  await environment.close();
});

test('another seed plays another episode', async () => {
  const [one, other] = [await play('six-joint', 'lift'), await play('six-joint', 'lift', { seed: 2 })];
  assert.notDeepEqual(
    one.ticks.map(({ action }) => action),
    other.ticks.map(({ action }) => action),
  );
});

test('a chunk that is given committed actions takes over without a jump', async () => {
  const { reports } = await play('tabletop', 'lift', { strategy: { name: 'aligned-asynchronous', execute: 4 } });
  const { outcome, seams, within } = reports[0]!;
  assert.equal(outcome, 'success');
  assert.ok(seams.count > 3 && seams.max! <= within.max!, `${seams.max} at seams, ${within.max} within`);
});

/** How the actions that were told may differ at rest. */
const STILL = 1e-6;

for (const world of ['tabletop', 'six-joint']) {
  test(`${world}: an episode that is interrupted ends in a robot that was braked within its limits and stands`, async () => {
    const clock = new SimulatedClock();
    const told: number[][] = [];
    const inner = await openWorld({ world, imageSize: 32 });
    const environment = followedWorld(inner);
    const policy = plannedExpert(environment, await openWorld({ world, imageSize: 16 }));
    const watched = watch(environment, told);
    const controller = new AbortController();
    const report = await playControlled({
      controlled: {
        robot: { kind: 'world', world: { world }, episode: { task: 'lift', seed: 1_000_000_001 } },
        limits: WORLD_LIMITS[world]!,
        strategy: { name: 'continued', execute: 4 },
        deadMan: null,
      },
      policy: withLatency(policy, clock, uniformLatency(0.1, 0.2)),
      seed: 1,
      instruction: null,
      ticks: null,
      clock,
      environment: watched,
      place: 'this thread',
      records: 'numbers',
      onTick: ({ tick }) => void (tick === 9 && controller.abort()),
      signal: controller.signal,
    });
    assert.equal(report.outcome, 'running');
    assert.equal(report.counters.ticks, 10);
    const absolute = world === 'six-joint';
    const speed = told.slice(1).map((action, i) => way(action, absolute ? told[i]! : [], absolute));
    assert.ok(speed[8]! > 0.01, 'it moved');
    // Ten ticks, then braking, then the tick that shows that it rests.
    assert.ok(told.length >= 11, 'it was braked, not just stopped');
    assert.ok(speed.at(-1)! < STILL, `speeds ${speed.join(' ')}`);
    const steps = told.length;
    await clock.advance(clock.now() + 5);
    assert.equal(told.length, steps, 'it is connected to nothing any more');
    await Promise.all([policy.close(), inner.close()]);
  });
}

/** The largest number of a step, without the gripper. */
function way(action: readonly number[], before: readonly number[], absolute: boolean): number {
  return Math.max(...action.slice(0, 6).map((value, i) => Math.abs(absolute ? value - before[i]! : value)));
}

function watch(environment: ExpertEnvironment, told: number[][]): ExpertEnvironment {
  return new Proxy(environment, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (key !== 'step') return typeof value === 'function' ? value.bind(target) : value;
      return (action: ArrayLike<number>) => {
        told.push(Array.from(action));
        return target.step(action);
      };
    },
  });
}

test('an interrupted session leaves a whole MCAP file, and no further episode begins', async () => {
  const file = path.join(folder, 'interrupted.mcap');
  const controller = new AbortController();
  const { reports } = await play('six-joint', 'lift', {
    episodes: 3,
    signal: controller.signal,
    recording: { mcap: { file, images: 'raw' }, dataset: null, live: null, about: { note: 'mine' } },
    onTick: ({ tick }) => void (tick === 6 && controller.abort()),
  });
  const { whole, about, episodes } = readSession(file);
  assert.equal(whole, true);
  assert.equal(about['note'], 'mine');
  assert.deepEqual([reports.length, episodes.length], [1, 1]);
  assert.deepEqual(
    episodes[0]!.ticks.map(({ tick }) => tick),
    [0, 1, 2, 3, 4, 5, 6],
  );
  assert.ok(episodes[0]!.inferences.length > 0);
});

test('without limits, with those of another robot or a strategy that it cannot do, nothing starts', async () => {
  const nothing = (changes: Partial<ControlSession>, code: string, message: RegExp) =>
    assert.rejects(play('six-joint', 'lift', { ...changes, onTick: () => assert.fail('it ran') }), { code, message });
  await nothing({ limits: null }, 'mismatch', /vlakit-six-joint: expected limits of its motion, got none/);
  await nothing(
    { limits: WORLD_LIMITS['tabletop']! },
    'mismatch',
    /limits of this robot, got those of vlakit-tabletop/,
  );
  await nothing({ strategy: { name: 'hopeful', execute: 4 } }, 'not-found', /strategy/);
  await assert.rejects(play('tabletop', 'lift', { strategy: { name: 'future-state', execute: 4 } }), {
    code: 'unsupported',
    message: /vlakit-tabletop/,
  });
});
