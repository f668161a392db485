/** @file Environments in worker threads: the same for any number of threads, and failures that reach the caller. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { workerUrl } from '../base/worker-url.ts';
import { VlaError } from '../base/errors.ts';
import type { EpisodeSpec } from '../interfaces/environment.ts';
import { WORLDS_MODULE, VectorEnvironment } from './vector.ts';
import type { VectorConfig, VectorStep } from './vector.ts';

const SIZE = 3;
const EPISODES: readonly EpisodeSpec[] = [
  { task: 'lift', seed: 1 },
  { task: 'push', seed: 2, perturbation: 'dimmed-light' },
  { task: 'lift', seed: 3 },
];

function config(workers: number): VectorConfig {
  return { module: WORLDS_MODULE, options: { imageSize: 16 }, size: SIZE, workers };
}

async function play(workers: number): Promise<unknown[]> {
  const vector = await VectorEnvironment.open(config(workers));
  const seen: unknown[] = [vector.tasks, vector.perturbations, vector.embodiment, await vector.reset(EPISODES)];
  for (let i = 0; i < 5; i++) {
    const actions = EPISODES.map((_, slot) => Array.from({ length: 7 }, (_, d) => Math.sin(i + 2 * slot + 3 * d)));
    seen.push(await vector.step(actions));
  }
  await vector.close();
  return seen;
}

test('the same observations and outcomes with one, two and more threads', async () => {
  const [one, two, many] = [await play(1), await play(2), await play(5)];
  assert.deepEqual(two, one);
  assert.deepEqual(many, one);
  const last = one.at(-1) as VectorStep[];
  assert.deepEqual(
    last.map(({ outcome }) => outcome),
    ['running', 'running', 'running'],
  );
});

test('null leaves an environment alone', async () => {
  const vector = await VectorEnvironment.open(config(2));
  const first = await vector.reset(EPISODES);
  const still = [0, 0, 0, 0, 0, 0, 0];
  const [, moved, third] = await vector.step([null, [1, 1, 1, 0, 0, 0, 1], null]);
  assert.equal(third, null);
  assert.notDeepEqual(moved!.observation.state, first[1]!.state);
  const again = await vector.reset([null, EPISODES[1]!, null]);
  assert.deepEqual(again, [null, first[1], null]);
  assert.equal((await vector.step([still, null, null]))[0]!.outcome, 'running');
  await vector.close();
});

test('a refused action names itself, the others go on, and the next call works', async () => {
  const vector = await VectorEnvironment.open(config(2));
  await vector.reset(EPISODES);
  const still = [0, 0, 0, 0, 0, 0, 0];
  const refused = (error: unknown): boolean => error instanceof VlaError && error.code === 'not-finite';
  await assert.rejects(() => vector.step([still, [NaN, 0, 0, 0, 0, 0, 0], still]), refused);
  assert.ok((await vector.step([still, still, still])).every((step) => step!.outcome === 'running'));
  await assert.rejects(() => vector.step([still]), /expected 3 entries, got 1/);
  await vector.close();
  await vector.close();
  await assert.rejects(() => vector.step([still, still, still]), /expected open environments, got closed ones/);
});

test('what cannot be opened says why', async () => {
  await assert.rejects(
    () => VectorEnvironment.open({ ...config(1), options: { imageSize: 3 } }),
    /expected an image size/,
  );
  const module = workerUrl(import.meta.url, './vector').href;
  await assert.rejects(() => VectorEnvironment.open({ ...config(1), module }), /to export openEnvironment/);
  await assert.rejects(() => VectorEnvironment.open({ ...config(1), size: 0 }), /expected size of at least 1, got 0/);
});
