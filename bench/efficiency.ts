/**
 * @file What each means of efficient training gains: several draws per pass, a prompt that draws share, kept features, accumulation,
 * rematerialisation, adapters, 16-bit floats (on a graphics card: `--runtime webgpu`, whose default contest they are). Every contender
 * is a process of its own that takes turns with the first of its contest; every round gives a ratio.
 *
 *     node dist/bench/efficiency.js DATASET [--models tiny,large] [--contests draws,…] [--runtime cpu] [--rounds 5] [--steps 5] [--threads 2]
 */

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { workerUrl } from '../src/base/worker-url.ts';
import type { Runtime } from '../src/engine/index.ts';
import { CONTEST_NAMES, contenders, type Contender } from './efficiency-contests.ts';
import type { Turn } from './efficiency-worker.ts';
import { spread } from './spread.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    models: { type: 'string', default: 'tiny,large' },
    contests: { type: 'string' },
    runtime: { type: 'string', default: 'cpu' },
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
  },
});
const [root] = positionals;
if (root === undefined) throw new Error('Give a dataset recorded by `vlakit record quickstart`.');
const runtime = values.runtime as Runtime;
/** The processor has no kernels for 16-bit floats: it rounds to them, and loses time. */
const contests =
  values.contests?.split(',') ?? CONTEST_NAMES.filter((name) => (runtime === 'webgpu') === (name === 'arithmetic'));
const [rounds, steps] = [Number(values.rounds), Number(values.steps)];

/** A contender's process. */
interface Running extends Contender {
  turn(steps: number): Promise<Turn>;
  close(): Promise<void>;
}

function start(contender: Contender): Running {
  const program = workerUrl(import.meta.url, './efficiency-worker').pathname;
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, CONTENDER: JSON.stringify(contender) },
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    ...contender,
    async turn(count) {
      child.stdin.write(`${count}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${contender.name} ended early`);
      return JSON.parse(value as string) as Turn;
    },
    close() {
      child.stdin.end();
      return ended;
    },
  };
}

/** Two contenders in turn, the second one's rounds beside the first one's: more would not fit into memory together. */
async function duel(pair: readonly [Contender, Contender]): Promise<readonly [Turn[], Turn[]]> {
  const running: Running[] = [];
  try {
    for (const contender of pair) {
      const one = start(contender);
      running.push(one);
      // Warms up, one after the other: features are encoded, memory grows.
      await one.turn(2);
    }
    const turns: [Turn[], Turn[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      for (const [i, one] of running.entries()) turns[i]!.push(await one.turn(steps));
    }
    return turns;
  } finally {
    for (const one of running) await one.close();
  }
}

function report({ name, drawsPerStep }: Contender, turns: readonly Turn[]): void {
  const { peakMegabytes, startMegabytes, learning, loss } = turns.at(-1)!;
  const times = turns.map(({ seconds }) => (1000 * seconds) / steps);
  const speeds = turns.map(({ seconds }) => (steps * drawsPerStep) / seconds);
  console.log(`  ${name} (${(learning / 1e6).toFixed(2)} M learn)`);
  console.log(`    step ms ${spread(times, 1)}; draws/s ${spread(speeds, 1)}`);
  const memory = `${(peakMegabytes - startMegabytes).toFixed(0)} MB (process ${peakMegabytes.toFixed(0)} MB)`;
  console.log(`    memory of learning ${memory}; last loss ${loss.toPrecision(6)}`);
}

async function compete(contest: string, model: string, folder: string): Promise<void> {
  const [first, ...others] = contenders(contest, model, {
    root: root!,
    folder,
    device: { runtime, threads: Number(values.threads) },
  });
  console.log(`${contest}, ${model} on ${runtime} (rounds ${rounds}, steps ${steps}, threads ${values.threads})`);
  for (const [i, other] of others.entries()) {
    const [theirs, own] = await duel([first!, other]);
    if (i === 0) report(first!, theirs);
    report(other, own);
    const gain = other.drawsPerStep / first!.drawsPerStep;
    const ratio = (of: 'seconds' | 'cpuSeconds'): string =>
      spread(
        own.map((turn, round) => (gain * theirs[round]![of]) / turn[of]),
        2,
      );
    console.log(`    draws/s over the first's ${ratio('seconds')}; by processor time ${ratio('cpuSeconds')}`);
  }
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'efficiency-'));
try {
  for (const model of values.models.split(',')) {
    for (const contest of contests) await compete(contest, model, folder);
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
