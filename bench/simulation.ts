/**
 * @file How many control steps of the tabletop one core makes: physics and controller alone, and with both cameras rendered, in turns, so
 * that other load falls on all alike. Experts play; resets count. Rates are per second of CPU time.
 *
 *     node dist/bench/simulation.js [image size = 128] [rounds = 6]
 */

import process from 'node:process';
import type { EpisodeSpec, Outcome } from '../src/interfaces/environment.ts';
import { createTabletop } from '../src/simulation/tabletop/index.ts';

/** Steps per second and core that the tabletop should reach with both cameras at 128². */
const GOAL = 150;

const size = Number(process.argv[2] ?? 128);
const rounds = Number(process.argv[3] ?? 6);
const tabletop = await createTabletop({ imageSize: size });

const KINDS = ['physics', 'with both cameras', 'with privileged facts'] as const;
type Kind = (typeof KINDS)[number];

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Plays one episode; its control steps and seconds of CPU and of the clock. */
async function play(spec: EpisodeSpec, kind: Kind): Promise<{ steps: number; cpu: number; wall: number }> {
  const [cpu, wall] = [cpuSeconds(), performance.now()];
  await tabletop.reset(spec);
  let outcome: Outcome = 'running';
  let steps = 0;
  while (outcome === 'running') {
    if (kind !== 'physics') await tabletop.observe();
    if (kind === 'with privileged facts') tabletop.privileged();
    outcome = await tabletop.step(tabletop.expert());
    steps++;
  }
  return { steps, cpu: cpuSeconds() - cpu, wall: (performance.now() - wall) / 1000 };
}

// Scenes are compiled at their first use: not counted.
for (const task of tabletop.tasks) for (let seed = 0; seed < rounds; seed++) await tabletop.reset({ task, seed });
await play({ task: 'lift', seed: 0 }, 'with privileged facts');

const totals = new Map<Kind, { steps: number; cpu: number; wall: number }>(
  KINDS.map((kind) => [kind, { steps: 0, cpu: 0, wall: 0 }]),
);
for (let seed = 0; seed < rounds; seed++) {
  for (const task of tabletop.tasks) {
    for (const kind of KINDS) {
      const total = totals.get(kind)!;
      const { steps, cpu, wall } = await play({ task, seed }, kind);
      total.steps += steps;
      total.cpu += cpu;
      total.wall += wall;
    }
  }
}
await tabletop.close();

console.log(`tabletop, ${tabletop.tasks.length} tasks, ${rounds} seeds each, two ${size} × ${size} cameras`);
for (const [kind, { steps, cpu, wall }] of totals) {
  const rate = (seconds: number): string => (steps / seconds).toFixed(0).padStart(6);
  const ms = ((1000 * cpu) / steps).toFixed(2).padStart(6);
  console.log(`${kind.padEnd(24)} ${rate(cpu)} steps/s of CPU ${rate(wall)} steps/s of clock ${ms} ms/step`);
}
const { steps, cpu } = totals.get('with both cameras')!;
if (size === 128) console.log(`goal ${GOAL} steps/s and core: ${steps / cpu >= GOAL ? 'reached' : 'missed'}`);
