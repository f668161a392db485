/**
 * @file How many control steps of the tabletop one core makes: physics and controller alone, and with both cameras rendered, in turns, so
 * that other load falls on all alike. Experts play; resets count. Rates are per second of CPU time, one per round of all tasks, printed
 * with median and quartiles.
 *
 *     node dist/bench/simulation.js [image size = 128] [rounds = 6]
 */

import process from 'node:process';
import type { EpisodeSpec, Outcome } from '../src/interfaces/environment.ts';
import { createTabletop } from '../src/simulation/tabletop/index.ts';
import { spread } from './spread.ts';

/** Steps per second and core that the tabletop should reach with both cameras at 128². */
const GOAL = 150;
const GOAL_SIZE = 128;

const size = Number(process.argv[2] ?? GOAL_SIZE);
const rounds = Number(process.argv[3] ?? 6);
const tabletop = await createTabletop({ imageSize: size });

const KINDS = ['physics', 'with both cameras', 'with privileged facts'] as const;
type Kind = (typeof KINDS)[number];

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What playing cost: control steps, and seconds of CPU and of the clock. */
interface Cost {
  steps: number;
  cpu: number;
  wall: number;
}

/** Milliseconds of the clock for each pair of images. */
const pairs: number[] = [];

/** Plays one episode. */
async function play(spec: EpisodeSpec, kind: Kind): Promise<Cost> {
  const [cpu, wall] = [cpuSeconds(), performance.now()];
  await tabletop.reset(spec);
  let outcome: Outcome = 'running';
  let steps = 0;
  while (outcome === 'running') {
    if (kind !== 'physics') {
      const start = performance.now();
      await tabletop.observe();
      pairs.push(performance.now() - start);
    }
    if (kind === 'with privileged facts') tabletop.privileged();
    outcome = await tabletop.step(tabletop.expert());
    steps++;
  }
  return { steps, cpu: cpuSeconds() - cpu, wall: (performance.now() - wall) / 1000 };
}

// Scenes are compiled at their first use: not counted.
for (const task of tabletop.tasks) for (let seed = 0; seed < rounds; seed++) await tabletop.reset({ task, seed });
await play({ task: 'lift', seed: 0 }, 'with privileged facts');
pairs.length = 0;

/** One entry per round, over all tasks. */
const costs = Object.fromEntries(KINDS.map((kind) => [kind, []])) as unknown as Record<Kind, Cost[]>;
for (let seed = 0; seed < rounds; seed++) {
  for (const kind of KINDS) costs[kind].push({ steps: 0, cpu: 0, wall: 0 });
  for (const task of tabletop.tasks) {
    for (const kind of KINDS) {
      const total = costs[kind].at(-1)!;
      const { steps, cpu, wall } = await play({ task, seed }, kind);
      total.steps += steps;
      total.cpu += cpu;
      total.wall += wall;
    }
  }
}
await tabletop.close();

console.log(`tabletop, ${tabletop.tasks.length} tasks, ${rounds} rounds, two ${size} × ${size} cameras`);
for (const kind of KINDS) {
  const rates = costs[kind].map(({ steps, cpu }) => steps / cpu);
  const clock = costs[kind].map(({ steps, wall }) => steps / wall);
  console.log(`${kind.padEnd(24)} steps/s of CPU ${spread(rates, 0)}; of the clock ${spread(clock, 0)}`);
}
console.log(`${'both images, with a copy'.padEnd(24)} ms ${spread(pairs, 2)}`);
const shares = costs['with both cameras'].map(({ steps, cpu }) => steps / cpu / GOAL);
if (size === GOAL_SIZE) console.log(`over the goal of ${GOAL} steps/s and core: ${spread(shares, 2)}`);
