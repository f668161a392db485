/** @file Tests of images that travel as files: what is read, and that bombs and damaged files are refused. */

import assert from 'node:assert/strict';
import test from 'node:test';
import zlib from 'node:zlib';
import sharp from 'sharp';
import { encodePng } from '../../base/png.ts';
import { decodePicture } from './encoded-image.ts';
import { DEFAULT_WIRE_LIMITS } from './limits.ts';

const read = (bytes: Uint8Array, limits = DEFAULT_WIRE_LIMITS) => decodePicture(bytes, 'camera', limits);
const plain = { width: 6, height: 4, data: Uint8Array.from({ length: 72 }, (_, i) => (i * 5) % 256) };

/** A PNG file of chunks, with their right checksums. */
function pngOf(...chunks: [string, Uint8Array][]): Uint8Array {
  const parts = chunks.map(([type, content]) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(content.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(zlib.crc32(body));
    return Buffer.concat([head, body, sum]);
  });
  return new Uint8Array(Buffer.concat([Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), ...parts]));
}

function header(width: number, height: number, depth = 8): Uint8Array {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32BE(width);
  bytes.writeUInt32BE(height, 4);
  bytes.set([depth, 2], 8);
  return bytes;
}

test('PNG is read exactly, grey, alpha and 16 bits included; JPEG closely', async () => {
  assert.deepEqual(await read(encodePng(plain)), plain);
  const source = sharp(plain.data, { raw: { width: 6, height: 4, channels: 3 } });
  const grey = await source.clone().toColourspace('b-w').png().toBuffer();
  assert.deepEqual((await read(grey)).data.length, 72);
  const alpha = await source.clone().ensureAlpha().png().toBuffer();
  assert.deepEqual((await read(alpha)).data, plain.data);
  const deep = await source.clone().toColourspace('rgb16').png().toBuffer();
  assert.deepEqual((await read(deep)).data.length, 72);
  const jpeg = await read(await source.clone().jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer());
  assert.deepEqual([jpeg.width, jpeg.height], [6, 4]);
  assert.ok(Math.max(...jpeg.data.map((byte, i) => Math.abs(byte - plain.data[i]!))) < 90);
});

test('a decompression bomb is refused by what its header says, in either format', async () => {
  const zeros = zlib.deflateSync(new Uint8Array(30_000_000), { level: 9 });
  const bomb = pngOf(['IHDR', header(60_000, 60_000)], ['IDAT', zeros], ['IEND', new Uint8Array(0)]);
  assert.ok(bomb.length < 40_000);
  await assert.rejects(read(bomb), { code: 'bad-data', message: /pixels of a side: expected at most 4096, got 60000/ });
  const deep = pngOf(['IHDR', header(60_000, 60_000, 16)], ['IDAT', zeros], ['IEND', new Uint8Array(0)]);
  await assert.rejects(read(deep), { code: 'bad-data' });
  const wide = await sharp({ create: { width: 9000, height: 8, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  await assert.rejects(read(wide), { code: 'bad-data', message: /pixels of a side/ });
  const large = await sharp({ create: { width: 4096, height: 4096, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  await assert.rejects(read(large), { code: 'bad-data', message: /bytes of all pixels/ });
});

test('more pixels than the header says are refused, and a second header', async () => {
  const zeros = zlib.deflateSync(new Uint8Array(30_000_000), { level: 9 });
  const more = pngOf(['IHDR', header(4, 4)], ['IDAT', zeros], ['IEND', new Uint8Array(0)]);
  await assert.rejects(read(more), { code: 'bad-data' });
  const twice = pngOf(
    ['IHDR', header(4, 4)],
    ['IHDR', header(9000, 9000)],
    ['IDAT', zeros],
    ['IEND', new Uint8Array(0)],
  );
  await assert.rejects(read(twice), { code: 'bad-data', message: /two headers/ });
});

test('other kinds of files are refused before any library sees them, and damaged ones', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>');
  const gif = await sharp(plain.data, { raw: { width: 6, height: 4, channels: 3 } })
    .gif()
    .toBuffer();
  for (const bytes of [svg, gif, new Uint8Array(0), Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)]) {
    await assert.rejects(read(bytes), { code: 'bad-data' });
  }
  const png = encodePng(plain);
  for (let length = 0; length < png.length; length += 3) {
    await assert.rejects(read(png.subarray(0, length)), { code: 'bad-data' });
  }
});
