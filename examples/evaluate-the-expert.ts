/** @file Plays the scripted expert on unseen seeds in two worker threads and prints the table with confidence intervals. */

import { evaluate } from 'vlakit/benchmarks/evaluate';
import { resultTable } from 'vlakit/benchmarks/result-table';
import { tabletop } from 'vlakit/benchmarks/tabletop-environment';

const { result } = await evaluate({
  environment: tabletop({ imageSize: 16 }),
  // Any module with `openPolicy` will do; each worker opens its own.
  policy: { module: import.meta.resolve('vlakit/benchmarks/expert-policy'), options: {} },
  tasks: ['touch', 'lift'],
  conditions: ['base'],
  episodes: 10,
  firstSeed: 900_000,
  execute: 1,
  workers: 2,
  inferenceTimeoutMs: null,
  film: null,
  command: 'node dist/examples/evaluate-the-expert.js',
  checkpoint: null,
});
console.log(resultTable(result, false));
