/** @file A loop whose process stands still now and then, before the real gate: one action per control period, on the grid, none too close. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { SimulatedClock, type Clock } from '../base/clock.ts';
import { Random } from '../base/random.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { Measurement } from '../interfaces/robot.ts';
import type { TickRecord } from '../interfaces/tick-record.ts';
import { JudgedRobot } from '../../tests/safety/judged-robot.ts';
import { joints, STARTS } from '../../tests/safety/robots.ts';
import { ControlLoop } from './control-loop.ts';
import { openGate } from './safety/safety-gate.ts';
import { naiveAsynchronous } from './strategies/naive-asynchronous.ts';

const HZ = joints.embodiment.controlHz;
const PERIOD = 1 / HZ;

/** From when, and for how long, nothing of the process runs; in periods. */
interface Stall {
  readonly from: number;
  readonly periods: number;
}

/** Whoever would wake during a stall wakes at its end. */
function stalling(truth: Clock, stalls: readonly Stall[]): Clock {
  const awake = (time: number): number => {
    const stall = stalls.find(
      ({ from, periods }) => time > from * PERIOD - 1e-9 && time < (from + periods) * PERIOD - 1e-9,
    );
    return stall === undefined ? time : (stall.from + stall.periods) * PERIOD;
  };
  return {
    now: () => truth.now(),
    sleepUntil: (time, signal) => truth.sleepUntil(awake(Math.max(time, truth.now())), signal),
  };
}

/** Measures at every quarter of a period, whatever stands still. */
class MeasuredRobot extends JudgedRobot {
  readonly arrivals: number[] = [];
  private readonly truth: SimulatedClock;
  private readonly over = new AbortController();

  constructor(truth: SimulatedClock) {
    super(joints, truth, STARTS['joints']!);
    this.truth = truth;
  }

  override async connect(hear: (measurement: Measurement) => void): Promise<void> {
    const measure = async (): Promise<void> => {
      for (let n = 0; ; n++) {
        const time = this.truth.now();
        hear({ sensor: 'state', time, value: this.state() });
        hear({ sensor: 'front', time, value: this.observe().images['front']! });
        await this.truth.sleepUntil(((n + 1) * PERIOD) / 4, this.over.signal);
      }
    };
    void measure().catch(() => undefined);
  }

  override actuate(action: Float32Array): Promise<void> {
    this.arrivals.push(this.truth.now() / PERIOD);
    return super.actuate(action);
  }

  override async close(): Promise<void> {
    this.over.abort();
  }
}

/** Goes slowly from side to side. */
function swaying(): Policy {
  return {
    name: 'swaying',
    embodiment: joints.embodiment,
    reset: () => undefined,
    async infer({ tick }) {
      const rows = Array.from({ length: 20 }, (_, i) => [0.3 * Math.sin((tick! + i) / 40), 0.5, -1, 1]);
      return { horizon: 20, dim: 4, data: Float32Array.from(rows.flat()) };
    },
    close: async () => undefined,
  };
}

interface Played {
  readonly records: readonly TickRecord[];
  readonly robot: MeasuredRobot;
  readonly missed: number;
}

async function play(stalls: readonly Stall[], ticks: number): Promise<Played> {
  const truth = new SimulatedClock();
  const clock = stalling(truth, stalls);
  const robot = new MeasuredRobot(truth);
  const gate = openGate(robot, { clock, limits: joints.limits, oldestAction: 25, deadMan: null });
  const strategy = naiveAsynchronous({ execute: 5 });
  const loop = new ControlLoop({ gate, policy: swaying(), strategy, clock, grace: 0.01 * PERIOD });
  const records: TickRecord[] = [];
  loop.listen((record) => records.push(record));
  const run = loop.run({ seed: 0, instruction: 'sway' }, { ticks });
  run.catch(() => undefined);
  await truth.advance(PERIOD * (ticks + 50));
  await run;
  return { records, robot, missed: loop.counters.missed };
}

/** How many actions arrived in each period, from the second to the last but one. */
function perPeriod({ robot, records }: Played): number[] {
  const counts = Array.from({ length: records.at(-1)!.tick - 1 }, () => 0);
  for (const arrival of robot.arrivals) {
    const period = Math.floor(arrival + 1e-6);
    if (period >= 1 && period <= counts.length) counts[period - 1]!++;
  }
  return counts;
}

for (const periods of [0.2, 0.45, 0.6, 0.74]) {
  test(`a tick that is ${periods} periods late takes place, and the next ones are on the grid again`, async () => {
    const played = await play([{ from: 30, periods }], 60);
    const { records, robot, missed } = played;
    assert.equal(missed, 0);
    assert.deepEqual(robot.unsafe, []);
    assert.deepEqual([...new Set(perPeriod(played))], [1]);
    assert.deepEqual(
      records.flatMap(({ interventions }) => interventions.filter((text) => !text.startsWith('clipped'))),
      [],
    );
    assert.ok(Math.abs(records[30]!.late - periods * PERIOD) < 1e-6);
    // What is missing to half a period after the late one is waited for.
    const wait = Math.max(0, periods - 0.5);
    assert.ok(Math.abs(records[31]!.late - wait * PERIOD) < 1e-6, `${records[31]!.late}`);
    assert.ok(records.every(({ late, tick }) => tick === 30 || tick === 31 || late < 1e-3 * PERIOD + 1e-9));
  });
}

test('a tick that would meet the next one is given up, and the record has no such tick', async () => {
  const { records, robot, missed } = await play([{ from: 30, periods: 0.9 }], 60);
  assert.equal(missed, 1);
  assert.ok(!records.some(({ tick }) => tick === 30));
  assert.ok(Math.abs(robot.arrivals.find((time) => time > 29.5)! - 31) < 1e-6);
  assert.deepEqual(robot.unsafe, []);
});

test('after a stall of several periods, taken for a jump of the clock, the beat is found again at once', async () => {
  const { records } = await play([{ from: 30, periods: 5.6 }], 60);
  const behind = records.filter(({ tick }) => tick > 35);
  assert.match(records.find(({ tick }) => tick === 35)!.interventions.join(), /the clock jumped/);
  assert.deepEqual(
    behind.flatMap(({ interventions }) => interventions.filter((text) => /not sent/.test(text))),
    [],
  );
});

test('stalls at random: at most one action per period, half a period apart, and none refused as too early', async () => {
  for (let seed = 0; seed < 6; seed++) {
    const random = new Random(seed);
    const stalls: Stall[] = [];
    for (let from = 10; from < 150; from += 4 + random.range(0, 8))
      stalls.push({ from: from + random.uniform(), periods: random.range(0, 2.5) });
    const played = await play(stalls, 150);
    assert.deepEqual(played.robot.unsafe, [], `seed ${seed}`);
    assert.ok(Math.max(...perPeriod(played)) <= 1, `seed ${seed}: ${perPeriod(played).join('')}`);
    const early = played.records.filter(({ interventions }) => /has its action/.test(interventions.join()));
    assert.deepEqual(
      early.map(({ tick }) => tick),
      [],
      `seed ${seed}`,
    );
    const { tick } = played.records.at(-1)!;
    assert.equal(tick + 1, 150 + played.missed);
  }
});
