/**
 * @file Random samples from PNG pictures: one worker of ours against LeRobot's own dataset class in one process (bench/lerobot.py), in
 * turn, on the same dataset. A sample is two 256² pictures, the state and 50 actions.
 *
 *     node dist/bench/lerobot.js --python PYTHON [--lerobot path/to/lerobot/src] [--rounds 8] [--seconds 2]
 */

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openLeRobot } from '../src/data/lerobot/reader.ts';
import { createWorkerLoader } from '../src/data/loader.ts';
import { sampleSpec } from '../src/data/samples.ts';
import { plainWindow } from '../src/data/windows.ts';
import { writeImages } from './png-dataset.ts';
import { spread } from './spread.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    lerobot: { type: 'string', default: '' },
    rounds: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '2' },
  },
});
if (values.python === undefined) throw new Error('Give --python, an interpreter with LeRobot or with what it needs.');
const seconds = Number(values.seconds);
const HORIZON = 50;
const GOAL = 10;

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-bench-'));
try {
  await writeImages(path.join(root, 'png'), 256);
  const dataset = await openLeRobot(path.join(root, 'png'), { episodes: 'all' });
  const sample = sampleSpec(dataset, plainWindow(HORIZON));
  const loader = createWorkerLoader(dataset, { sample, batchSize: 16, seed: 1, prefetch: 4, workers: 1 });
  const script = ['bench/lerobot.py', path.join(root, 'png'), values.lerobot, String(HORIZON)];
  const child = spawn(values.python, script, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let step = 0;
  const ours = async (): Promise<number> => {
    const start = performance.now();
    let samples = 0;
    while (performance.now() - start < seconds * 1000) samples += (await loader.batch(step++)).length;
    return samples / ((performance.now() - start) / 1000);
  };
  const theirs = async (): Promise<number> => {
    child.stdin.write(`${seconds}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error('bench/lerobot.py ended early.');
    return Number(value);
  };
  await theirs();
  await ours();
  const rates: { ours: number; theirs: number }[] = [];
  for (let i = 0; i < Number(values.rounds); i++) rates.push({ theirs: await theirs(), ours: await ours() });
  child.stdin.end();
  await loader.close();
  await dataset.close();
  const list = (pick: (rate: (typeof rates)[number]) => number): number[] => rates.map(pick);
  console.log(
    `LeRobot, samples/s ${spread(
      list((rate) => rate.theirs),
      1,
    )}`,
  );
  console.log(
    `vlakit, one worker, samples/s ${spread(
      list((rate) => rate.ours),
      1,
    )}`,
  );
  console.log(
    `ratio ${spread(
      list((rate) => rate.ours / rate.theirs),
      1,
    )}; goal ${GOAL}`,
  );
} finally {
  fs.rmSync(root, { recursive: true, force: true });
}
