/** @file Makes bad messages of good ones: bits flipped, lengths blown up, parts cut, doubled, nested and mixed. */

import type { Random } from '../../src/base/random.ts';

/** What messages are made of. */
export interface Material {
  /** Good messages. */
  readonly seeds: readonly Uint8Array[];
  /** Pieces that mean something to the protocol, and bad ones most of all: they are put into messages anywhere. */
  readonly pieces: readonly Uint8Array[];
  /** No message is longer. */
  readonly longest: number;
}

type Change = (bytes: Uint8Array, random: Random, material: Material) => Uint8Array;

/** Integers that lengths are wrong with. */
const EDGES = [
  0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];
/** How often one piece is repeated in a bomb. */
const BOMB = 20_000;
const MOST_CHANGES = 6;

const join = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
/** `slice` of a Buffer would be a view. */
const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
const pick = <T>(random: Random, items: readonly T[]): T => items[random.integer(items.length)]!;

/** A place in the bytes, and a length from there: mostly short. */
function region(bytes: Uint8Array, random: Random): readonly [number, number] {
  const at = random.integer(bytes.length + 1);
  const span = random.integer(4) === 0 ? bytes.length : 16;
  return [at, Math.min(bytes.length - at, random.integer(span + 1))];
}

const flipBits: Change = (bytes, random) => {
  const out = copy(bytes);
  for (let i = 1 + random.integer(4); i > 0 && out.length > 0; i--)
    out[random.integer(out.length)]! ^= 1 << random.integer(8);
  return out;
};

const setBytes: Change = (bytes, random) => {
  const out = copy(bytes);
  for (let i = 1 + random.integer(4); i > 0 && out.length > 0; i--)
    out[random.integer(out.length)] = random.integer(256);
  return out;
};

/** A number of 1 to 8 bytes, in either byte order, becomes one at the edge of what it can hold. */
const edgeNumber: Change = (bytes, random) => {
  const size = pick(random, [1, 2, 4, 8]);
  if (bytes.length < size) return bytes;
  const number = Buffer.alloc(8);
  number.writeUInt32LE(pick(random, EDGES));
  number.writeUInt32LE(random.integer(3) === 0 ? pick(random, EDGES) : 0, 4);
  const piece = random.integer(2) === 0 ? number.subarray(0, size) : Buffer.from(number.subarray(0, size)).reverse();
  const out = copy(bytes);
  out.set(piece, random.integer(bytes.length - size + 1));
  return out;
};

const cutOff: Change = (bytes, random) => bytes.subarray(0, random.integer(bytes.length + 1));

const remove: Change = (bytes, random) => {
  const [at, length] = region(bytes, random);
  return join(bytes.subarray(0, at), bytes.subarray(at + length));
};

const double: Change = (bytes, random) => {
  const [at, length] = region(bytes, random);
  return join(bytes.subarray(0, at + length), bytes.subarray(at));
};

const noise: Change = (bytes, random) => {
  const at = random.integer(bytes.length + 1);
  const piece = Uint8Array.from({ length: random.integer(40) }, () => random.integer(256));
  return join(bytes.subarray(0, at), piece, bytes.subarray(at));
};

const putPiece: Change = (bytes, random, { pieces }) => {
  if (pieces.length === 0) return noise(bytes, random, { seeds: [], pieces, longest: 0 });
  const at = random.integer(bytes.length + 1);
  const over = random.integer(2) === 0 ? 0 : random.integer(8);
  return join(bytes.subarray(0, at), pick(random, pieces), bytes.subarray(at + over));
};

/** One short piece, thousands of times over. */
const bomb: Change = (bytes, random, { pieces }) => {
  const [at, length] = region(bytes, random);
  const piece =
    random.integer(2) === 0 && pieces.length > 0 ? pick(random, pieces) : bytes.subarray(at, at + Math.min(length, 8));
  if (piece.length === 0) return bytes;
  const count = random.integer(random.integer(8) === 0 ? BOMB : 100);
  return join(bytes.subarray(0, at), ...Array.from({ length: count }, () => piece), bytes.subarray(at));
};

const splice: Change = (bytes, random, { seeds }) => {
  const other = pick(random, seeds);
  return join(bytes.subarray(0, random.integer(bytes.length + 1)), other.subarray(random.integer(other.length + 1)));
};

/** Each as often as it is worth; those that make long messages are rare. */
const WEIGHTS: readonly (readonly [Change, number])[] = [
  [flipBits, 3],
  [setBytes, 2],
  [edgeNumber, 3],
  [cutOff, 1],
  [remove, 2],
  [double, 1],
  [noise, 1],
  [putPiece, 3],
  [splice, 1],
  [bomb, 1],
];
const CHANGES = WEIGHTS.flatMap(([change, weight]) => Array.from({ length: weight }, () => change));

/** A message that is bad in one to six ways, or, once in fifty times, only noise. */
export function badMessage(random: Random, material: Material): Uint8Array {
  if (random.integer(50) === 0) return Uint8Array.from({ length: random.integer(200) }, () => random.integer(256));
  let bytes = pick(random, material.seeds);
  for (let i = 1 + random.integer(MOST_CHANGES); i > 0; i--) {
    bytes = pick(random, CHANGES)(bytes, random, material).subarray(0, material.longest);
  }
  return bytes;
}

/** Pieces out of a line of words: in hex, or characters that are bytes. */
export function piecesOf(words: string, encoding: 'hex' | 'latin1'): Uint8Array[] {
  return words.split(' ').map((word) => Buffer.from(word, encoding));
}
