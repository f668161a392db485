/**
 * @file MessagePack as Python's `msgpack` writes and reads it, with what openpi and its kin need beyond maps with text keys: keys that are
 * bytes, and a hook that turns maps into arrays. Byte strings are views of the message. Lengths are checked against what is left of the message before
 * memory is set aside, so a short message cannot ask for much. docs/decisions/policy-serving.md says why this is not a library.
 */

import { VlaError } from '../../base/errors.ts';
import { requireAtMost } from '../../base/require-at-most.ts';
import type { WireLimits } from './limits.ts';

/** A map from the wire or for it; without a prototype where it was read. */
export type WireMap = Readonly<Record<string, unknown>>;

/** What keys of a map are: `text`, `bytes` (their ASCII text is given), or some of each. */
export type KeyKind = 'text' | 'bytes' | 'mixed';

/** Makes something else of a map that was read, or returns it as it is. */
export type Revive = (map: WireMap, keys: KeyKind) => unknown;

/** A map that is written with keys that are bytes. */
export class BytesKeyMap {
  readonly entries: readonly (readonly [string, unknown])[];

  /** Keys in ASCII. */
  constructor(entries: readonly (readonly [string, unknown])[]) {
    this.entries = entries;
  }
}

const bad = (what: string): VlaError =>
  new VlaError('bad-data', `message: ${what}.`, {
    hint: 'The client must speak the protocol that this server was started with.',
  });

/**
 * The value of a message. Maps become objects without a prototype (keys that are whole numbers become text), byte strings views of
 * `message`, integers numbers (`bigint` beyond 2⁵³). Throws `bad-data` for what is no whole message, is larger than
 * `limits`, holds extension types, repeats a key, or has a text that is not UTF-8.
 */
export function decodeMessagePack(message: Uint8Array, limits: WireLimits, revive: Revive = (map) => map): unknown {
  requireAtMost('message: bytes', message.byteLength, limits.messageBytes);
  const reader = new Reader(message, limits, revive);
  const value = reader.value(0);
  if (reader.at !== message.byteLength)
    throw bad(`expected one value, got ${message.byteLength - reader.at} bytes more`);
  return value;
}

