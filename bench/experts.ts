/**
 * @file How often the scripted experts solve their tasks, with 95 % Wilson intervals; nothing is rendered.
 *
 *     node dist/bench/experts.js [seeds = 200] [first seed = 0] [world, "all" or task …]
 */

import process from 'node:process';
import { wilsonInterval } from '../src/benchmarks/statistics.ts';
import type { Outcome } from '../src/interfaces/environment.ts';
import { DEFAULT_WORLD, openWorld, WORLDS } from '../src/simulation/worlds.ts';

const [seeds = 200, first = 0] = process.argv.slice(2, 4).map(Number);
const words = process.argv.slice(4);
const named = words.includes('all') ? Object.keys(WORLDS) : words.filter((word) => Object.hasOwn(WORLDS, word));
const chosen = words.filter((word) => word !== 'all' && !Object.hasOwn(WORLDS, word));

for (const world of named.length > 0 ? named : [DEFAULT_WORLD]) {
  const environment = await openWorld({ world, imageSize: 16 });
  for (const task of environment.tasks.filter((name) => chosen.length === 0 || chosen.includes(name))) {
    const counts: Partial<Record<Outcome, number>> = {};
    const failed: string[] = [];
    let steps = 0;
    for (let seed = first; seed < first + seeds; seed++) {
      await environment.reset({ task, seed });
      let outcome: Outcome = 'running';
      while (outcome === 'running') {
        outcome = await environment.step(environment.expert());
        steps++;
      }
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      if (outcome !== 'success') failed.push(`${seed} ${outcome}`);
    }
    const solved = counts.success ?? 0;
    const { low, high } = wilsonInterval(solved, seeds);
    const percent = (share: number): string => (100 * share).toFixed(1).padStart(5);
    console.log(
      `${world.padEnd(11)} ${task.padEnd(10)} ${String(solved).padStart(4)}/${seeds} ${percent(solved / seeds)} % [${percent(low)}, ${percent(high)}]` +
        `  mean ${(steps / seeds).toFixed(1).padStart(5)} steps  ${failed.slice(0, 8).join(', ')}`,
    );
  }
  await environment.close();
}
