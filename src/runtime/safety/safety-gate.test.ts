/** @file The gate's state machine, on a simulated clock, before a robot that judges all that it is told. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { SimulatedClock } from '../../base/clock.ts';
import { VlaError } from '../../base/errors.ts';
import { JudgedRobot } from '../../../tests/safety/judged-robot.ts';
import { joints, STARTS, steps, type LimitedRobot } from '../../../tests/safety/robots.ts';
import type { GateMoment, Passed } from '../gate.ts';
import { openGate, type SafetyGate } from './safety-gate.ts';
import type { SafetyOptions } from './safety-options.ts';

/** A robot behind its gate, and a loop that ticks it. */
class Bench {
  readonly clock = new SimulatedClock(100);
  readonly robot: JudgedRobot;
  readonly gate: SafetyGate;
  readonly states: string[] = [];
  tick = 0;
  private readonly period: number;
  private time = 100;

  constructor(robot: LimitedRobot, options: Partial<SafetyOptions> = {}) {
    this.robot = new JudgedRobot(robot, this.clock, STARTS[robot.embodiment.name]!);
    this.period = 1 / robot.embodiment.controlHz;
    const onState = (state: string): number => this.states.push(state);
    const { limits } = robot;
    this.gate = openGate(this.robot, {
      clock: this.clock,
      limits,
      oldestAction: 25,
      deadMan: null,
      onState,
      ...options,
    });
  }

  connect(): Promise<void> {
    return this.gate.connect(() => undefined);
  }

  /** One tick of a loop; rejects as `pass` does. */
  async step(wanted: readonly number[] | null, moment: Partial<GateMoment> = {}): Promise<Passed> {
    const at = { time: this.time, tick: this.tick++, age: 0, observation: this.robot.observe(), ...moment };
    const passed = this.gate.pass(wanted === null ? null : Float32Array.from(wanted), at);
    passed.catch(() => undefined);
    await this.wait(1);
    return passed;
  }

  async wait(periods: number): Promise<void> {
    this.time += periods * this.period;
    await this.clock.advance(this.time);
  }
}

async function started(robot: LimitedRobot, options: Partial<SafetyOptions> = {}): Promise<Bench> {
  const bench = new Bench(robot, options);
  await bench.connect();
  return bench;
}

const AHEAD = [1, 0.5, -1, 1];

test('a robot follows what is wanted, within its limits, and comes to rest there', async () => {
  const bench = await started(joints);
  let passed: Passed | null = null;
  for (let i = 0; i < 100; i++) passed = await bench.step(AHEAD);
  assert.deepEqual(bench.robot.unsafe, []);
  assert.deepEqual([...passed!.action], AHEAD.map(Math.fround));
  assert.deepEqual(passed!.interventions, []);
  assert.ok(bench.robot.still);
  assert.deepEqual(bench.states, ['ready', 'moving']);
});

test('what is clipped is named', async () => {
  const bench = await started(joints);
  const { interventions, source } = await bench.step([3.2, 0.5, -1, 1.1]);
  assert.equal(source, 'chunk');
  assert.deepEqual(interventions, [
    'clipped: pan position',
    'clipped: pan velocity',
    'clipped: pan acceleration',
    'clipped: pan jerk',
    'clipped: grip position',
  ]);
});

test('a limit that is not to be clipped to is refused', async () => {
  const bench = await started(joints, { refuse: ['velocity'] });
  const { interventions, source } = await bench.step(AHEAD);
  assert.deepEqual([source, interventions], ['hold', ['refused: pan velocity']]);
});