const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Reader {
  at = 0;
  private left: number;
  private readonly view: DataView;
  private readonly bytes: Uint8Array;
  private readonly limits: WireLimits;
  private readonly revive: Revive;

  constructor(bytes: Uint8Array, limits: WireLimits, revive: Revive) {
    [this.bytes, this.limits, this.revive, this.left] = [bytes, limits, revive, limits.entries];
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): unknown {
    requireAtMost('message: depth', depth, this.limits.depth);
    const head = this.unsigned(1);
    if (head < 0x80) return head;
    if (head < 0x90) return this.map(head & 15, depth);
    if (head < 0xa0) return this.list(head & 15, depth);
    if (head < 0xc0) return this.text(head & 31);
    if (head >= 0xe0) return head - 256;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return head === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.take(this.unsigned(1 << (head - 0xc4)));
      case 0xca:
        return this.view.getFloat32(this.step(4));
      case 0xcb:
        return this.view.getFloat64(this.step(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.unsigned(1 << (head - 0xcc));
      case 0xcf:
        return whole(this.view.getBigUint64(this.step(8)));
      case 0xd0:
        return this.view.getInt8(this.step(1));
      case 0xd1:
        return this.view.getInt16(this.step(2));
      case 0xd2:
        return this.view.getInt32(this.step(4));
      case 0xd3:
        return whole(this.view.getBigInt64(this.step(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.unsigned(1 << (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.list(this.unsigned(head === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.map(this.unsigned(head === 0xde ? 2 : 4), depth);
      default:
        throw bad(`expected no extension types, got one (0x${head.toString(16)})`);
    }
  }

  /** Moves on by `count` bytes; returns where they begin. */
  private step(count: number): number {
    const from = this.at;
    if (count > this.bytes.byteLength - from) throw bad('it ends too early');
    this.at = from + count;
    return from;
  }

  private unsigned(size: number): number {
    const at = this.step(size);
    return size === 1 ? this.view.getUint8(at) : size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  private take(length: number): Uint8Array {
    const from = this.step(length);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + from, length);
  }

  private text(length: number): string {
    requireAtMost('message: length of a text', length, 4 * this.limits.textLength);
    const bytes = this.take(length);
    try {
      const text = TEXT.decode(bytes);
      requireAtMost('message: characters of a text', text.length, this.limits.textLength);
      return text;
    } catch (error) {
      if (error instanceof VlaError) throw error;
      throw bad('expected texts in UTF-8, got something else');
    }
  }

  /** Every entry takes at least `each` bytes. */
  private count(entries: number, each: number): number {
    if (entries * each > this.bytes.byteLength - this.at) throw bad('it ends too early');
    requireAtMost('message: entries', entries, this.left);
    this.left -= entries;
    return entries;
  }

  private list(length: number, depth: number): unknown[] {
    const list: unknown[] = [];
    for (let left = this.count(length, 1); left > 0; left--) list.push(this.value(depth + 1));
    return list;
  }

  private map(length: number, depth: number): unknown {
    const map = Object.create(null) as Record<string, unknown>;
    let bytes = 0;
    for (let left = this.count(length, 2); left > 0; left--) {
      const key = this.value(depth + 1);
      let name: string;
      if (typeof key === 'string') name = key;
      else if (typeof key === 'number') name = String(key);
      else if (key instanceof Uint8Array && key.length <= MOST_KEY_BYTES) {
        name = String.fromCharCode(...key);
        bytes++;
      } else throw bad('expected keys that are texts, whole numbers or short byte strings, got another');
      if (name in map) throw bad('expected different keys in a map, got one twice');
      map[name] = this.value(depth + 1);
    }
    return this.revive(map, bytes === 0 ? 'text' : bytes === length ? 'bytes' : 'mixed');
  }
}

const MOST_KEY_BYTES = 256;

function whole(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * A message, with the shortest form of every integer and length and 64-bit floats, as Python's `msgpack.packb` writes it. Objects, lists, texts,
 * numbers (those that are whole become integers), booleans, null, byte strings and `BytesKeyMap`; what `replace` makes of a value is written in its place. Fields that are undefined are left out.
 */
export function encodeMessagePack(value: unknown, replace: (value: object) => unknown = (same) => same): Uint8Array {
  const writer = new Writer(replace);
  writer.value(value);
  return writer.bytes.subarray(0, writer.at);
}

/** A number that is written as a float although it is whole. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

const UTF8 = new TextEncoder();

class Writer {
  at = 0;
  bytes = new Uint8Array(512);
  private view = new DataView(this.bytes.buffer);
  private readonly replace: (value: object) => unknown;

  constructor(replace: (value: object) => unknown) {
    this.replace = replace;
  }

  value(value: unknown): void {
    if (value === null) this.byte(0xc0);
    else if (typeof value === 'boolean') this.byte(value ? 0xc3 : 0xc2);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'bigint') this.big(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'object') this.object(value);
    else
      throw new VlaError('bad-data', `message: expected a value that can be sent, got a ${typeof value}.`, {
        hint: 'Send plain data.',
      });
  }

  private object(given: object): void {
    const value = this.replace(given);
    if (typeof value !== 'object' || value === null) return this.value(value);
    if (value instanceof Uint8Array) {
      this.head(value.byteLength, [0xc4, 0xc5, 0xc6]);
      this.put(value);
    } else if (value instanceof Float) this.double(value.value);
    else if (Array.isArray(value)) {
      this.short(value.length, 15, 0x90, [0xdc, 0xdd]);
      for (const entry of value) this.value(entry);
    } else if (value instanceof BytesKeyMap) {
      this.short(value.entries.length, 15, 0x80, [0xde, 0xdf]);
      for (const [key, entry] of value.entries) {
        this.value(UTF8.encode(key));
        this.value(entry);
      }
    } else {
      const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
      this.short(entries.length, 15, 0x80, [0xde, 0xdf]);
      for (const [key, entry] of entries) {
        this.text(key);
        this.value(entry);
      }
    }
  }

  private number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return this.double(value);
    if (value >= 0 ? value >= 2 ** 32 : value < -(2 ** 31)) return this.big(BigInt(value));
    if (value >= 0) {
      if (value < 0x80) this.byte(value);
      else this.head(value, [0xcc, 0xcd, 0xce]);
    } else if (value >= -32) this.byte(value + 256);
    else if (value >= -128) {
      this.byte(0xd0);
      const at = this.room(1);
      this.view.setInt8(at, value);
    } else if (value >= -32_768) {
      this.byte(0xd1);
      const at = this.room(2);
      this.view.setInt16(at, value);
    } else {
      this.byte(0xd2);
      const at = this.room(4);
      this.view.setInt32(at, value);
    }
  }

  private big(value: bigint): void {
    if (value > 0xffff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n) {
      throw new VlaError('bad-data', `message: expected integers of 64 bits, got ${value}.`, {
        hint: 'Send it as text.',
      });
    }
    this.byte(value >= 0n ? 0xcf : 0xd3);
    const at = this.room(8);
    this.view.setBigUint64(at, BigInt.asUintN(64, value));
  }

  private double(value: number): void {
    this.byte(0xcb);
    const at = this.room(8);
    this.view.setFloat64(at, value);
  }

  private text(value: string): void {
    const bytes = UTF8.encode(value);
    if (bytes.length < 32) this.byte(0xa0 | bytes.length);
    else this.head(bytes.length, [0xd9, 0xda, 0xdb]);
    this.put(bytes);
  }

  /** A length in the head byte itself where it fits, else with 16 or 32 bits. */
  private short(length: number, most: number, base: number, heads: readonly [number, number]): void {
    if (length <= most) this.byte(base | length);
    else this.head(length, [null, ...heads]);
  }

  /** A head byte for 8, 16 or 32 bits, and the number. */
  private head(value: number, [byte, word, long]: readonly [number | null, number, number]): void {
    if (byte !== null && value < 0x100) {
      this.byte(byte);
      this.byte(value);
    } else if (value < 0x1_0000) {
      this.byte(word);
      const at = this.room(2);
      this.view.setUint16(at, value);
    } else {
      this.byte(long);
      const at = this.room(4);
      this.view.setUint32(at, value);
    }
  }

  private put(bytes: Uint8Array): void {
    const at = this.room(bytes.byteLength);
    this.bytes.set(bytes, at);
  }

  private byte(value: number): void {
    const at = this.room(1);
    this.bytes[at] = value;
  }

  /** Makes room for `count` bytes; returns where. */
  private room(count: number): number {
    const from = this.at;
    this.at += count;
    if (this.at > this.bytes.byteLength) {
      const grown = new Uint8Array(Math.max(this.at + 64, 2 * this.bytes.byteLength));
      grown.set(this.bytes.subarray(0, from));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return from;
  }
}
