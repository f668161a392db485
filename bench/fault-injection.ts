/**
 * @file 10,000 faults around the safety gate: what reaches the robot is judged at the robot's side (tests/safety/judged-robot.ts). Writes a
 * table of counts per kind as Markdown; ends with an error when anything was unsafe.
 *
 *     node dist/bench/fault-injection.js [faults = 10000] [real kills = 20]
 */

import process from 'node:process';
import { startProgress } from '../src/base/progress.ts';
import { FAULTS } from '../tests/safety/fault-kinds.ts';
import { injectFaults, type FaultTally } from '../tests/safety/fault-run.ts';
import { killPolicy } from '../tests/safety/kill-run.ts';
import { joints, STARTS, steps } from '../tests/safety/robots.ts';

const [faults = 10_000, kills = 20] = process.argv.slice(2).map(Number);
const ROBOTS = [joints, steps];
/** Faults in one robot's life. */
const LIFE = 100;

const total = new Map<string, FaultTally>();

function add({ fault, injected, ticks, held, stopped, unsafe }: FaultTally): void {
  const sum = total.get(fault) ?? { fault, injected: 0, ticks: 0, held: 0, stopped: 0, unsafe: [] };
  sum.injected += injected;
  sum.ticks += ticks;
  sum.held += held;
  sum.stopped += stopped;
  sum.unsafe.push(...unsafe);
  total.set(fault, sum);
}

const simulated = faults - kills;
const progress = startProgress({ label: 'faults', total: faults, unit: 'faults' });
for (let first = 0, life = 0; first < simulated; first += LIFE, life++) {
  const robot = ROBOTS[life % ROBOTS.length]!;
  const count = Math.min(LIFE, simulated - first);
  for (const tally of await injectFaults(robot, STARTS[robot.embodiment.name]!, life, first, count)) add(tally);
  progress.update(first + count);
}
for (let kill = 0; kill < kills; kill++) {
  const { unsafe, state } = await killPolicy(joints, STARTS['joints']!, kill);
  const [held, stopped] = [Number(state === 'holding'), Number(state === 'stopped')];
  add({ fault: 'kill -9 of the policy', injected: 1, ticks: 0, held, stopped, unsafe: [...unsafe] });
  progress.update(simulated + kill + 1);
}
progress.finish();

const rows = [...total.values()];
const sum = (pick: (tally: FaultTally) => number): number => rows.reduce((all, tally) => all + pick(tally), 0);
console.log('| fault | injected | ticks | held | stopped | unsafe |\n|---|---:|---:|---:|---:|---:|');
for (const { fault, injected, ticks, held, stopped, unsafe } of rows) {
  console.log(`| ${fault} | ${injected} | ${ticks || 'real time'} | ${held} | ${stopped} | ${unsafe.length} |`);
}
console.log(
  `| **all ${Object.keys(FAULTS).length + 1} kinds** | ${sum((t) => t.injected)} | ${sum((t) => t.ticks)} | ${sum((t) => t.held)} | ${sum((t) => t.stopped)} | ${sum((t) => t.unsafe.length)} |`,
);
for (const { fault, unsafe } of rows) for (const what of unsafe.slice(0, 5)) console.error(`${fault}: ${what}`);
process.exitCode = sum((tally) => tally.unsafe.length) > 0 ? 1 : 0;
