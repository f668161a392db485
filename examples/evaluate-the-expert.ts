/** @file Plays the scripted expert on unseen seeds in two worker threads and prints the table with confidence intervals. */

import { builtInWorld } from 'vlakit/benchmarks/built-in-world';
import { evaluate } from 'vlakit/benchmarks/evaluate';
import { expert } from 'vlakit/benchmarks/expert-policy';
import { unseenSeed } from 'vlakit/benchmarks/protocol';
import { resultTable } from 'vlakit/benchmarks/result-table';

const { result } = await evaluate({
  environment: builtInWorld({ world: 'tabletop', imageSize: 16 }),
  // Any module that exports `openPolicy` can be named here; each worker opens its own.
  policy: expert(),
  tasks: ['touch', 'lift'],
  conditions: ['base'],
  episodes: 10,
  firstSeed: unseenSeed(0),
  execute: 1,
  workers: 2,
  inferenceTimeoutMs: null,
  film: null,
  policyName: null,
  command: 'node dist/examples/evaluate-the-expert.js',
  checkpoint: null,
});
console.log(resultTable(result, false));
