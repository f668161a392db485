/**
 * @file Samples per second of the data path: real AV1 video resized to 224² and PNG pictures, per worker and with
 * several, and pictures held in memory. Every sample is a random frame with a chunk of actions. Beside the wall clock
 * it counts samples per second of processor time, which holds on a busy machine, too. Each measurement is a row of slices
 * of time, whose median and quartiles are printed.
 *
 *     node dist/bench/dataset.js [seconds per measurement = 5]
 */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { cacheImages } from '../src/data/image-cache.ts';
import { openLeRobot, type LeRobotDataset } from '../src/data/lerobot/reader.ts';
import { createLoader, createWorkerLoader, type Loader } from '../src/data/loader.ts';
import { sampleSpec } from '../src/data/samples.ts';
import { plainWindow } from '../src/data/windows.ts';
import { sharedData, skipReason } from '../tests/shared-data.ts';
import { writeImages } from './png-dataset.ts';
import { spread } from './spread.ts';

const seconds = Number(process.argv[2] ?? 5);
const cores = os.availableParallelism();
const BATCH = 16;
/** A measurement is cut into so many slices. */
const SLICES = 10;

/**
 * Samples per second of LeRobot 0.4.3's own dataset class in one process, two 256² PNG pictures a sample, measured on two cores
 * of an AMD EPYC (Zen 4). bench/lerobot.ts measures it here, in turn with ours.
 */
const LEROBOT_PNG = 16.9;
const LEROBOT_PNG_SIDE = 256;
/** What we want: samples per second and worker from video, and over LeRobot's from pictures. */
const VIDEO_GOAL = 250;
const PNG_GOAL_RATIO = 10;

/** Samples per second by the clock and by processor time (of all threads), of each slice. */
interface Rates {
  readonly clock: readonly number[];
  readonly processor: readonly number[];
}

/** Batches of a loader for some seconds, behind a short warm-up. */
async function measure(loader: Loader): Promise<Rates> {
  let step = 0;
  const slice = async (duration: number): Promise<{ clock: number; processor: number }> => {
    const start = performance.now();
    const used = process.cpuUsage();
    let samples = 0;
    while (performance.now() - start < duration * 1000) samples += (await loader.batch(step++)).length;
    const { user, system } = process.cpuUsage(used);
    return { clock: samples / ((performance.now() - start) / 1000), processor: samples / ((user + system) / 1e6) };
  };
  await slice(Math.min(1, seconds / 4));
  const slices: { clock: number; processor: number }[] = [];
  for (let i = 0; i < SLICES; i++) slices.push(await slice(seconds / SLICES));
  await loader.close();
  return { clock: slices.map(({ clock }) => clock), processor: slices.map(({ processor }) => processor) };
}

/** Prints the rates, and the clock's over a goal. */
function report(what: string, { clock, processor }: Rates, goal: number | null): void {
  console.log(`${what}: samples/s ${spread(clock, 0)}; per processor second ${spread(processor, 0)}`);
  if (goal === null) return;
  const shares = clock.map((rate) => rate / goal);
  console.log(`  over the goal of ${goal.toFixed(0)}: ${spread(shares, 2)}`);
}

/** Measures loading with one worker, which has a goal, and with one per core. */
async function measureWorkers(
  what: string,
  dataset: LeRobotDataset,
  side: number | null,
  goal: number | null,
): Promise<void> {
  const sample = sampleSpec(dataset, plainWindow(50), side === null ? null : { width: side, height: side });
  const options = { sample, batchSize: BATCH, seed: 1, prefetch: 4 };
  report(`${what}, 1 worker`, await measure(createWorkerLoader(dataset, { ...options, workers: 1 })), goal);
  if (cores < 2) return;
  report(`${what}, ${cores} workers`, await measure(createWorkerLoader(dataset, { ...options, workers: cores })), null);
}

const g1 = sharedData('unitree-g1-bottle');
if (g1 === null) console.log(`AV1 video: skipped, ${String(skipReason('unitree-g1-bottle'))}`);
else {
  const dataset = await openLeRobot(g1, { episodes: 'present' });
  await measureWorkers('AV1 640 × 480 → 224², 26 dimensions, 50 actions', dataset, 224, VIDEO_GOAL);
  await dataset.close();
}

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-bench-'));
try {
  for (const side of [64, LEROBOT_PNG_SIDE]) {
    const folder = path.join(root, String(side));
    await writeImages(folder, side);
    const dataset = await openLeRobot(folder, { episodes: 'all' });
    const what = `PNG ${side}² × 2 cameras`;
    await measureWorkers(what, dataset, null, side === LEROBOT_PNG_SIDE ? PNG_GOAL_RATIO * LEROBOT_PNG : null);
    const start = performance.now();
    const held = await cacheImages(dataset, { imageSize: null, limitBytes: 4e9 });
    const pictures = 2 * held.episodes.reduce((sum, { length }) => sum + length, 0);
    const perSecond = pictures / ((performance.now() - start) / 1000);
    console.log(`${what}, decoded into memory: ${perSecond.toFixed(0)} pictures/s`);
    const sample = sampleSpec(held, plainWindow(50));
    const loader = createLoader(held, { sample, batchSize: BATCH, seed: 1, prefetch: 0 });
    report(`${what}, from memory`, await measure(loader), null);
    await held.close();
  }
} finally {
  fs.rmSync(root, { recursive: true, force: true });
}
