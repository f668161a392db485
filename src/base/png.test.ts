/** @file Tests of the PNG codec against sharp: both directions, every kind of picture and row filter. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { decodeImage, decodePng, encodePng, isPng } from './png.ts';

const WIDTH = 37;
const HEIGHT = 23;

function picture(channels: number): Uint8Array {
  return Uint8Array.from({ length: WIDTH * HEIGHT * channels }, (_, i) => (i * 13 + Math.floor(i / 90) ** 2) % 256);
}

const raw = (channels: 1 | 2 | 3 | 4) => ({ raw: { width: WIDTH, height: HEIGHT, channels } });

describe('PNG', () => {
  test('what we write, sharp and we read back exactly', async () => {
    const data = picture(3);
    for (const level of [1, 6, 9]) {
      const png = encodePng({ width: WIDTH, height: HEIGHT, data }, level);
      assert.deepEqual(new Uint8Array(await sharp(png).raw().toBuffer()), data);
      assert.deepEqual(decodePng(png), { width: WIDTH, height: HEIGHT, data });
    }
    assert.throws(() => encodePng({ width: 3, height: 3, data }), { code: 'bad-shape' });
  });

  test('reads RGB with every row filter, RGBA, grey, grey with alpha and palette as sharp does', async () => {
    const pictures = {
      adaptive: await sharp(picture(3), raw(3)).png({ adaptiveFiltering: true }).toBuffer(),
      plain: await sharp(picture(3), raw(3)).png({ adaptiveFiltering: false }).toBuffer(),
      rgba: await sharp(picture(4), raw(4)).png({ adaptiveFiltering: true }).toBuffer(),
      grey: await sharp(picture(1), raw(1)).toColourspace('b-w').png({ adaptiveFiltering: true }).toBuffer(),
      greyAlpha: await sharp(picture(2), raw(2)).toColourspace('b-w').png().toBuffer(),
      palette: await sharp(picture(3), raw(3)).png({ palette: true, colours: 256 }).toBuffer(),
    };
    for (const [kind, png] of Object.entries(pictures)) {
      const expected = await sharp(png).removeAlpha().toColourspace('srgb').raw().toBuffer();
      const image = decodePng(png, kind);
      assert.notEqual(image, null, kind);
      assert.deepEqual(image!.data, new Uint8Array(expected), kind);
    }
  });

  test('leaves 16-bit, interlaced and JPEG pictures to sharp', async () => {
    const expected = picture(3);
    const sixteen = await sharp(expected, raw(3)).toColourspace('rgb16').png().toBuffer();
    const interlaced = await sharp(expected, raw(3)).png({ progressive: true }).toBuffer();
    assert.equal(decodePng(sixteen), null);
    assert.equal(decodePng(interlaced), null);
    assert.deepEqual((await decodeImage(interlaced, 'interlaced')).data, expected);
    assert.equal((await decodeImage(sixteen, '16 bit')).data.length, expected.length);
    const jpeg = await sharp(expected, raw(3)).jpeg().toBuffer();
    assert.equal(isPng(jpeg), false);
    const image = await decodeImage(jpeg, 'jpeg');
    assert.deepEqual([image.width, image.height, image.data.length], [WIDTH, HEIGHT, expected.length]);
  });

  test('a damaged picture is one clear error', async () => {
    const png = encodePng({ width: WIDTH, height: HEIGHT, data: picture(3) });
    for (const bytes of [png.subarray(0, 20), png.subarray(0, png.length - 30), png.subarray(0, 9)]) {
      assert.throws(() => decodePng(bytes, 'frame 7'), { code: 'bad-data', message: /frame 7/ });
    }
    const flipped = png.slice();
    flipped.fill(0xff, 60, 90);
    assert.throws(() => decodePng(flipped, 'frame 7'), { code: 'bad-data' });
    await assert.rejects(decodeImage(new Uint8Array(10), 'frame 8'), { code: 'bad-data', message: /frame 8/ });
  });
});