for (const [what, wanted, moment, said] of [
  ['NaN', [NaN, 0, 0, 0], {}, /pan is NaN/],
  ['infinity', [0, Infinity, 0, 0], {}, /lift is Infinity/],
  ['a wrong length', [0, 0, 0], {}, /expected 4 numbers, got 3/],
  ['a saturated number', [1e6, 0, 0, 0], {}, /far outside -3 to 3/],
  ['a stale action', AHEAD, { age: 26, tick: 40 }, /26 ticks old, more than 25/],
  ['an action from before the reset', AHEAD, { age: 21, tick: 20 }, /before the episode/],
  ['an action from the future', AHEAD, { age: -1 }, /-1 ticks old/],
  ['an action that follows from nothing', AHEAD, { age: null }, /no observation/],
  ['a tick that was already', AHEAD, { tick: 3 }, /tick 3 is not behind tick/],
  ['a tick without sight', AHEAD, { observation: null }, /nothing is seen/],
] as const) {
  test(`${what} is refused, and the robot comes to a standstill`, async () => {
    const bench = await started(joints);
    for (let i = 0; i < 12; i++) await bench.step(AHEAD);
    assert.ok(!bench.robot.still);
    const { source, interventions } = await bench.step(wanted, moment);
    assert.equal(source, 'hold');
    assert.match(interventions.join(), said);
    assert.equal(bench.gate.state, 'holding');
    for (let i = 0; i < 40; i++) await bench.step(null, { tick: 100 + i });
    assert.ok(bench.robot.still);
    assert.deepEqual(bench.robot.unsafe, []);
    await bench.step(AHEAD, { tick: 1000 });
    assert.equal(bench.gate.state, 'moving');
  });
}

test('a hold brakes within the limits, and the robot’s last target is repeated', async () => {
  const bench = await started(joints);
  for (let i = 0; i < 20; i++) await bench.step(AHEAD);
  let passed: Passed | null = null;
  for (let i = 0; i < 40; i++) passed = await bench.step(null);
  assert.ok(bench.robot.still);
  assert.deepEqual(passed!.action.slice(0, 3), bench.robot.state().slice(0, 3));
  assert.deepEqual(bench.robot.unsafe, []);
});

test('a loop that falls silent is filled in for, and ends in a stop that stays', async () => {
  const bench = await started(joints, { silence: 1 });
  for (let i = 0; i < 20; i++) await bench.step(AHEAD);
  const before = bench.robot.received;
  await bench.wait(46);
  assert.equal(bench.gate.state, 'holding');
  assert.ok(bench.robot.received >= before + 35);
  assert.ok(bench.robot.still);
  assert.deepEqual(bench.robot.unsafe, []);
  await bench.wait(8);
  assert.equal(bench.gate.state, 'stopped');
  assert.ok(bench.robot.stopped);
  const { source, interventions } = await bench.step(AHEAD);
  assert.equal(source, 'stop');
  assert.match(interventions.join(), /nobody asked for an action for 1 s/);
  bench.gate.reset();
  bench.gate.enable();
  assert.equal((await bench.step(AHEAD)).source, 'stop');
});

test('only a human by name ends a stop', async () => {
  const bench = await started(joints);
  for (let i = 0; i < 20; i++) await bench.step(AHEAD);
  await bench.gate.stop('a test');
  await assert.rejects(bench.gate.release(' '), { code: 'bad-argument' });
  await bench.gate.release('Ada');
  bench.robot.revive();
  assert.equal(bench.gate.state, 'ready');
  for (let i = 0; i < 20; i++) assert.notEqual((await bench.step(AHEAD)).source, 'stop');
  assert.deepEqual(bench.robot.unsafe, []);
  await assert.rejects(bench.gate.release('Ada'), { code: 'bad-argument' });
});

test('nobody holds the dead-man switch: the robot holds', async () => {
  const bench = await started(joints, { deadMan: 0.2 });
  assert.match((await bench.step(AHEAD)).interventions.join(), /nobody enables/);
  bench.gate.enable();
  for (let i = 0; i < 11; i++) assert.equal((await bench.step(AHEAD)).source, 'chunk');
  const { source } = await bench.step(AHEAD);
  assert.equal(source, 'hold');
  for (let i = 0; i < 40; i++) await bench.step(AHEAD);
  assert.ok(bench.robot.still);
  assert.deepEqual(bench.robot.unsafe, []);
});

test('an action that fails is sent again; a link that stays down ends in a stop', async () => {
  const bench = await started(joints);
  for (let i = 0; i < 10; i++) await bench.step(AHEAD);
  bench.robot.faults.dropped = 2;
  assert.equal((await bench.step(AHEAD)).source, 'chunk');
  bench.robot.faults.unanswered = 2;
  assert.equal((await bench.step(AHEAD)).source, 'chunk');
  bench.robot.faults.dropped = 3;
  const { source, interventions } = await bench.step(AHEAD);
  assert.equal(source, 'stop');
  assert.match(interventions.join(), /the link failed: link down/);
  assert.ok(bench.robot.stopped);
  assert.deepEqual(bench.robot.unsafe, []);
});

