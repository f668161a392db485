/** @file Writes pickles of protocol 4 that Python's own `pickle.loads` reads. */

import { VlaError } from '../errors.ts';
import { OP } from './opcodes.ts';

const TEXT = new TextEncoder();
const FIRST_BYTES = 1024;

/** Appends instructions; each method says what it leaves on Python's stack. */
export class PickleWriter {
  private bytes = new Uint8Array(FIRST_BYTES);
  private length = 0;
  /** Names and attribute names that were written → their numbers in the memo. */
  private readonly memo = new Map<string, number>();

  constructor() {
    this.codes(OP.PROTO, 4);
  }

  /** A float. */
  float(value: number): void {
    const view = this.room(9);
    view.setUint8(0, OP.BINFLOAT);
    view.setFloat64(1, value, false);
  }

  /** An int within ±2^53. */
  int(value: number): void {
    if (!Number.isSafeInteger(value)) {
      throw new VlaError('bad-argument', `pickle: expected a whole number within ±2^53, got ${value}.`);
    }
    const view = this.room(10);
    view.setUint8(0, OP.LONG1);
    view.setUint8(1, 8);
    view.setBigInt64(2, BigInt(value), true);
  }

  /** A str; written once, and referred to afterwards. */
  text(value: string): void {
    if (this.recall(`text ${value}`)) return;
    const bytes = TEXT.encode(value);
    const view = this.room(5 + bytes.length);
    view.setUint8(0, OP.BINUNICODE);
    view.setUint32(1, bytes.length, true);
    this.bytes.set(bytes, this.length - bytes.length);
    this.remember(`text ${value}`);
  }

  /** A class or function by its name. */
  name(module: string, name: string): void {
    if (this.recall(`name ${module} ${name}`)) return;
    this.text(module);
    this.text(name);
    this.codes(OP.STACK_GLOBAL);
    this.remember(`name ${module} ${name}`);
  }

  /** A list of what `items` leaves. */
  list(items: () => void): void {
    this.codes(OP.EMPTY_LIST, OP.MARK);
    items();
    this.codes(OP.APPENDS);
  }

  /** What the function returns for the one argument that `argument` leaves. */
  call(module: string, name: string, argument: () => void): void {
    this.name(module, name);
    argument();
    this.codes(OP.TUPLE1, OP.REDUCE);
  }

  /** An object whose attributes are those of `fields`, each of which leaves its value; its `__init__` is not run. */
  object(module: string, name: string, fields: Readonly<Record<string, () => void>>): void {
    this.name(module, name);
    this.codes(OP.EMPTY_TUPLE, OP.NEWOBJ, OP.EMPTY_DICT, OP.MARK);
    for (const [field, value] of Object.entries(fields)) {
      this.text(field);
      value();
    }
    this.codes(OP.SETITEMS, OP.BUILD);
  }

  /** Ends the pickle, whose value is what was left. */
  finish(): Uint8Array {
    this.codes(OP.STOP);
    return this.bytes.slice(0, this.length);
  }

  private recall(key: string): boolean {
    const index = this.memo.get(key);
    if (index === undefined) return false;
    const view = this.room(5);
    view.setUint8(0, OP.LONG_BINGET);
    view.setUint32(1, index, true);
    return true;
  }

  private remember(key: string): void {
    this.memo.set(key, this.memo.size);
    this.codes(OP.MEMOIZE);
  }

  private codes(...codes: number[]): void {
    const view = this.room(codes.length);
    codes.forEach((code, i) => view.setUint8(i, code));
  }

  /** The next `count` bytes. */
  private room(count: number): DataView {
    const start = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, 2 * this.bytes.length));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    return new DataView(this.bytes.buffer, start, count);
  }
}
