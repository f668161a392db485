/** @file Tests of recorded pictures: PNG keeps every pixel with and without sharp, JPEG nearly. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeImage } from '../base/png.ts';
import { decodeCompressedImage } from './foxglove-messages.ts';
import { OWN_PNG, openImageEncoder } from './image-encoder.ts';

const [width, height] = [40, 24];
const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => 60 + (i % 120) + Math.floor(i / 480));

test('PNG gives the same pixels back, whoever writes it', async () => {
  for (const encoder of [OWN_PNG, await openImageEncoder('png')]) {
    const image = decodeCompressedImage(await encoder.encode('front', { width, height, data }, 5n));
    assert.equal(image.format, 'png');
    const decoded = await decodeImage(image.data, 'test');
    assert.deepEqual([decoded.width, decoded.height], [width, height]);
    assert.deepEqual([...decoded.data], [...data]);
  }
});

test('JPEG is smaller than raw pixels and close to them', async () => {
  const flat = new Uint8Array(width * height * 3).fill(120);
  const encoder = await openImageEncoder('jpeg');
  const image = decodeCompressedImage(await encoder.encode('front', { width, height, data: flat }, 5n));
  assert.equal(image.format, encoder.kind);
  assert.ok(image.data.length < flat.length / 2);
  const decoded = await decodeImage(image.data, 'test');
  assert.ok(decoded.data.every((value) => Math.abs(value - 120) <= 2));
});
