/** @file Compressed pictures: what was encoded comes out, and what is no picture is refused. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeImage } from './node-decode-image.ts';

const loaded = await import('sharp').catch(() => null);
const skip = loaded === null && 'sharp is not installed';

test('pictures come out as they were put in', { skip }, async () => {
  const data = Uint8Array.from({ length: 3 * 20 * 10 }, (_, i) => (i * 7) % 256);
  const raw = { width: 20, height: 10, channels: 3 } as const;
  const png = await loaded!.default(data, { raw }).png().toBuffer();
  assert.deepEqual(await decodeImage(png), { width: 20, height: 10, data });
  const grey = await loaded!
    .default(new Uint8Array(200).fill(90), { raw: { ...raw, channels: 1 } })
    .jpeg()
    .toBuffer();
  assert.deepEqual(await decodeImage(grey), { width: 20, height: 10, data: new Uint8Array(600).fill(90) });
  const clear = await loaded!
    .default(new Uint8Array(800).fill(90), { raw: { ...raw, channels: 4 } })
    .png()
    .toBuffer();
  assert.equal((await decodeImage(clear)).data.length, 600);
});

test('what is no picture is refused', { skip }, async () => {
  for (const bytes of [new Uint8Array(0), Uint8Array.of(255, 216, 255), new TextEncoder().encode('<svg/>')]) {
    await assert.rejects(decodeImage(bytes), { code: 'bad-data' });
  }
});