test('a robot that does not answer is stopped after a period', async () => {
  const bench = await started(joints);
  for (let i = 0; i < 10; i++) await bench.step(AHEAD);
  bench.robot.faults.hanging = 1;
  assert.match((await bench.step(AHEAD)).interventions.join(), /no answer in 0.02 s/);
  assert.ok(bench.robot.stopped);
});

test('a stop that does not arrive is told to the loop, and tried until it does', async () => {
  const bench = await started(joints);
  for (let i = 0; i < 10; i++) await bench.step(AHEAD);
  bench.robot.faults.dropped = 3;
  bench.robot.faults.deafToStop = 7;
  await assert.rejects(bench.step(AHEAD), { code: 'io' });
  await assert.rejects(bench.gate.release('Ada'), { code: 'bad-argument' });
  await bench.wait(5);
  assert.ok(bench.robot.stopped);
  assert.equal((await bench.step(AHEAD)).source, 'stop');
});

for (const [sensor, said] of [
  ['camera', /camera front is frozen/],
  ['state', /state is frozen/],
] as const) {
  test(`a frozen ${sensor} holds the robot until it is alive again`, async () => {
    const bench = await started(joints);
    for (let i = 0; i < 10; i++) await bench.step(AHEAD);
    const frozen = bench.robot.observe();
    const seen = (): GateMoment['observation'] =>
      sensor === 'camera'
        ? { ...bench.robot.observe(), images: frozen.images }
        : { ...bench.robot.observe(), state: frozen.state };
    const far = [-1, 0.5, -1, 1];
    let held = '';
    for (let i = 0; i < 80 && held === ''; i++) {
      const { source, interventions } = await bench.step(i < 30 ? far : AHEAD, { observation: seen() });
      if (source === 'hold') held = interventions.join();
    }
    assert.match(held, said);
    assert.equal((await bench.step(AHEAD)).source, 'chunk');
    assert.deepEqual(bench.robot.unsafe, []);
  });
}

test('a robot that sees nothing change is held, as blocked or frozen, until somebody takes hold of the switch anew', async () => {
  const bench = await started(joints, { deadMan: 0.2 });
  const seen = bench.robot.observe();
  // Its sensors say the same for ever, as noiseless ones do of a robot that is blocked.
  const push = async (ticks: number, held: boolean): Promise<string> => {
    let sources = '';
    for (let i = 0; i < ticks; i++) {
      if (held) bench.gate.enable();
      const { source, interventions } = await bench.step(bench.tick % 60 < 30 ? AHEAD : [-1, 0.5, -1, 1], {
        observation: seen,
      });
      sources += source[0]!;
      if (held && source === 'hold')
        assert.match(interventions.join(), /nothing seen has changed: the robot is blocked/);
    }
    return sources;
  };
  assert.match(await push(150, true), /^c{26,60}h+$/);
  assert.match(await push(30, false), /^h+$/);
  assert.match(await push(60, true), /^c{26,50}h+$/);
  assert.deepEqual(bench.robot.unsafe, []);
});

test('a robot that stands still may see the same for ever', async () => {
  const bench = await started(joints);
  for (let i = 0; i < 300; i++) assert.equal((await bench.step([0, 0.5, -1, 1])).source, 'chunk');
});

test('actions that come too fast are not sent', async () => {
  const bench = await started(joints);
  const at = (tick: number): GateMoment => ({ time: 100, tick, age: 0, observation: bench.robot.observe() });
  const wanted = Float32Array.from(AHEAD);
  const all = await Promise.all([0, 1, 2].map((tick) => bench.gate.pass(wanted, at(tick))));
  assert.equal(bench.robot.received, 1);
  assert.match(all[2]!.interventions.join(), /this control period has its action/);
});

test('after an action that arrived late the next one waits', async () => {
  const bench = await started(joints, { link: { tries: 1, seconds: 0.018 } });
  for (let i = 0; i < 5; i++) await bench.step(AHEAD);
  const { robot } = bench;
  const send = robot.actuate.bind(robot);
  robot.actuate = async (action) => {
    await bench.clock.sleepUntil(bench.clock.now() + 0.015);
    await send(action);
  };
  assert.equal((await bench.step(AHEAD)).source, 'chunk');
  robot.actuate = send;
  // It arrived 5 ms ago; half a period is 10 ms.
  const arrivals: number[] = [];
  robot.actuate = (action) => {
    arrivals.push(bench.clock.now());
    return send(action);
  };
  const begun = bench.clock.now();
  for (let i = 0; i < 3; i++) assert.equal((await bench.step(AHEAD)).source, 'chunk');
  assert.deepEqual(
    arrivals.map((time) => Math.round(1000 * (time - begun))),
    [5, 20, 40],
  );
  assert.deepEqual(robot.unsafe, []);
});

