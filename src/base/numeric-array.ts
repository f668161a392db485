/** @file An array of numbers as it travels: element type, shape and bytes, without a copy where memory is aligned. Numpy's names of types. */

import { VlaError } from './errors.ts';
import { fromHalf } from './half.ts';
import { requireAtMost } from './require-at-most.ts';

/** Element types by numpy's kind and size; complex numbers, texts, objects and records are refused. */
const SIZES = { b1: 1, u1: 1, i1: 1, u2: 2, i2: 2, u4: 4, i4: 4, u8: 8, i8: 8, f2: 2, f4: 4, f8: 8 } as const;

/** `b1` is a boolean, `u8` an unsigned integer of 8 bytes, `f4` a float of 4. */
export type ElementType = keyof typeof SIZES;

/** Bytes of one element. */
export function elementSize(type: ElementType): number {
  return SIZES[type];
}

/** Bytes are little-endian, row-major (C order). */
export class NumericArray {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;

  /** Throws `bad-data` unless the bytes are those of the shape. */
  constructor(type: ElementType, shape: readonly number[], bytes: Uint8Array) {
    const expected = elementCount(shape) * SIZES[type];
    if (bytes.byteLength !== expected) {
      throw new VlaError(
        'bad-data',
        `array: expected ${expected} bytes for ${type} [${shape.join(', ')}], got ${bytes.byteLength}.`,
        { hint: 'The client’s numpy coding is not the one this protocol has.' },
      );
    }
    [this.type, this.shape, this.bytes] = [type, shape, bytes];
  }

  /** From float32 numbers, as a view. */
  static ofFloats(data: Float32Array, shape: readonly number[]): NumericArray {
    return new NumericArray('f4', shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** From bytes, as a view. */
  static ofBytes(data: Uint8Array, shape: readonly number[]): NumericArray {
    return new NumericArray('u1', shape, data);
  }

  get count(): number {
    return elementCount(this.shape);
  }

  /** Numpy's name of the type: `<f4`, `|u1`. */
  get descr(): string {
    return (SIZES[this.type] === 1 ? '|' : '<') + this.type;
  }

  /** The numbers as float32: a view of f4 where it is aligned, else a copy. Integers above 2⁵³ and floats lose digits. */
  toFloats(): Float32Array {
    if (this.type !== 'f4') return Float32Array.from(this.toNumbers());
    if (this.bytes.byteOffset % 4 === 0) {
      return new Float32Array(this.bytes.buffer, this.bytes.byteOffset, this.count);
    }
    // `slice` of a Buffer would be a view of the memory that it shares.
    return new Float32Array(new Uint8Array(this.bytes).buffer);
  }

  /** The numbers one by one. */
  toNumbers(): Float64Array {
    const { count } = this;
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    const read = READERS[this.type];
    const size = SIZES[this.type];
    const numbers = new Float64Array(count);
    for (let i = 0; i < count; i++) numbers[i] = read(view, i * size);
    return numbers;
  }
}

const READERS: Readonly<Record<ElementType, (view: DataView, at: number) => number>> = {
  b1: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u2: (view, at) => view.getUint16(at, true),
  i2: (view, at) => view.getInt16(at, true),
  u4: (view, at) => view.getUint32(at, true),
  i4: (view, at) => view.getInt32(at, true),
  u8: (view, at) => Number(view.getBigUint64(at, true)),
  i8: (view, at) => Number(view.getBigInt64(at, true)),
  f2: (view, at) => fromHalf(view.getUint16(at, true)),
  f4: (view, at) => view.getFloat32(at, true),
  f8: (view, at) => view.getFloat64(at, true),
};

/**
 * An array from what came over a wire: numpy's type name, the shape and the bytes, all checked. Big-endian numbers are turned
 * around. Throws `bad-data`.
 */
export function arrayFromWire(
  descr: unknown,
  shape: unknown,
  bytes: unknown,
  limits: { readonly arrayBytes: number },
): NumericArray {
  const [order, type] = parseDescr(descr);
  if (!Array.isArray(shape) || shape.length > MOST_AXES || !shape.every(isExtent)) {
    throw new VlaError('bad-data', `array: expected a shape of at most ${MOST_AXES} whole numbers, got another.`, {
      hint: HINT,
    });
  }
  if (!(bytes instanceof Uint8Array)) {
    throw new VlaError('bad-data', 'array: expected its data as bytes, got something else.', { hint: HINT });
  }
  requireAtMost('array: bytes', bytes.byteLength, limits.arrayBytes);
  return new NumericArray(type, shape as number[], order === '>' ? swapped(bytes, SIZES[type]) : bytes);
}

const HINT = 'Send arrays as numpy does, of numbers or booleans.';
const MOST_AXES = 8;
const isExtent = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;

function parseDescr(descr: unknown): [string, ElementType] {
  const found = typeof descr === 'string' ? /^([<>|=]?)([a-z]\d)$/.exec(descr) : null;
  if (found !== null && Object.hasOwn(SIZES, found[2]!)) return [found[1]!, found[2] as ElementType];
  const got = typeof descr === 'string' ? `"${descr.slice(0, 40)}"` : typeof descr;
  throw new VlaError('bad-data', `array: expected a type of ${Object.keys(SIZES).join(', ')}, got ${got}.`, {
    hint: HINT,
  });
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const turned = new Uint8Array(bytes);
  for (let at = 0; at < turned.length; at += size) turned.subarray(at, at + size).reverse();
  return turned;
}

/** Entries of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
