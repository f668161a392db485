/** @file Annotation files: what is written comes back for every frame and in every loader, and damage is named. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { withFolder, writeSmallDataset } from '../../../tests/small-dataset.ts';
import { Random } from '../../base/random.ts';
import type { Annotation, Box } from '../../interfaces/annotation.ts';
import { createLoader, createWorkerLoader } from '../loader.ts';
import { cacheImages } from '../image-cache.ts';
import { shuffledFrames } from '../order.ts';
import { createSampleReader, sampleSpec } from '../samples.ts';
import { plainWindow } from '../windows.ts';
import { annotationFile, annotationLines, parseAnnotationLines } from './annotations.ts';
import { openLeRobot } from './reader.ts';

/** An annotation of some parts, with four decimals at most. */
function drawn(random: Random): Annotation | null {
  if (random.uniform() < 0.2) return null;
  const number = (): number => random.integer(10_001) / 10_000;
  const box = (): Box => [number(), number(), number(), number()];
  const some = <T>(make: () => T): T | undefined => (random.uniform() < 0.5 ? make() : undefined);
  const word = (): string => random.pick(['reach', 'grip “it”\n', 'lift']);
  const drawnParts: { [K in keyof Annotation]: Annotation[K] | undefined } = {
    scene: some(word),
    subtask: some(word),
    finished: some(() => []),
    todo: some(() => [word(), word()]),
    progress: some(number),
    plan: some(word),
    targets: some(() => [{ name: word(), boxes: { front: box() } }]),
    goal: some(() => ({ name: word(), boxes: { front: box(), wrist: box() } })),
    trace: some(() => ({ front: [[number(), number()]] })),
  };
  const known = Object.entries(drawnParts).filter(([, value]) => value !== undefined);
  return known.length === 0 ? null : (Object.fromEntries(known) as Annotation);
}

test('every frame comes back as it was, from one line per change', () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = new Random(seed);
    const distinct = Array.from({ length: 12 }, () => drawn(random));
    const frames = distinct.flatMap((annotation) => Array<Annotation | null>(1 + random.integer(3)).fill(annotation));
    const text = annotationLines(frames);
    assert.deepEqual(
      parseAnnotationLines(text, frames.length, 'file'),
      frames.map((annotation) => annotation ?? undefined),
    );
    assert.ok(text.split('\n').length - 1 <= 12);
  }
});

test('what does not change is written once, and places are kept to a ten-thousandth', () => {
  const first: Annotation = { scene: 'a table', subtask: 'reach', progress: 1 / 3 };
  const text = annotationLines([first, first, { ...first, subtask: 'grip' }, { scene: 'a table' }]);
  assert.equal(
    text,
    '{"from":0,"scene":"a table","subtask":"reach","progress":0.3333}\n' +
      '{"from":2,"subtask":"grip"}\n' +
      '{"from":3,"subtask":null,"progress":null}\n',
  );
});

test('samples have the annotation of their frame, in this thread, from workers and from memory', () =>
  withFolder(async (folder) => {
    const root = path.join(folder, 'set');
    const lengths = [7, 5, 9];
    await writeSmallDataset(root, 'image', lengths);
    // The middle episode has no file.
    for (const episode of [0, 2]) {
      const annotations = Array.from({ length: lengths[episode]! }, (_, frame): Annotation | null =>
        frame === 1 ? null : { subtask: `step ${frame} of ${episode}`, trace: { front: [[0.5, frame / 10]] } },
      );
      fs.mkdirSync(path.dirname(annotationFile(root, episode)), { recursive: true });
      fs.writeFileSync(annotationFile(root, episode), annotationLines(annotations));
    }
    const dataset = await openLeRobot(root, { episodes: 'all' });
    const spec = sampleSpec(dataset, plainWindow(2));
    const reader = createSampleReader(dataset, spec);
    assert.deepEqual((await reader.read(2, 4)).annotation, {
      subtask: 'step 4 of 2',
      trace: { front: [[0.5, 0.4]] },
    });
    assert.equal('annotation' in (await reader.read(0, 1)), false);
    assert.equal('annotation' in (await reader.read(1, 0)), false);
    const options = { sample: spec, batchSize: 3, seed: 1, prefetch: 2 };
    const memory = await cacheImages(dataset, { imageSize: null, workers: 1, limitBytes: 1e6 });
    const loaders = [
      createLoader(dataset, options),
      createLoader(memory, options),
      createWorkerLoader(dataset, { ...options, workers: 1 }),
    ];
    const order = shuffledFrames(lengths, 1);
    for (const loader of loaders) {
      for (let step = 0; step < 7; step++) {
        for (const [i, { annotation }] of (await loader.batch(step)).entries()) {
          const { episode, frame } = order.at(step * 3 + i);
          const expected = episode === 1 || frame === 1 ? undefined : `step ${frame} of ${episode}`;
          assert.equal(annotation?.subtask, expected);
          assert.deepEqual(annotation?.trace?.['front'], expected && [[0.5, frame / 10]]);
        }
      }
      await loader.close();
    }
    await memory.close();
  }));

test('a damaged file is refused with its line', () => {
  const good = '{"from":0,"subtask":"reach"}\n';
  const cases: readonly [string, RegExp][] = [
    [`${good}{"from":2,`, /file, line 2: expected a JSON object/],
    [`${good}{"from":0}`, /line 2: expected a frame after 0 and below 5, got 0/],
    ['{"from":5}', /expected a frame after -1 and below 5, got 5/],
    ['{"from":0,"subtsk":"x"}', /line 1: .*subtsk/],
    ['{"from":0,"progress":1.5}', /progress/],
    ['{"from":0,"goal":{"name":"x","boxes":{"front":[0,1,2]}}}', /goal\.boxes\.front/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseAnnotationLines(text, 5, 'file'), { code: 'bad-data', message });
  }
});
