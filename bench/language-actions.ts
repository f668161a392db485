/**
 * @file Language-action data: trajectories per second of one core, drawn, planned and sampled at 50 Hz, for every arm and template, beside
 * the goal of 200. Time is the processor's (the compiler's and the collector's included), so that other work beside it does not count.
 * Rounds go through all of them in turn; median and quartiles.
 *
 *     node dist/bench/language-actions.js [rounds = 5] [trajectories per round = 20]
 */

import process from 'node:process';
import { createTrajectoryGenerator } from '../src/simulation/language-actions/generate.ts';
import { ROBOTS } from '../src/simulation/language-actions/robots.ts';
import { TEMPLATES } from '../src/simulation/language-actions/templates.ts';
import { spread } from './spread.ts';

const GOAL = 200;
const [rounds = 5, each = 20] = process.argv.slice(2).map(Number);

/** What was measured of one arm and template. */
interface Row {
  readonly rates: number[];
  seconds: number;
  rejected: number;
  count: number;
}

/** Milliseconds that all threads of this process have computed. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const robots = Object.keys(ROBOTS);
const templates = Object.keys(TEMPLATES);
const generators = robots.map(createTrajectoryGenerator);
const rows = robots.map(() => templates.map((): Row => ({ rates: [], seconds: 0, rejected: 0, count: 0 })));
const totals: number[] = [];

// The first round warms up and is not counted.
for (let round = -1; round < rounds; round++) {
  let roundMs = 0;
  for (const [r, generator] of generators.entries()) {
    for (const [t, template] of templates.entries()) {
      const row = rows[r]![t]!;
      const start = processorMs();
      for (let i = 0; i < each; i++) {
        const trajectory = generator.generate(template, 1, (round + 1) * each + i);
        trajectory.sample();
        if (round < 0) continue;
        row.seconds += trajectory.plan.duration;
        row.rejected += trajectory.rejected;
        row.count++;
      }
      const ms = processorMs() - start;
      roundMs += ms;
      if (round >= 0) row.rates.push((each / ms) * 1000);
    }
  }
  if (round >= 0) totals.push(((each * robots.length * templates.length) / roundMs) * 1000);
}

process.stdout.write(
  'trajectories per second of one core, median (quartiles); seconds of motion each; drafts rejected each\n',
);
for (const [r, robot] of robots.entries()) {
  for (const [t, template] of templates.entries()) {
    const { rates, seconds, rejected, count } = rows[r]![t]!;
    const name = `${robot.padEnd(13)} ${template.padEnd(16)}`;
    process.stdout.write(
      `${name} ${spread(rates, 0).padEnd(32)} ${(seconds / count).toFixed(1).padStart(5)} s  ${(rejected / count).toFixed(2)}\n`,
    );
  }
}
process.stdout.write(`all, in equal shares   ${spread(totals, 0)}; goal ${GOAL}\n`);
