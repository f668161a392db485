/** @file Tests of frame selections: the order draws exactly the chosen frames, and chunks end where a stretch ends. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { stateAt, withFolder, writeSmallDataset } from '../../tests/small-dataset.ts';
import type { VlaError } from '../base/errors.ts';
import { drawableRuns, framesIn, rangesWhere, withoutRanges, type FrameSelection } from './frame-selection.ts';
import { openLeRobot } from './lerobot/reader.ts';
import { createLoader, createWorkerLoader } from './loader.ts';
import { shuffledFrames } from './order.ts';
import { sampleSpec } from './samples.ts';
import { plainWindow, windowAt } from './windows.ts';

test('an order without a selection, and with one of everything, is the same', () => {
  const lengths = [5, 1, 9, 3];
  const [plain, all] = [
    shuffledFrames(lengths, 7),
    shuffledFrames(
      lengths,
      7,
      lengths.map((length) => ({ ranges: [[0, length]] })),
    ),
  ];
  assert.equal(all.frames, plain.frames);
  for (let position = 0; position < 60; position++) {
    const { episode, frame, end } = all.at(position);
    assert.deepEqual({ episode, frame }, plain.at(position));
    assert.equal(end, lengths[episode]);
  }
});

test('each epoch draws every chosen frame once and no other; keyframes count only inside a stretch', () => {
  const selection: FrameSelection = [
    {
      ranges: [
        [2, 4],
        [6, 9],
      ],
    },
    { ranges: [] },
    {
      ranges: [
        [1, 5],
        [7, 10],
      ],
      keyframes: [0, 1, 4, 5, 9],
    },
  ];
  const order = shuffledFrames([10, 10, 10], 3, selection);
  const wanted = ['0:2<4', '0:3<4', '0:6<9', '0:7<9', '0:8<9', '2:1<5', '2:4<5', '2:9<10'];
  assert.equal(order.frames, wanted.length);
  for (const epoch of [0, 1, 5]) {
    const drawn = wanted.map((_, i) => order.at(epoch * wanted.length + i));
    assert.deepEqual(drawn.map(({ episode, frame, end }) => `${episode}:${frame}<${end}`).sort(), wanted);
  }
});

test('a selection that does not fit is refused', () => {
  const refused = (selection: FrameSelection, message: RegExp): void => {
    assert.throws(
      () => drawableRuns([4, 4], selection),
      (error: VlaError) => message.test(error.message),
    );
  };
  refused([{ ranges: [[0, 4]] }], /one entry for each of 2 episodes, got 1/);
  refused([{ ranges: [[0, 5]] }, { ranges: [] }], /ascending ranges within 4 frames, got \[0, 5\)/);
  refused(
    [
      {
        ranges: [
          [2, 4],
          [1, 2],
        ],
      },
      { ranges: [] },
    ],
    /ascending/,
  );
  refused([{ ranges: [] }, { ranges: [] }], /at least one frame/);
});

test('ranges: what is left without some, and where flags are set', () => {
  assert.deepEqual(
    withoutRanges(10, [
      [4, 6],
      [0, 2],
      [5, 8],
    ]),
    [
      [2, 4],
      [8, 10],
    ],
  );
  assert.deepEqual(withoutRanges(3, []), [[0, 3]]);
  assert.deepEqual(withoutRanges(3, [[0, 3]]), []);
  assert.deepEqual(rangesWhere([0, 1, 1, 0, 1]), [
    [1, 3],
    [4, 5],
  ]);
  assert.equal(
    framesIn([
      [1, 3],
      [4, 5],
    ]),
    3,
  );
});

test('a window ends with its stretch: rows behind it are padding and repeat its last row', () => {
  const column = Float32Array.from({ length: 8 }, (_, i) => i);
  const { values, isPad } = windowAt(column, 1, 3, plainWindow(4), 5);
  assert.deepEqual([...values], [3, 4, 4, 4]);
  assert.deepEqual([...isPad], [0, 0, 1, 1]);
});

test('the loader gives the chosen frames alone, the same in workers, with actions that stop at the stretch', () =>
  withFolder(async (folder) => {
    const root = path.join(folder, 'data');
    await writeSmallDataset(root, 'image', [8, 6]);
    const dataset = await openLeRobot(root, { episodes: 'all' });
    const selection: FrameSelection = [{ ranges: [[2, 5]] }, { ranges: [[0, 6]], keyframes: [4] }];
    const options = { sample: sampleSpec(dataset, plainWindow(3)), batchSize: 4, seed: 5, prefetch: 0, selection };
    const loaders = [createLoader(dataset, options), createWorkerLoader(dataset, { ...options, workers: 1 })];
    try {
      const [own, workers] = await Promise.all(loaders.map((loader) => loader.batch(0)));
      assert.deepEqual(workers, own);
      const seen = own!.map(({ state, actionIsPad }) => `${[...state].join(',')} ${actionIsPad.join('')}`).sort();
      const wanted = [
        [0, 2, '000'],
        [0, 3, '001'],
        [0, 4, '011'],
        [1, 4, '001'],
      ] as const;
      assert.deepEqual(
        seen,
        wanted.map(([episode, frame, pad]) => `${stateAt(episode, frame).join(',')} ${pad}`).sort(),
      );
    } finally {
      for (const loader of loaders) await loader.close();
      await dataset.close();
    }
  }));
