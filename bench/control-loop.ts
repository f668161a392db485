/**
 * @file How punctual a 100 Hz control loop is whose policy computes for 80 ms at a time in this thread: in its own thread, which
 * sleeps in slices, then spins, beside the same thread with plain timers, and beside plain timers in this thread. In turns, so that
 * other load falls on all alike. A tick's lateness counts from the most punctual tick of its run.
 *
 *     node dist/bench/control-loop.js [seconds per run = 4] [rounds = 8]
 */

import process from 'node:process';
import { systemClock } from '../src/base/clock.ts';
import { workerUrl } from '../src/base/worker-url.ts';
import { percentile } from '../src/benchmarks/statistics.ts';
import type { Policy } from '../src/interfaces/policy.ts';
import type { TickRecord } from '../src/interfaces/tick-record.ts';
import { ControlLoop } from '../src/runtime/control-loop.ts';
import { ThreadedLoop } from '../src/runtime/thread/threaded-loop.ts';
import { BENCH_EMBODIMENT, openRobot } from './control-loop-robot.ts';
import { spread } from './spread.ts';

const RATE = BENCH_EMBODIMENT.controlHz;
const THINKS_MS = 80;
const HORIZON = 40;
const GOAL_MS = 1;

const seconds = Number(process.argv[2] ?? 4);
const rounds = Number(process.argv[3] ?? 8);
const ticks = Math.round(seconds * RATE);
const module = workerUrl(import.meta.url, './control-loop-robot').href;

/** A policy that keeps its thread busy, as one that computes in JavaScript or WebAssembly does. */
const policy: Policy = {
  name: 'busy',
  embodiment: BENCH_EMBODIMENT,
  reset: () => {},
  async infer() {
    const end = performance.now() + THINKS_MS;
    while (performance.now() < end);
    const dim = BENCH_EMBODIMENT.action.names.length;
    return { horizon: HORIZON, dim, data: new Float32Array(HORIZON * dim) };
  },
  close: async () => {},
};

const EPISODE = { seed: 0, instruction: 'hold' };

async function threaded(wait: 'punctually' | 'by-timer'): Promise<TickRecord[]> {
  const records: TickRecord[] = [];
  const loop = await ThreadedLoop.open({ module, policy, wait });
  loop.listen((record) => records.push(record));
  await loop.run(EPISODE, ticks);
  await loop.close();
  return records;
}

async function here(): Promise<TickRecord[]> {
  const records: TickRecord[] = [];
  const loop = new ControlLoop({ ...(await openRobot({}, systemClock)), policy, clock: systemClock });
  loop.listen((record) => records.push(record));
  await loop.run(EPISODE, { ticks });
  return records;
}

/** Milliseconds, one per tick. */
function lateness(records: readonly TickRecord[]): number[] {
  const after = records.map(({ time, tick }) => 1000 * (time - tick / RATE));
  const first = Math.min(...after);
  return after.map((one) => one - first);
}

const ARMS = {
  'own thread, sleep then spin': () => threaded('punctually'),
  'own thread, plain timers': () => threaded('by-timer'),
  'this thread, plain timers': here,
} as const;
type Arm = keyof typeof ARMS;

const names = Object.keys(ARMS) as Arm[];
/** One entry per round: the 99th percentile, ms. */
const p99 = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Arm, number[]>;
const all = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Arm, number[]>;
await threaded('punctually');
for (let round = 0; round < rounds; round++) {
  for (const name of names) {
    const late = lateness(await ARMS[name]());
    p99[name].push(percentile(late, 0.99));
    all[name].push(...late);
  }
}

console.log(`${RATE} Hz, ${rounds} rounds of ${seconds} s, inference of ${THINKS_MS} ms without a pause`);
for (const name of names) {
  const [p50, p99Of, max] = [0.5, 0.99, 1].map((share) => percentile(all[name], share).toFixed(3));
  console.log(`${name}: p50 ${p50} ms, p99 ${p99Of} ms, max ${max} ms; p99 per round ${spread(p99[name], 3)}`);
}
const [spun, slept] = ['own thread, sleep then spin', 'own thread, plain timers'] as const;
console.log(
  `plain timers over sleep then spin, p99: ${spread(
    p99[slept].map((one, i) => one / p99[spun][i]!),
    1,
  )}`,
);
console.log(
  `over the goal of ${GOAL_MS} ms: ${spread(
    p99[spun].map((one) => one / GOAL_MS),
    2,
  )}`,
);
