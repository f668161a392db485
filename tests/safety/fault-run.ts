/** @file A robot behind its gate in simulated time, and faults injected into its world one after the other. */

import { SimulatedClock, type Clock } from '../../src/base/clock.ts';
import { Random } from '../../src/base/random.ts';
import type { Observation } from '../../src/interfaces/observation.ts';
import type { GateMoment, Passed } from '../../src/runtime/gate.ts';
import { openGate, type SafetyGate } from '../../src/runtime/safety/safety-gate.ts';
import { FAULTS, type Injection } from './fault-kinds.ts';
import { JudgedRobot } from './judged-robot.ts';
import type { LimitedRobot } from './robots.ts';

/** What became of the faults of one kind. */
export interface FaultTally {
  readonly fault: string;
  injected: number;
  /** Ticks during the faults and until the robot moved again. */
  ticks: number;
  /** Faults in which the robot was held, and in which it was stopped. */
  held: number;
  stopped: number;
  /** Everything that was unsafe, in sentences. */
  readonly unsafe: string[];
}

/** Ticks between faults, in which the robot moves as its policy wants. */
const [CALM, MORE_CALM] = [5, 25];

/** A robot that went less far than this many of its largest steps may see the same for ever. */
const HARDLY = 1.5;

/** A clock that is set off against the true one. */
class OffsetClock implements Clock {
  offset = 0;
  private readonly truth: Clock;

  constructor(truth: Clock) {
    this.truth = truth;
  }

  now(): number {
    return this.truth.now() + this.offset;
  }

  sleepUntil(time: number, signal?: AbortSignal): Promise<void> {
    return this.truth.sleepUntil(time - this.offset, signal);
  }
}

/** The world of one robot. */
class FaultRun {
  readonly robot: JudgedRobot;
  readonly gate: SafetyGate;
  readonly clock: OffsetClock;
  readonly random: Random;
  readonly period: number;
  private readonly truth = new SimulatedClock(1000);
  private readonly waves: readonly {
    readonly middle: number;
    readonly size: number;
    readonly pace: number;
    readonly phase: number;
  }[];
  private time = 1000;
  private tick = 0;
  private frozen: Observation | null = null;

  constructor(setup: LimitedRobot, start: readonly number[], seed: number) {
    const { embodiment, limits } = setup;
    this.random = new Random(seed, 1);
    this.period = 1 / embodiment.controlHz;
    this.clock = new OffsetClock(this.truth);
    this.robot = new JudgedRobot(setup, this.truth, start);
    this.waves = embodiment.action.names.map((_, i) => {
      const [low, high] = [embodiment.action.low![i]!, embodiment.action.high![i]!];
      const size = 0.5 * (high - low) * this.random.range(0.3, 1);
      return { middle: (low + high) / 2, size, pace: this.random.range(0.3, 2), phase: this.random.range(0, 6) };
    });
    const { clock } = this;
    const frozen = { camera: 0.4, state: 0.3 };
    this.gate = openGate(this.robot, {
      clock,
      limits,
      oldestAction: 30,
      deadMan: 0.3,
      frozen,
      silence: 1,
      patience: 5,
    });
  }

  /** What the policy wants: waves over most of the range, so that limits and workspaces are met. */
  wanted(): Float32Array {
    const t = this.time - 1000;
    return Float32Array.from(this.waves, ({ middle, size, pace, phase }) => middle + size * Math.sin(pace * t + phase));
  }

  /** One tick with whatever is wrong in it; what the calls of the gate gave. */
  async step(injection: Injection | null): Promise<readonly (Passed | Error)[]> {
    const { calls = 1, late, wanted, moment, released, frozen } = injection ?? {};
    const begun = this.time;
    if (released !== true) this.gate.enable();
    const delay = late?.() ?? 0;
    if (delay > 0) await this.truth.advance(begun + delay * this.period);
    const results: (Passed | Error)[] = [];
    const pending = { open: 0 };
    for (let call = 0; call < calls; call++) {
      const now = this.robot.observe();
      if (frozen === undefined) this.frozen = null;
      else this.frozen ??= now;
      const held = this.frozen ?? now;
      const observation = {
        ...now,
        ...(frozen === 'camera' || frozen === 'both' ? { images: held.images } : {}),
        ...(frozen === 'state' || frozen === 'both' ? { state: held.state } : {}),
      };
      const age = Math.min(this.tick, this.random.integer(10));
      const at: GateMoment = { time: this.clock.now(), tick: this.tick, age, observation };
      const want = wanted === undefined ? this.wanted() : wanted(this.wanted());
      pending.open++;
      this.gate.pass(want, moment === undefined ? at : moment(at)).then(
        (passed) => void (results.push(passed), pending.open--),
        (error: unknown) => void (results.push(error as Error), pending.open--),
      );
      this.tick++;
    }
    if (calls === 0) this.tick++;
    this.time = begun + this.period;
    await this.truth.advance(this.time);
    while (pending.open > 0) {
      this.time += this.period;
      await this.truth.advance(this.time);
    }
    return results;
  }

  /** A human comes, once the robot says that it stands. */
  async rescue(): Promise<void> {
    while (!this.robot.stopped) await this.step(null);
    this.robot.faults.dropped = this.robot.faults.deafToStop = this.robot.faults.hanging = 0;
    await this.step(null);
    await this.gate.release('a test');
    this.robot.revive();
  }

  jump(seconds: number): void {
    this.clock.offset += seconds;
  }
}

/** Injects the `count` faults from `first` on (all kinds in turn) into one robot's world, and adds up what came of them. */
export async function injectFaults(
  setup: LimitedRobot,
  start: readonly number[],
  seed: number,
  first: number,
  count: number,
): Promise<FaultTally[]> {
  const run = new FaultRun(setup, start, seed);
  const kinds = Object.keys(FAULTS);
  const tallies = new Map<string, FaultTally>();
  await run.gate.connect(() => undefined);
  for (let n = first; n < first + count; n++) {
    const fault = kinds[n % kinds.length]!;
    const tally = tallies.get(fault) ?? { fault, injected: 0, ticks: 0, held: 0, stopped: 0, unsafe: [] };
    tallies.set(fault, tally);
    await injectOne(run, fault, tally);
  }
  await run.gate.close();
  return [...tallies.values()];
}

async function injectOne(run: FaultRun, fault: string, tally: FaultTally): Promise<void> {
  const { robot, gate, random, period } = run;
  const known = robot.unsafe.length;
  const calm = CALM + random.integer(MORE_CALM);
  for (let i = 0; i < calm; i++) await run.step(null);
  const injection = FAULTS[fault]!({ robot, random, period, jump: (seconds) => run.jump(seconds) });
  let held = false;
  let way = 0;
  for (let i = 0; i < injection.ticks; i++) {
    way += robot.pace;
    for (const result of await run.step(injection)) {
      if (result instanceof Error) continue;
      if (injection.forbidden === true && result.source === 'chunk') tally.unsafe.push('followed what it must not');
      held ||= result.source === 'hold';
    }
  }
  const stands = robot.still || (injection.frozen !== undefined && (way < HARDLY || gate.state === 'holding'));
  if (injection.stands === true && !stands) tally.unsafe.push('still moves');
  tally.injected++;
  tally.ticks += calm + injection.ticks;
  if (held) tally.held++;
  if (gate.state === 'stopped') {
    tally.stopped++;
    await run.rescue();
  }
  tally.unsafe.push(...robot.unsafe.slice(known));
}
