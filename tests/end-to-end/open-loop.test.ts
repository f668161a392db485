/** @file Open loop through the real command line: errors and baselines against brute force, and Ctrl-C in the middle. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { workerUrl } from '../../src/base/worker-url.ts';
import { loadPolicy } from '../../src/training/load-policy.ts';
import type { OpenLoopResult } from '../../src/training/open-loop.ts';
import { assertFine, assertOneError, filesBelow, scratchFolder, vlakit } from '../processes/vlakit.ts';
import {
  FRONT,
  HEIGHT,
  WIDTH,
  actionAt,
  pictureAt,
  smallFeatures,
  stateAt,
  taskOf,
  writeSmallDataset,
} from '../small-dataset.ts';

const folder = scratchFolder('open-loop');
const LENGTHS = [8, 9, 7, 60] as const;
const EVERY = 3;
const HORIZON = 4;
const SEED = 4;
/** Absolute actions: the state (x, y) holds the present value of the second and the first. */
const ACTIONS = ['y', 'x', 'grip'] as const;

const MINE = `
import { smallRecipe, smallRobot } from '${workerUrl(import.meta.url, '../small-recipe').href}';
const small = smallRecipe('data');
const { action } = smallRobot;
const names = ${JSON.stringify(ACTIONS)};
export const recipe = {
  ...small,
  name: 'small',
  summary: '',
  record: null,
  evaluation: null,
  openLoop: { every: ${EVERY} },
  data: { ...small.data, datasets: [{ ...small.data.datasets[0], heldOut: [1, 2, 3] }] },
  codec: {
    ...small.codec,
    embodiment: {
      ...smallRobot,
      action: { ...action, names, convention: { ...action.convention, reference: 'absolute' } },
    },
  },
};`;

before(async () => {
  const features = smallFeatures('image');
  await writeSmallDataset(path.join(folder, 'data'), 'image', LENGTHS, {
    features: { ...features, action: { ...features['action']!, names: ACTIONS } },
  });
  fs.writeFileSync(path.join(folder, 'small.mjs'), MINE);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const result = (run: string): OpenLoopResult =>
  JSON.parse(fs.readFileSync(path.join(folder, run, 'open-loop.json'), 'utf8')) as OpenLoopResult;

/** The frames that are compared, with the recorded actions behind each; a chunk ends with its episode. */
function compared(episodes: readonly number[]): { episode: number; frame: number; actions: number[][] }[] {
  return episodes.flatMap((episode) => {
    const length = LENGTHS[episode]!;
    const frames = Array.from({ length }, (_, frame) => frame).filter((frame) => frame % EVERY === 0);
    return frames.map((frame) => {
      const rows = Array.from({ length: HORIZON }, (_, h) => frame + h).filter((row) => row < length);
      return { episode, frame, actions: rows.map((row) => actionAt(episode, row)) };
    });
  });
}

test('the errors of the policy and of both baselines are those that brute force finds', async () => {
  const heldOut = [1, 2];
  const command = ['train', 'small.mjs', '--set', `data.datasets.0.heldOut=${JSON.stringify(heldOut)}`];
  const ended = await vlakit([...command, '--episodes', '0', '--out', 'run'], { cwd: folder });
  assertFine(ended);
  const { predictors, dimensions, episodes, frames, notes } = result('run');
  assert.deepEqual([dimensions, episodes, frames], [ACTIONS, heldOut, 3 + 3]);
  assert.match(notes.join(), /Trained on episodes 0\./);
  const windows = compared(heldOut);
  assert.equal(windows.filter(({ actions }) => actions.length < HORIZON).length, 2, 'some chunks end early');
  const trained = Array.from({ length: LENGTHS[0] }, (_, frame) => actionAt(0, frame));
  const mean = ACTIONS.map((_, d) => trained.reduce((sum, action) => sum + action[d]!, 0) / trained.length);
  const policy = await loadPolicy(path.join(folder, 'run'), { runtime: 'cpu', threads: 1, inWorker: false });
  const sums = [mean.map(() => 0), mean.map(() => 0), mean.map(() => 0)];
  let rows = 0;
  for (const { episode, frame, actions } of windows) {
    if (frame === 0) await policy.reset({ seed: SEED + episode });
    const [x, y] = stateAt(episode, frame) as [number, number];
    const image = { width: WIDTH, height: HEIGHT, data: pictureAt(FRONT, episode, frame) };
    const observation = { images: { front: image }, state: Float32Array.of(x, y), instruction: taskOf(episode) };
    const { data } = await policy.infer(observation);
    for (const [h, actual] of actions.entries()) {
      const guesses = [data.slice(h * 3, h * 3 + 3), [y, x, mean[2]!], mean];
      guesses.forEach((guess, i) => actual.forEach((value, d) => (sums[i]![d]! += Math.abs(guess[d]! - value))));
      rows++;
    }
  }
  await policy.close();
  assert.deepEqual(
    predictors.map(({ name }) => name),
    ['run', 'hold the state', 'mean action'],
  );
  for (const [i, { name, errors }] of predictors.entries()) {
    const expected = sums[i]!.map((sum) => sum / rows);
    errors.forEach((error, d) => {
      assert.ok(
        Math.abs(error - expected[d]!) < 1e-5,
        `${name}, ${ACTIONS[d]}: ${error}, by brute force ${expected[d]}`,
      );
    });
    const ownMean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    assert.match(
      ended.out.split('\n').find((line) => line.startsWith('mean'))!,
      new RegExp(ownMean.toFixed(4)),
    );
  }
});

test('Ctrl-C leaves no result, and the same command measures without training again', async () => {
  const command = ['train', 'small.mjs', '--set', 'openLoop.every=1', '--out', 'stopped'];
  const ended = await vlakit(command, { cwd: folder, interruptAt: [/open loop .*frames/] });
  assertOneError(ended, 'interrupted', /open loop: stopped after \d+ frames; no result was written/);
  assert.deepEqual(
    filesBelow(path.join(folder, 'stopped')).filter((file) => file.includes('open-loop')),
    [],
  );
  const again = await vlakit(command, { cwd: folder });
  assertFine(again);
  assert.doesNotMatch(again.err, /train .* steps, .* left/);
  assert.equal(result('stopped').frames, LENGTHS[1] + LENGTHS[2] + LENGTHS[3]);
});
