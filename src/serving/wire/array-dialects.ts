/** @file How protocols write arrays into MessagePack: one entry per dialect, which reads and writes. */

import { VlaError } from '../../base/errors.ts';
import { BytesKeyMap, decodeMessagePack, encodeMessagePack, type Revive } from './message-pack.ts';
import type { WireLimits } from './limits.ts';
import { NumericArray, arrayFromWire } from './numeric-array.ts';

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

/** All dialects by name. */
export const ARRAY_DIALECTS = { openpi } satisfies Readonly<Record<string, ArrayDialect>>;

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
