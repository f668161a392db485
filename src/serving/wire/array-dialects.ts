/** @file How protocols write arrays into MessagePack: one entry per dialect, which reads and writes. */

import { VlaError } from '../../base/errors.ts';
import { BytesKeyMap, decodeMessagePack, encodeMessagePack, type Revive } from './message-pack.ts';
import { EncodedImage } from './encoded-image.ts';
import type { WireLimits } from './limits.ts';
import { decodeNpy, encodeNpy } from './npy.ts';
import { NumericArray, arrayFromWire } from '../../base/numeric-array.ts';

/** One way to write arrays. */
export interface ArrayDialect {
  /** What becomes of an array before it is written. */
  pack(array: NumericArray): unknown;
  /** Makes arrays of the maps that are some. */
  revive(limits: WireLimits): Revive;
}

/**
 * openpi's `msgpack_numpy` (after lebedov's): keys are bytes; numpy scalars have `__npgeneric__`, whose `data` is a plain value. Python's
 * own floats and integers travel as such.
 */
const openpi: ArrayDialect = {
  pack: (array) =>
    new BytesKeyMap([
      ['__ndarray__', true],
      ['data', array.bytes],
      ['dtype', array.descr],
      ['shape', array.shape],
    ]),
  revive: (limits) => (map, keys) => {
    if (keys !== 'bytes') return map;
    if (map['__ndarray__'] === true) return arrayFromWire(map['dtype'], map['shape'], map['data'], limits);
    return map['__npgeneric__'] === true ? scalar(map['data']) : map;
  },
};

function scalar(value: unknown): number | bigint | boolean {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return value;
  throw new VlaError('bad-data', `array: expected a number as numpy scalar, got ${typeof value}.`, {
    hint: 'Complex numbers and texts of numpy are refused.',
  });
}

/** vla-evaluation-harness: keys are texts; images are PNG or JPEG files, or raw. Files are handed on as `EncodedImage`. */
const textKeys: ArrayDialect = {
  pack: (array) => ({ __ndarray__: true, data: array.bytes, dtype: array.descr, shape: array.shape }),
  revive: (limits) => (map, keys) => {
    if (keys !== 'text') return map;
    const isArray = map['__ndarray__'] === true || (map['__image__'] === true && map['format'] === 'raw');
    if (isArray) return arrayFromWire(map['dtype'], map['shape'], map['data'], limits);
    if (map['__image__'] !== true) return map;
    if (map['data'] instanceof Uint8Array) return new EncodedImage(map['data']);
    throw new VlaError('bad-data', `image: expected its data as bytes, got ${typeof map['data']}.`, {
      hint: 'Send images as PNG, JPEG or raw.',
    });
  },
};

/** GR00T N1.6: every array is a `.npy` file. */
const npy: ArrayDialect = {
  pack: (array) => ({ __ndarray_class__: true, as_npy: encodeNpy(array) }),
  revive: (limits) => (map, keys) =>
    keys === 'text' && map['__ndarray_class__'] === true ? decodeNpy(map['as_npy'], limits) : map,
};

/** lebedov's `msgpack_numpy`, which GR00T N1.7 has: keys are bytes; objects (`kind` O, pickles) and records (V) are refused. */
const lebedov: ArrayDialect = {
  pack: (array) =>
    new BytesKeyMap([
      ['nd', true],
      ['type', array.descr],
      ['kind', new Uint8Array(0)],
      ['shape', array.shape],
      ['data', array.bytes],
    ]),
  revive: (limits) => (map, keys) => {
    if (keys !== 'bytes' || typeof map['nd'] !== 'boolean') return map;
    const { kind } = map;
    if (kind !== undefined && !(kind instanceof Uint8Array && kind.length === 0)) {
      throw new VlaError('bad-data', 'array: expected numbers or booleans, got objects or records.', {
        hint: 'Arrays of Python objects travel as pickles, which are refused.',
      });
    }
    if (map['nd']) return arrayFromWire(map['type'], map['shape'], map['data'], limits);
    return arrayFromWire(map['type'], [], map['data'], limits).toNumbers()[0];
  },
};

/** All dialects by name. */
export const ARRAY_DIALECTS = { openpi, textKeys, npy, lebedov } satisfies Readonly<Record<string, ArrayDialect>>;

/** A message whose arrays are `NumericArray`s, in and out. */
export interface ArrayMessages {
  encode(value: unknown): Uint8Array;
  decode(message: Uint8Array): unknown;
}

/** Messages with arrays of a dialect. */
export function arrayMessages({ pack, revive }: ArrayDialect, limits: WireLimits): ArrayMessages {
  const hook = revive(limits);
  return {
    encode: (value) => encodeMessagePack(value, (part) => (part instanceof NumericArray ? pack(part) : part)),
    decode: (message) => decodeMessagePack(message, limits, hook),
  };
}