test('held for longer than patience, the robot is stopped', async () => {
  const bench = await started(joints, { patience: 0.5 });
  for (let i = 0; i < 10; i++) await bench.step(AHEAD);
  for (let i = 0; i < 27; i++) await bench.step(null);
  assert.equal(bench.gate.state, 'stopped');
});

test('a base stays on its floor and its lift in its range, whatever its heading', async () => {
  const bench = await started(steps);
  let clipped = '';
  for (let i = 0; i < 400; i++) {
    const wanted = [0.9, 0.3, i % 150 < 20 ? 0.8 : 0, i < 200 ? 1 : -1, i % 2 === 0 ? 1 : -1];
    clipped += (await bench.step(wanted)).interventions.join();
  }
  assert.deepEqual(bench.robot.unsafe, []);
  assert.match(clipped, /floor workspace/);
  assert.match(clipped, /lift position/);
  assert.ok(bench.robot.state()[4]! < 0.15);
});

test('a chain’s tip stays in its box', async () => {
  const bench = await started(joints);
  let clipped = '';
  for (let i = 0; i < 200; i++) clipped += (await bench.step([0, 0, 0, 1])).interventions.join();
  assert.match(clipped, /tip workspace/);
  assert.deepEqual(bench.robot.unsafe, []);
});

test('a robot has one gate', () => {
  const { robot } = new Bench(joints);
  const options = { clock: new SimulatedClock(), limits: joints.limits, oldestAction: 1, deadMan: null };
  assert.throws(() => openGate(robot, options), { code: 'bad-argument' });
});

test('a robot that cannot be held, or held to limits, is refused by name', () => {
  const refuse = (
    robot: Partial<LimitedRobot['embodiment']>,
    limits: object | null,
    said: RegExp,
    of = joints,
  ): void => {
    const embodiment = { ...of.embodiment, ...robot };
    const judged = new JudgedRobot({ embodiment, limits: of.limits }, new SimulatedClock(), [0, 0, 0, 0]);
    assert.throws(
      () =>
        openGate(judged, {
          clock: new SimulatedClock(),
          limits: limits === null ? null : { ...of.limits, ...limits },
          oldestAction: 1,
          deadMan: null,
        }),
      (error) => error instanceof VlaError && error.code === 'mismatch' && said.test(error.message),
    );
  };
  refuse({}, null, /judged|joints: expected limits of its motion, got none/);
  refuse({}, { embodiment: 'other' }, /got those of other/);
  refuse({}, { hold: 'hold-action' }, /expected a hold action, got none/);
  refuse({ holdAction: [0, 0, 0, 0] }, { hold: 'hold-action' }, /a constant target is a place to go to/);
  refuse({ holdAction: null }, {}, /expected a hold action, got none/, steps);
  refuse({ holdAction: [0, 0, 0.1, 0, 0] }, {}, /moves around/, steps);
  refuse({}, { hold: 'last-target' }, /a repeated delta moves on/, steps);
  refuse({}, { axes: joints.limits.axes.slice(1) }, /expected limits of pan, lift, elbow, grip, got lift, elbow, grip/);
  const [pan, ...others] = joints.limits.axes;
  refuse({}, { axes: [{ ...pan, state: null }, ...others] }, /pan: expected the state that says where it is/);
  refuse({}, { axes: [{ ...pan, position: null }, ...others] }, /pan: expected position limits/);
  refuse({}, { axes: [{ ...pan, jerk: 0 }, ...others] }, /pan: expected numbers above zero/);
  const { action } = joints.embodiment;
  const relative = { ...action.convention, reference: 'relative-to-chunk-start' } as const;
  refuse({ action: { ...action, convention: relative } }, {}, /decode them first/);
});

test('closing stops the robot and lets it go, once', async () => {
  const bench = await started(joints);
  for (let i = 0; i < 10; i++) await bench.step(AHEAD);
  await bench.gate.close();
  await bench.gate.close();
  assert.ok(bench.robot.stopped);
  openGate(bench.robot, { clock: bench.clock, limits: joints.limits, oldestAction: 1, deadMan: null });
});
