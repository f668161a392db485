/** @file What may go wrong around a gate: each fault as what it does to the ticks that it lasts. */

import type { Random } from '../../src/base/random.ts';
import type { GateMoment } from '../../src/runtime/gate.ts';
import type { JudgedRobot } from './judged-robot.ts';

/** What a fault may touch. */
export interface FaultTarget {
  readonly robot: JudgedRobot;
  readonly random: Random;
  /** Control period, seconds. */
  readonly period: number;
  /** Sets the clock that the gate sees off against the true one, seconds. */
  jump(seconds: number): void;
}

/** One fault in action. */
export interface Injection {
  /** How many ticks it lasts. */
  readonly ticks: number;
  /** Changes what is wanted; null: nothing is. */
  readonly wanted?: (wanted: Float32Array) => Float32Array | null;
  readonly moment?: (at: GateMoment) => GateMoment;
  /** What is wanted meanwhile must not be followed. */
  readonly forbidden?: boolean;
  /** At its end the robot must stand. */
  readonly stands?: boolean;
  /** How often the loop asks per tick; 0: not at all. */
  readonly calls?: number;
  /** Periods by which the loop is late in each tick. */
  readonly late?: () => number;
  /** Nobody holds the dead-man switch. */
  readonly released?: boolean;
  /** A sensor says what it said when the fault began. */
  readonly frozen?: 'camera' | 'state' | 'both';
}

/** Long enough for every bound of the gate and for braking, seconds. */
const LONG = 2;

const long = ({ period, random }: FaultTarget): number => Math.ceil((LONG * (1 + 0.3 * random.uniform())) / period);
const brief = ({ random }: FaultTarget): number => 1 + random.integer(6);

function spoilt(wanted: Float32Array, random: Random, value: () => number): Float32Array {
  const out = wanted.slice();
  out[random.integer(out.length)] = value();
  return out;
}

/** All faults by name; each call begins one. */
export const FAULTS: Readonly<Record<string, (target: FaultTarget) => Injection>> = {
  'dropped link, an action': ({ robot, random }) => {
    robot.faults.dropped = 1 + random.integer(2);
    return { ticks: 3 };
  },
  'dropped link, for good': ({ robot, random }) => {
    robot.faults.dropped = 3 + random.integer(5);
    robot.faults.deafToStop = random.integer(8);
    return { ticks: 12 };
  },
  'answer lost': ({ robot, random }) => {
    robot.faults.unanswered = 1 + random.integer(4);
    return { ticks: 4 };
  },
  'robot hangs': ({ robot }) => {
    robot.faults.hanging = 1;
    return { ticks: 4 };
  },
  'frozen server': (target) => ({ ticks: long(target), wanted: () => null, stands: true }),
  NaN: (target) => ({
    ticks: brief(target),
    forbidden: true,
    wanted: (wanted) => spoilt(wanted, target.random, () => NaN),
  }),
  infinite: (target) => ({
    ticks: brief(target),
    forbidden: true,
    wanted: (wanted) => spoilt(wanted, target.random, () => (target.random.uniform() < 0.5 ? Infinity : -Infinity)),
  }),
  'saturated, far outside': (target) => ({
    ticks: brief(target),
    forbidden: true,
    wanted: (wanted) => spoilt(wanted, target.random, () => target.random.pick([-1e6, 1e6, 3e38, -3e38])),
  }),
  'saturated, at the ends': (target) => {
    const { low, high } = target.robot.embodiment.action;
    return {
      ticks: 10 + target.random.integer(60),
      wanted: (wanted) => wanted.map((_, i) => (target.random.uniform() < 0.5 ? low![i]! : high![i]!)),
    };
  },
  noise: (target) => ({
    ticks: 10 + target.random.integer(60),
    wanted: (wanted) => wanted.map((value) => value + 0.2 * target.random.normal()),
  }),
  'wrong length': (target) => ({
    ticks: brief(target),
    forbidden: true,
    wanted: (wanted) => wanted.slice(0, target.random.integer(wanted.length)),
  }),
  'frozen camera': (target) => ({ ticks: long(target), frozen: 'camera', stands: true }),
  'frozen state': (target) => ({ ticks: long(target), frozen: 'state', stands: true }),
  'all sensors frozen': (target) => ({ ticks: long(target), frozen: 'both', stands: true }),
  'sensors silent': (target) => ({
    ticks: long(target),
    forbidden: true,
    stands: true,
    moment: (at) => ({ ...at, observation: null }),
  }),
  'state not finite': (target) => ({
    ticks: brief(target),
    moment: (at) => ({
      ...at,
      observation: { ...at.observation!, state: at.observation!.state.map(() => NaN) },
    }),
    forbidden: true,
  }),
  'clock jumps forwards': ({ random, jump }) => {
    jump(10 ** random.range(-2.5, 1));
    return { ticks: 4 };
  },
  'clock jumps backwards': ({ random, jump }) => {
    jump(-(10 ** random.range(-2.5, 1)));
    return { ticks: 4 };
  },
  'reordered chunk': (target) => {
    let back = target.random.integer(5);
    // Two ticks back for each one on: the actions of a chunk from its end.
    return {
      ticks: brief(target),
      forbidden: true,
      moment: (at) => ({ ...at, age: 0, tick: Math.max(0, at.tick - (back += 2)) }),
    };
  },
  'stale chunk': (target) => ({
    ticks: brief(target),
    forbidden: true,
    moment: (at) => ({ ...at, age: 31 + target.random.integer(100) }),
  }),
  'chunk from before the reset': (target) => ({
    ticks: brief(target),
    forbidden: true,
    moment: (at) => ({ ...at, age: at.tick + 1 }),
  }),
  'loop stalls': (target) => ({ ticks: long(target), calls: 0, stands: true }),
  'loop stalls briefly': (target) => ({ ticks: brief(target), calls: 0 }),
  'loop bursts': (target) => ({ ticks: brief(target), calls: 2 + target.random.integer(4) }),
  'loop late': (target) => ({ ticks: 20, late: () => 0.9 * target.random.uniform() }),
  'dead-man switch released': (target) => ({ ticks: long(target), released: true, stands: true }),
};
