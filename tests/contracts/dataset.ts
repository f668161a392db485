/** @file The contract of every Dataset: whole columns, exact random access to pictures, exact statistics, clear misses. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { Dataset } from '../../src/interfaces/episode.ts';

/** What the suite needs to know of an implementation. */
export interface DatasetSubject {
  /** Opens the dataset afresh. */
  open(): Promise<Dataset>;
  /** Why the suite cannot run here. */
  readonly skip?: string | false;
}

const size = (dataset: Dataset, feature: string): number =>
  dataset.features[feature]!.shape.reduce((product, n) => product * n, 1);

const numeric = (dataset: Dataset): string[] =>
  Object.entries(dataset.features)
    .filter(([, { dtype }]) => !['image', 'video', 'string'].includes(dtype))
    .map(([name]) => name);

/** Registers the tests of the contract for one implementation. */
export function datasetContract(name: string, subject: DatasetSubject): void {
  const check = (what: string, run: (dataset: Dataset) => Promise<void>): void => {
    test(`${name}: ${what}`, { skip: subject.skip ?? false }, async () => {
      const dataset = await subject.open();
      try {
        await run(dataset);
      } finally {
        await dataset.close();
      }
    });
  };

  check('tells what it holds', async (dataset) => {
    assert.ok(dataset.name.length > 0);
    assert.ok(dataset.fps > 0);
    assert.ok(dataset.episodes.length > 0);
    for (const { index, length, tasks } of dataset.episodes) {
      assert.ok(Number.isInteger(index) && index >= 0, `index ${index}`);
      assert.ok(Number.isInteger(length) && length > 0, `length ${length}`);
      assert.ok(tasks.length > 0 && tasks.every((task) => task.length > 0), `tasks ${tasks.join('|')}`);
    }
    for (const camera of dataset.cameras) {
      assert.ok(['image', 'video'].includes(dataset.features[camera]!.dtype));
      assert.equal(dataset.features[camera]!.shape.length, 3);
    }
  });

  check('every numeric column has every frame, finite', async (dataset) => {
    for (const { index, length } of dataset.episodes) {
      for (const feature of numeric(dataset)) {
        const column = await dataset.column(feature, index);
        assert.equal(column.length, length * size(dataset, feature), feature);
        assert.ok(column.every(Number.isFinite), feature);
      }
      const times = await dataset.column('timestamp', index);
      times.forEach((time, frame) => assert.ok(Math.abs(time - frame / dataset.fps) < 1e-4, `${time} at ${frame}`));
      const own = await dataset.column('episode_index', index);
      assert.ok(own.every((value) => value === index));
    }
  });

  check('every frame has an instruction of its episode', async (dataset) => {
    for (const { index, length, tasks } of dataset.episodes.slice(0, 4)) {
      for (const frame of [0, length >> 1, length - 1]) {
        assert.ok(tasks.includes(await dataset.instruction(index, frame)));
      }
    }
  });

  check('a picture is the same whatever was read before it', async (dataset) => {
    const { index, length } = dataset.episodes.at(-1)!;
    const count = Math.min(length, 9);
    for (const camera of dataset.cameras) {
      const [height, width] = dataset.features[camera]!.shape as [number, number];
      const inOrder: Uint8Array[] = [];
      for (let frame = 0; frame < count; frame++) {
        const image = await dataset.image(camera, index, frame);
        assert.deepEqual([image.width, image.height, image.data.length], [width, height, width * height * 3]);
        inOrder.push(image.data);
      }
      const last = (await dataset.image(camera, index, length - 1)).data;
      for (let i = count - 1; i >= 0; i--) {
        const frame = (i * 5) % count;
        assert.deepEqual((await dataset.image(camera, index, frame)).data, inOrder[frame], `${camera} ${frame}`);
      }
      const other = dataset.episodes[0]!;
      await dataset.image(camera, other.index, other.length - 1);
      assert.deepEqual((await dataset.image(camera, index, length - 1)).data, last);
    }
  });

  check('statistics are those of the columns', async (dataset) => {
    for (const feature of numeric(dataset).slice(0, 3)) {
      const s = await dataset.statistics(feature);
      const d = size(dataset, feature) - 1;
      const values: number[] = [];
      for (const { index } of dataset.episodes) {
        const column = await dataset.column(feature, index);
        for (let i = d; i < column.length; i += d + 1) values.push(column[i]!);
      }
      values.sort((a, b) => a - b);
      assert.equal(s.count, values.length);
      // The sign of a zero does not count.
      assert.equal(s.min[d], values[0]! + 0);
      assert.equal(s.max[d], values.at(-1)! + 0);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
      assert.ok(Math.abs(s.mean[d]! - mean) <= 1e-6 * Math.max(1, Math.abs(mean)), `${s.mean[d]} is not ${mean}`);
      assert.ok(Math.abs(s.std[d]! - deviation) <= 1e-6 * Math.max(1, deviation), `${s.std[d]} is not ${deviation}`);
      const below = values.filter((value) => value < s.q10[d]!).length;
      const notAbove = values.filter((value) => value <= s.q10[d]!).length;
      const rank = 0.1 * (values.length - 1);
      assert.ok(below <= rank + 1 && notAbove >= rank, `q10 has ${below} below and ${notAbove} up to it`);
    }
  });

  check('a miss says what there is', async (dataset) => {
    const { index, length } = dataset.episodes[0]!;
    await assert.rejects(dataset.column('actoin', index), { code: 'not-found', hint: /"action"/ });
    await assert.rejects(dataset.column('action', 987654), { code: 'not-found' });
    await assert.rejects(dataset.image('action', index, 0), { code: 'bad-argument' });
    await assert.rejects(dataset.statistics('actoin'), { code: 'not-found' });
    for (const camera of dataset.cameras.slice(0, 1)) {
      await assert.rejects(dataset.column(camera, index), { code: 'bad-argument' });
      for (const frame of [-1, length, 0.5, NaN]) {
        await assert.rejects(dataset.image(camera, index, frame), { code: 'bad-argument' }, `frame ${frame}`);
      }
      await assert.rejects(dataset.image(camera, 987654, 0), { code: 'not-found' });
    }
    await assert.rejects(dataset.instruction(index, length), { code: 'bad-argument' });
  });
}
