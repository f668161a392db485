/** @file The processes that take turns in bench/published-size.ts: a model of ours, or PyTorch. */

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from '../tests/shared-data.ts';
import type { PublishedModel } from './published-size-families.ts';
import type { SizeJob, SizeLoaded, SizeRun } from './published-size-worker.ts';

/** Share of the processor's time that other programs may take in a run that counts. */
const QUIET = 0.05;

/** One run, and the share of the processor's time that other programs took meanwhile. */
export interface Run {
  readonly ms: number;
  readonly cpuMs: number;
  readonly others: number;
}

/** One process that makes chunks. */
export class Contestant {
  readonly name: string;
  readonly loadSeconds: number | null;
  readonly runs: Run[] = [];
  peakBytes: number;
  actions: readonly number[] | null = null;
  private readonly ask: () => Promise<Omit<SizeRun, 'actions' | 'peakBytes'> & Partial<SizeRun>>;
  readonly close: () => Promise<void>;

  constructor(
    name: string,
    loaded: Partial<SizeLoaded>,
    ask: () => Promise<Omit<SizeRun, 'actions' | 'peakBytes'> & Partial<SizeRun>>,
    close: () => Promise<void>,
  ) {
    this.name = name;
    this.loadSeconds = loaded.loadSeconds ?? null;
    this.peakBytes = loaded.peakBytes ?? 0;
    this.ask = ask;
    this.close = close;
  }

  /** Runs that nothing disturbed. */
  get quietRuns(): number {
    return this.runs.filter(({ others }) => others <= QUIET).length;
  }

  /** The runs that count: the undisturbed ones, or all where there are fewer than three of these. */
  counted(): readonly Run[] {
    const quiet = this.runs.filter(({ others }) => others <= QUIET);
    return quiet.length < 3 ? this.runs : quiet;
  }

  async warmUp(): Promise<void> {
    await this.ask();
  }

  async play(): Promise<void> {
    const before = busyMs();
    const { ms, cpuMs, peakBytes = 0, actions = null } = await this.ask();
    const others = Math.max(0, busyMs() - before - cpuMs) / (ms * os.availableParallelism());
    this.runs.push({ ms, cpuMs, others });
    this.peakBytes = Math.max(this.peakBytes, peakBytes);
    this.actions = actions ?? this.actions;
  }

  data(): object {
    const { name, loadSeconds, peakBytes, runs } = this;
    return { name, loadSeconds, peakBytes, runs };
  }
}

/** A model of ours in a process of its own, loaded. */
export async function startOurs(job: SizeJob): Promise<Contestant> {
  const child = fork(fileURLToPath(new URL('published-size-worker.js', import.meta.url)), [JSON.stringify(job)]);
  const failed = once(child, 'exit').then(() => {
    throw new Error(`The process of ${job.precision} ended.`);
  });
  failed.catch(() => undefined);
  const answer = async <T>(): Promise<T> => ((await Promise.race([once(child, 'message'), failed])) as [T])[0];
  const loaded = await answer<SizeLoaded>();
  return new Contestant(
    job.precision,
    loaded,
    () => {
      child.send('run');
      return answer<SizeRun>();
    },
    async () => {
      child.kill();
      await once(child, 'exit');
    },
  );
}

/** PyTorch on the same shapes in one process, once in float32 and once in bfloat16; nothing for families without a script. */
export function startTorch(
  python: string,
  { family, config, codec }: PublishedModel,
  { device, threads, steps }: { readonly device: string; readonly threads: number; readonly steps: number },
): Promise<Contestant>[] {
  const { layout, horizon } = codec;
  const kinds = Array.from({ length: layout.length }, () => 0);
  for (const { start, count } of layout.images) kinds.fill(1, start, start + count);
  const { merge } = family.needs(config);
  const grids = layout.images.map(({ rows, columns }) => [1, rows * merge, columns * merge]);
  const [camera] = codec.config.cameras;
  const patchSize = 3 * camera!.temporal * camera!.patch ** 2;
  const sizes = { ...config, tokenKinds: kinds, grids, patchSize, stateSize: codec.stateDim, horizon };
  const script = path.join(repositoryRoot, 'bench', 'published-size.py');
  const child = spawn(python, [script, JSON.stringify(sizes), `${threads}`, device], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let closed = 0;
  return ['fp32', 'bf16'].map((type) => {
    const ask = async () => {
      child.stdin.write(`${type} ${steps}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('The Python process ended.');
      const { seconds, cpuSeconds } = JSON.parse(value) as { seconds: number; cpuSeconds: number };
      return { ms: 1000 * seconds, cpuMs: 1000 * cpuSeconds };
    };
    const close = async (): Promise<void> => {
      if (++closed < 2) return;
      child.stdin.end('\n');
      await once(child, 'exit');
    };
    return Promise.resolve(new Contestant(`PyTorch ${type}`, {}, ask, close));
  });
}

/** Milliseconds that all processors together have worked since the machine started. */
function busyMs(): number {
  const [, user, nice, system, , , irq, softirq, steal] = fs
    .readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]!
    .split(/\s+/)
    .map(Number);
  return 10 * (user! + nice! + system! + irq! + softirq! + steal!);
}
