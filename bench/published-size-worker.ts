/**
 * @file A process of bench/published-size.ts: holds one model in one precision, and answers each message with a chunk, how long it
 * took and how much memory the process has taken at most.
 */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createSession, type Runtime, type WeightPrecision } from '../src/engine/index.ts';
import { inferenceGraph } from '../src/models/flow-policy.ts';
import { drawFeeds, publishedModel } from './published-size-families.ts';
import { shardedWeights } from './published-size-weights.ts';

/** What a contestant computes with. */
export type SizePrecision = WeightPrecision | 'f16';

/** What the parent asks for. */
export interface SizeJob {
  readonly family: string;
  /** `f16`: products in 16-bit floats, weights as in f32. */
  readonly precision: SizePrecision;
  readonly runtime: Runtime;
  readonly steps: number;
  readonly folder: string;
  readonly threads: number;
  readonly seed: number;
}

/** The answer to "run". */
export interface SizeRun {
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
  readonly actions: readonly number[];
}

/** The answer after loading. */
export interface SizeLoaded {
  readonly loadSeconds: number;
  readonly peakBytes: number;
}

const job = JSON.parse(process.argv[2]!) as SizeJob;
const { family, config, codec } = publishedModel(job.family);

/** The most memory that was ever resident, files that are mapped included. */
function peakBytes(): number {
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))![1]);
}

const start = performance.now();
const session = await createSession(inferenceGraph(family, config, codec, job.steps), {
  runtime: job.runtime,
  threads: job.threads,
  weights: shardedWeights(job.folder),
  weightFolder: job.folder,
  ...(job.precision === 'f16' ? { arithmetic: 'f16' } : { weightPrecision: job.precision }),
  weightCache: path.join(job.folder, 'few-bits'),
});
const loadSeconds = (performance.now() - start) / 1000;
const offered = drawFeeds(codec, job.seed);
const feeds = Object.fromEntries(Object.keys(session.inputs).map((name) => [name, offered[name]!]));

async function run(): Promise<SizeRun> {
  const cpu = process.cpuUsage();
  const from = performance.now();
  const { actions } = await session.run(feeds);
  const ms = performance.now() - from;
  const { user, system } = process.cpuUsage(cpu);
  const numbers = [...(actions!.data as Float32Array)];
  return { ms, cpuMs: (user + system) / 1000, peakBytes: peakBytes(), actions: numbers };
}

process.on('message', () => {
  void run().then((result) => process.send!(result));
});
process.send!({ loadSeconds, peakBytes: peakBytes() } satisfies SizeLoaded);
