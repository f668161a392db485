/** @file A camera image from an array of a message: bytes or floats, with the colours as last or first axis. */

import { VlaError } from '../../base/errors.ts';
import type { Image } from '../../interfaces/observation.ts';
import { requireAtMost } from '../../base/require-at-most.ts';
import type { WireLimits } from './limits.ts';
import { NumericArray } from '../../base/numeric-array.ts';

/**
 * RGB, a view of the message where it is bytes with the colours last. Floats are 0 to 1 and become bytes as in openpi's transforms, x · 255 rounded
 * towards zero. An array of 3 × w × 3 has its colours last. Throws `bad-shape` or `not-finite`; `where` names the camera.
 */
export function imageFromWire(value: unknown, where: string, limits: WireLimits): Image {
  if (!(value instanceof NumericArray)) {
    throw new VlaError('bad-shape', `${where}: expected an image as array, got ${typeof value}.`, { hint: HINT });
  }
  let shape = value.shape;
  while (shape.length > 3 && shape[0] === 1) shape = shape.slice(1);
  const last = shape.length === 3 && shape[2] === 3;
  if (!last && !(shape.length === 3 && shape[0] === 3)) {
    throw new VlaError(
      'bad-shape',
      `${where}: expected [height, width, 3] or [3, height, width], got [${value.shape.join(', ')}].`,
      { hint: HINT },
    );
  }
  const [height, width] = (last ? shape : shape.slice(1)) as [number, number];
  requireAtMost(`${where}: pixels of a side`, Math.max(height, width), limits.imageSide);
  const data = bytesOf(value, where);
  return { width, height, data: last ? data : coloursLast(data, height * width) };
}

const HINT = 'Send RGB images, bytes or floats from 0 to 1.';

function bytesOf(array: NumericArray, where: string): Uint8Array {
  if (array.type === 'u1') return array.bytes;
  if (!array.type.startsWith('f')) {
    throw new VlaError('bad-shape', `${where}: expected bytes or floats, got ${array.type}.`, { hint: HINT });
  }
  const scaled = array.type === 'f8' ? (value: number) => value * 255 : (value: number) => Math.fround(value * 255);
  const numbers = array.type === 'f4' ? array.toFloats() : array.toNumbers();
  const data = new Uint8Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    if (!(value >= 0 && value <= 1)) {
      throw new VlaError('not-finite', `${where}: expected floats from 0 to 1, got ${value}.`, { hint: HINT });
    }
    data[i] = Math.trunc(scaled(value));
  }
  return data;
}

function coloursLast(planes: Uint8Array, pixels: number): Uint8Array {
  const data = new Uint8Array(3 * pixels);
  for (let i = 0; i < pixels; i++) {
    data[3 * i] = planes[i]!;
    data[3 * i + 1] = planes[pixels + i]!;
    data[3 * i + 2] = planes[2 * pixels + i]!;
  }
  return data;
}
