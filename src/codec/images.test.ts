/** @file Image steps: geometry of padding and cropping, and where points of the image go. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { Image } from '../interfaces/observation.ts';
import { createImagePipeline, processImage, requireImage, type ImageStep } from './images.ts';

/** An image whose red channel is 10 · row + column + 1. */
function numbered(width: number, height: number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data[3 * i] = 10 * Math.floor(i / width) + (i % width) + 1;
  return { width, height, data };
}

/** The red channel, row by row. */
function red({ width, height, data }: Image): number[][] {
  return Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => data[(y * width + x) * 3]!));
}

test('padding to a square puts the smaller half of an odd rest first', () => {
  assert.deepEqual(red(processImage(numbered(3, 2), [{ kind: 'pad-to-square', fill: 7 }])), [
    [1, 2, 3],
    [11, 12, 13],
    [7, 7, 7],
  ]);
  const tall = processImage(numbered(1, 4), [{ kind: 'pad-to-square', fill: 0 }]);
  assert.deepEqual(red(tall)[3], [0, 31, 0, 0]);
});

test('a centre crop keeps the middle, and a crop that is too large is refused', () => {
  assert.deepEqual(red(processImage(numbered(4, 4), [{ kind: 'centre-crop', width: 2, height: 2 }])), [
    [12, 13],
    [22, 23],
  ]);
  assert.throws(() => processImage(numbered(4, 4), [{ kind: 'centre-crop', width: 5, height: 2 }]), {
    code: 'bad-argument',
    message: 'centre-crop: expected an image of at least 5×2, got 4×4.',
  });
});

test('a centre crop cuts the smaller half of an odd rest off first', () => {
  assert.deepEqual(red(processImage(numbered(5, 4), [{ kind: 'centre-crop', width: 2, height: 1 }])), [[12, 13]]);
});

test('a centre zoom keeps size and middle, and a share that leaves nothing is refused', () => {
  const steps: ImageStep[] = [{ kind: 'centre-zoom', share: 0.5, filter: 'bilinear' }];
  const zoomed = processImage(numbered(8, 4), steps);
  assert.deepEqual([zoomed.width, zoomed.height], [8, 4]);
  assert.deepEqual([red(zoomed)[0]![0], red(zoomed)[3]![7]], [13, 26]);
  const { map } = createImagePipeline(steps, 8, 4);
  assert.deepEqual(map, { scaleX: 2, offsetX: -0.5, scaleY: 2, offsetY: -0.5 });
  assert.throws(() => processImage(numbered(1, 4), steps), { code: 'bad-argument', message: /0×2/ });
});

test('resize with pad keeps the aspect ratio', () => {
  const steps: ImageStep[] = [{ kind: 'resize-with-pad', width: 8, height: 8, filter: 'bilinear', fill: 0 }];
  const white = { width: 20, height: 10, data: new Uint8Array(600).fill(255) };
  const rows = red(processImage(white, steps)).map((row) => new Set(row));
  assert.deepEqual(
    rows.map((values) => [...values]),
    [[0], [0], [255], [255], [255], [255], [0], [0]],
  );
});

test('without steps the image is what it was', () => {
  assert.deepEqual(processImage(numbered(3, 2), []), numbered(3, 2));
});

test('the map of a pipeline says where a point lies', () => {
  const steps: ImageStep[] = [
    { kind: 'centre-crop', width: 60, height: 40 },
    { kind: 'resize', width: 30, height: 20, filter: 'bicubic' },
    { kind: 'pad-to-square', fill: 0 },
  ];
  // A white dot of 2 × 2 pixels becomes one pixel; its centre must lie where the map says.
  const image = { width: 80, height: 60, data: new Uint8Array(80 * 60 * 3) };
  for (const [x, y] of [
    [30, 22],
    [31, 22],
    [30, 23],
    [31, 23],
  ]) {
    image.data.fill(255, (y! * 80 + x!) * 3, (y! * 80 + x!) * 3 + 3);
  }
  const pipeline = createImagePipeline(steps, 80, 60);
  const out = pipeline.apply(image.data);
  const { scaleX, offsetX, scaleY, offsetY } = pipeline.map;
  const column = (scaleX * (31 / 80) + offsetX) * pipeline.width;
  const row = (scaleY * (23 / 60) + offsetY) * pipeline.height;
  const brightest = out.indexOf(Math.max(...out)) / 3;
  assert.deepEqual([column, row], [(brightest % 30) + 0.5, Math.floor(brightest / 30) + 0.5]);
});

test('an image of zero size is refused', () => {
  const empty = { width: 0, height: 4, data: new Uint8Array(0) };
  assert.throws(() => requireImage(empty, 'camera "front"'), {
    code: 'bad-shape',
    message: 'camera "front": expected at least 1×1 pixels, got 0×4.',
  });
  assert.throws(() => processImage({ ...empty, width: Number.NaN }, []), { code: 'bad-shape' });
  for (const [width, height] of [[0, 4] as const, [4, 0] as const, [2.5, 4] as const]) {
    assert.throws(() => createImagePipeline([{ kind: 'pad-to-square', fill: 0 }], width, height), {
      code: 'bad-argument',
      message: `image: expected a size of at least 1×1 pixels, got ${width}×${height}.`,
    });
  }
});

test('bytes that do not fit the size are refused', () => {
  assert.throws(() => requireImage({ width: 2, height: 2, data: new Uint8Array(16) }, 'camera "front"'), {
    code: 'bad-shape',
    message: 'camera "front": expected 2×2×3 = 12 RGB bytes, got 16.',
  });
});
