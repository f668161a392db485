/**
 * @file How many control steps of LIBERO one core makes, with physics and controller alone and with both 256² images, what a task costs to
 * compile, and, on request, the original Python stack (native MuJoCo, robosuite, LIBERO; images by software) on the same machine. All take
 * turns, so that other load falls on all alike. Rates are per second of CPU time, with median and quartiles over rounds.
 *
 *     node dist/bench/libero.js [--suite libero_spatial] [--rounds 10] [--steps 40]
 *         [--python PYTHON --libero LIBERO --robosuite ROBOSUITE]
 *
 * The files: VLAKIT_LIBERO, or the pack under shared/. PYTHON has what tools/libero_original.py names; images need MUJOCO_GL=egl (or osmesa).
 */

import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import readline from 'node:readline';
import { parseArgs } from 'node:util';
import { Random } from '../src/base/random.ts';
import { DerivedCache } from '../src/benchmarks/libero/derived-cache.ts';
import { createLibero } from '../src/simulation/libero/libero.ts';
import { suiteTasks } from '../src/simulation/libero/suites.ts';
import { liberoFiles, noLibero } from '../tests/libero-golden.ts';
import { repositoryRoot } from '../tests/shared-data.ts';
import { spread } from './spread.ts';

/** Control steps per second and core with both images that LIBERO should reach. */
const GOAL = 25;
const IMAGE_SIZE = 256;
const SEED = 7;

const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: 'libero_spatial' },
    rounds: { type: 'string', default: '10' },
    steps: { type: 'string', default: '40' },
    python: { type: 'string' },
    libero: { type: 'string' },
    robosuite: { type: 'string' },
  },
});
const [rounds, steps] = [Number(values.rounds), Number(values.steps)];

/** Looks on disk, for this run. */
const cache = new DerivedCache(fs.mkdtempSync(path.join(os.tmpdir(), 'bench-libero-')));
process.on('exit', () => fs.rmSync(cache.folder, { recursive: true }));

/** Seconds of CPU. */
interface Side {
  readonly name: string;
  play(actions: readonly (readonly number[])[]): Promise<number>;
  close(): void;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Smooth motions of the arm over the table, and the gripper. */
function actionsOf(round: number): number[][] {
  const random = new Random(round, SEED);
  const phases = Array.from({ length: 6 }, () => random.range(0, 6));
  return Array.from({ length: steps }, (_, t) => [
    ...phases.map((phase, i) => (i < 3 ? 0.4 : 0.1) * Math.sin(0.3 * t + phase)),
    t % 20 < 10 ? -1 : 1,
  ]);
}

async function ours(task: string, images: boolean): Promise<Side> {
  // Other objects are other files to what is kept in memory.
  const files = { ...liberoFiles };
  const environment = await createLibero({ files, suite: values.suite, imageSize: IMAGE_SIZE, derived: cache });
  const begun = [performance.now(), cpuSeconds()] as const;
  await environment.reset({ task, seed: 0 });
  const compiled = performance.now() - begun[0];
  if (images) await environment.observe();
  const ms = [compiled, performance.now() - begun[0] - compiled].map((value) => value.toFixed(0));
  const { rss } = process.memoryUsage();
  console.log(
    `${images ? 'with images' : 'physics'}: first reset ${ms[0]} ms${images ? `, first images ${ms[1]} ms` : ''}, ` +
      `${((cpuSeconds() - begun[1]) * 1000).toFixed(0)} ms of CPU together; resident memory ${(rss / 2 ** 20).toFixed(0)} MB`,
  );
  return {
    name: images ? 'vlakit with both images' : 'vlakit, physics',
    async play(actions) {
      await environment.reset({ task, seed: 0 });
      const cpu = cpuSeconds();
      for (const action of actions) {
        await environment.step(action);
        if (images) await environment.observe();
      }
      return cpuSeconds() - cpu;
    },
    close: () => void environment.close(),
  };
}

/** The original in a process of its own. */
async function original(task: string, images: boolean): Promise<Side> {
  const { python, libero, robosuite, suite } = values;
  if (libero === undefined || robosuite === undefined) throw new Error('--python needs --libero and --robosuite.');
  const script = path.join(repositoryRoot, 'tools', 'libero_speed.py');
  const options = ['--libero', libero, '--robosuite', robosuite, '--suite', suite, '--task', task, '--seed', `${SEED}`];
  const child = spawn(python!, [script, ...options, ...(images ? ['--images', `${IMAGE_SIZE}`] : [])]);
  child.stderr.resume();
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await answer(lines);
  return {
    name: images ? 'the original with both images' : 'the original, physics',
    async play(actions) {
      child.stdin.write(`${JSON.stringify(actions)}\n`);
      return (await answer(lines)).cpu;
    },
    close: () => stop(child),
  };
}

async function answer(lines: AsyncIterator<string>): Promise<{ cpu: number }> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the original ended; run tools/libero_speed.py by hand to see why.');
    if (value.startsWith('{')) return JSON.parse(value) as { cpu: number };
  }
}

function stop(child: ChildProcessWithoutNullStreams): void {
  child.stdin.end();
}

if (noLibero !== false) {
  console.log(`skipped: ${noLibero}`);
} else {
  const task = suiteTasks(values.suite)[0]!.name;
  const sides = [await ours(task, false), await ours(task, true)];
  console.log('the same, the look from disk:');
  (await ours(task, true)).close();
  if (values.python !== undefined) sides.push(await original(task, false), await original(task, true));
  const rates: number[][] = sides.map(() => []);
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [i, side] of sides.entries()) {
      const cpu = await side.play(actionsOf(round));
      if (round > 0) rates[i]!.push(steps / cpu);
    }
  }
  console.log(`${values.suite}, ${task}, ${rounds} rounds of ${steps} control steps; per second of CPU:`);
  for (const [i, { name }] of sides.entries()) {
    console.log(`  ${name}: ${spread(rates[i]!, 1)}${i === 1 ? `; the goal is ${GOAL}` : ''}`);
  }
  if (sides.length === 4) {
    for (const [i, what] of ['physics', 'with images'].entries()) {
      const ratios = rates[i]!.map((rate, round) => rate / rates[i + 2]![round]!);
      console.log(`  ${what}, vlakit ÷ the original, round by round: ${spread(ratios, 2)}`);
    }
  }
  for (const side of sides) side.close();
}
