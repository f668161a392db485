/** @file Several datasets share every step in the numbers that the recipe says, and each is walked epoch by epoch. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { stateAt, writeSmallDataset } from '../../tests/small-dataset.ts';
import { smallRecipe } from '../../tests/small-recipe.ts';
import type { DataConfig } from './recipe.ts';
import { datasetHash, writeSelection } from '../data/selection-file.ts';
import { openSamples, openTrainingData } from './training-data.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'training-data-'));
const { codec, data } = smallRecipe(path.join(root, 'first'));
/** The lengths of the episodes; the state's x tells both datasets apart, since it begins with the episode's number. */
const FIRST = { 0: 8, 1: 9, 2: 7 };
const SECOND = { 4: 5, 5: 7 };

before(async () => {
  await writeSmallDataset(path.join(root, 'first'), 'image', Object.values(FIRST));
  await writeSmallDataset(path.join(root, 'second'), 'image', [1, 1, 1, 1, ...Object.values(SECOND)]);
});
after(() => fs.rmSync(root, { recursive: true }));

/** The states of the samples of `steps` steps. */
async function drawnStates(config: DataConfig, steps: number): Promise<string[][]> {
  const training = await openTrainingData(config);
  const { signal } = new AbortController();
  const source = await openSamples(training, config, {
    cameras: codec.cameras,
    horizon: codec.horizon,
    seed: 17,
    budget: { free: config.pictureMegabytes * 1e6 },
    signal,
  });
  const states: string[][] = [];
  for (let step = 0; step < steps; step++) {
    states.push((await source.samples(step)).map(({ state }) => String([...state])));
  }
  await source.close();
  await training.close();
  return states;
}

/** The states of all frames of these episodes, sorted. */
function allStates(lengths: Readonly<Record<number, number>>): string[] {
  const frames = Object.entries(lengths).flatMap(([episode, length]) =>
    Array.from({ length }, (_, frame) => String(stateAt(Number(episode), frame))),
  );
  return frames.sort();
}

for (const pictureMegabytes of [100, 0]) {
  test(`pictures ${pictureMegabytes === 0 ? 'decoded on demand' : 'in memory'}`, async () => {
    const [first] = data.datasets;
    const second = { root: path.join(root, 'second'), episodes: [4, 5], heldOut: [], samplesPerStep: 2 };
    const datasets = [{ ...first!, samplesPerStep: 3 }, second];
    // Three epochs of the first dataset's 24 frames, four of the second's 12.
    const states = await drawnStates({ ...data, datasets, pictureMegabytes, workers: 2 }, 24);
    for (const [step, drawn] of states.entries()) assert.equal(drawn.length, 5, `step ${step}`);
    const epochsOf = (from: number, to: number, frames: number): string[][] => {
      const drawn = states.flatMap((samples) => samples.slice(from, to));
      return Array.from({ length: drawn.length / frames }, (_, epoch) =>
        drawn.slice(epoch * frames, (epoch + 1) * frames).sort(),
      );
    };
    assert.deepEqual(epochsOf(0, 3, 24), Array(3).fill(allStates(FIRST)));
    assert.deepEqual(epochsOf(3, 5, 12), Array(4).fill(allStates(SECOND)));
  });
}

test('the pictures of all datasets together keep within the memory given', async () => {
  const [first] = data.datasets;
  const twice = [first!, { ...first!, root: path.join(root, 'second') }];
  // 24 and 16 frames of 32 × 16 × 3 bytes: the first dataset fits, the second one alone would, too.
  const config = { ...data, datasets: twice, pictureMegabytes: 0.04, workers: 1 };
  const training = await openTrainingData(config);
  const { signal } = new AbortController();
  const source = await openSamples(training, config, {
    cameras: codec.cameras,
    horizon: codec.horizon,
    seed: 17,
    budget: { free: config.pictureMegabytes * 1e6 },
    signal,
  });
  const shared = (await source.samples(0)).map(
    ({ images }) => images['front']!.data.buffer instanceof SharedArrayBuffer,
  );
  assert.deepEqual(shared, [true, true, true, false, false, false]);
  await source.close();
  await training.close();
});

test('samples start at first frames, or at the frames that a cleaning kept, of which the statistics are, too', async () => {
  const [first] = data.datasets;
  const only = { ...first!, samplesPerStep: 3 };
  const firsts = await drawnStates({ ...data, datasets: [{ ...only, frames: 'first' }] }, 2);
  assert.deepEqual(
    firsts.map((states) => states.sort()),
    Array(2).fill([0, 1, 2].map((episode) => String(stateAt(episode, 0)))),
  );

  const selection = path.join(root, 'selection.json');
  writeSelection(selection, {
    format: 'vlakit-selection',
    version: 1,
    dataset: { name: 'first', sha256: datasetHash(first!.root), episodes: 3, frames: 24 },
    thresholds: {},
    episodes: [
      { index: 0, length: 8, keep: [[2, 4]] },
      { index: 1, length: 9, keep: [] },
      { index: 2, length: 7, keep: [[6, 7]] },
    ],
    dropped: [],
  });
  const datasets = [{ ...only, selection }];
  const [states] = await drawnStates({ ...data, datasets }, 1);
  const kept = [
    [0, 2],
    [0, 3],
    [2, 6],
  ] as const;
  assert.deepEqual(states!.sort(), kept.map(([episode, frame]) => String(stateAt(episode, frame))).sort());
  const training = await openTrainingData({ ...data, datasets });
  const { min, max } = await training.statistics('observation.state');
  const xs = kept.map(([episode, frame]) => stateAt(episode, frame)[0]!);
  assert.deepEqual([min[0], max[0]], [Math.min(...xs), Math.max(...xs)]);
  await training.close();
});
