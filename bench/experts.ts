/**
 * @file How often the scripted experts solve their tasks, with 95 % Wilson intervals; nothing is rendered.
 *
 *     node dist/bench/experts.js [seeds = 200] [first seed = 0] [task …]
 */

import process from 'node:process';
import { wilsonInterval } from '../src/benchmarks/statistics.ts';
import type { Outcome } from '../src/interfaces/environment.ts';
import { createTabletop } from '../src/simulation/tabletop/index.ts';

const [seeds = 200, first = 0] = process.argv.slice(2, 4).map(Number);
const chosen = process.argv.slice(4);
const tabletop = await createTabletop({ imageSize: 16 });

for (const task of chosen.length > 0 ? chosen : tabletop.tasks) {
  const counts: Partial<Record<Outcome, number>> = {};
  const failed: string[] = [];
  let steps = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    await tabletop.reset({ task, seed });
    let outcome: Outcome = 'running';
    while (outcome === 'running') {
      outcome = await tabletop.step(tabletop.expert());
      steps++;
    }
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    if (outcome !== 'success') failed.push(`${seed} ${outcome}`);
  }
  const solved = counts.success ?? 0;
  const { low, high } = wilsonInterval(solved, seeds);
  const percent = (share: number): string => (100 * share).toFixed(1).padStart(5);
  console.log(
    `${task.padEnd(8)} ${String(solved).padStart(4)}/${seeds} ${percent(solved / seeds)} % [${percent(low)}, ${percent(high)}]` +
      `  mean ${(steps / seeds).toFixed(1).padStart(5)} steps  ${failed.slice(0, 8).join(', ')}`,
  );
}
await tabletop.close();
