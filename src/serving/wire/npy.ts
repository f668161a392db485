/**
 * @file Arrays as the bytes of a `.npy` file (`numpy.save`), which GR00T puts into its messages. Numbers and booleans in C order only; objects, which
 * are pickles, are refused. Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
 */

import { VlaError } from '../../base/errors.ts';
import type { WireLimits } from './limits.ts';
import { type NumericArray, arrayFromWire } from '../../base/numeric-array.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Header and magic fill whole blocks of this many bytes. */
const BLOCK = 64;
/** Numpy keeps room for the first axis to grow to this many digits, whatever it is. */
const GROWTH_DIGITS = 21;
/** Of ten axes and a type no header needs more. */
const LONGEST_HEADER = 1024;

/** What `numpy.save` writes, byte for byte. */
export function encodeNpy(array: NumericArray): Uint8Array {
  const { shape, descr } = array;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  let header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  if (shape.length > 0) header += ' '.repeat(GROWTH_DIGITS - String(shape[0]).length);
  const used = MAGIC.length + 4 + header.length + 1;
  header += ' '.repeat((BLOCK - (used % BLOCK)) % BLOCK);
  const start = MAGIC.length + 4 + header.length + 1;
  const bytes = new Uint8Array(start + array.bytes.length);
  bytes.set(MAGIC);
  bytes.set([1, 0], MAGIC.length);
  new DataView(bytes.buffer).setUint16(MAGIC.length + 2, start - MAGIC.length - 4, true);
  bytes.set(Buffer.from(`${header}\n`, 'latin1'), MAGIC.length + 4);
  bytes.set(array.bytes, start);
  return bytes;
}

const bad = (what: string): VlaError =>
  new VlaError('bad-data', `array: expected the bytes of a .npy file, got ${what}.`, {
    hint: 'Send arrays of numbers in C order, as numpy.save writes them.',
  });

/** The array in the bytes of a `.npy` file, a view of them. Throws `bad-data` for another file, type or order. */
export function decodeNpy(bytes: unknown, limits: WireLimits): NumericArray {
  if (!(bytes instanceof Uint8Array)) throw bad('no bytes');
  if (bytes.length < MAGIC.length + 6 || MAGIC.some((byte, i) => bytes[i] !== byte)) throw bad('others');
  const major = bytes[MAGIC.length];
  if (major !== 1 && major !== 2 && major !== 3) throw bad(`version ${major}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = MAGIC.length + (major === 1 ? 4 : 6);
  const length = major === 1 ? view.getUint16(MAGIC.length + 2, true) : view.getUint32(MAGIC.length + 2, true);
  if (length > LONGEST_HEADER || from + length > bytes.length) throw bad(`a header of ${length} bytes`);
  const { descr, shape } = parseHeader(Buffer.from(bytes.subarray(from, from + length)).toString('latin1'));
  return arrayFromWire(descr, shape, bytes.subarray(from + length), limits);
}

/** The header is the text of a Python dictionary; only what numpy writes for plain types is read. */
const HEADER =
  /^\{ *'descr': *'([^']{1,8})', *'fortran_order': *(False|True), *'shape': *\(((?:\d{1,10}(?:, *\d{1,10})*,?)?)\),? *\} *\n?$/;

function parseHeader(header: string): { descr: string; shape: number[] } {
  const found = HEADER.exec(header);
  if (found === null) throw bad('a header of another kind of array');
  const shape = found[3]!
    .split(',')
    .map((extent) => extent.trim())
    .filter((extent) => extent !== '')
    .map(Number);
  // The order does not matter where at most one axis is longer than 1; numpy says Fortran only where it does.
  if (found[2] === 'True' && shape.filter((extent) => extent !== 1).length > 1) throw bad('Fortran order');
  return { descr: found[1]!, shape };
}
