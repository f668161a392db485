/** @file Reading forwards through bytes; what would go past the end is refused before anything is made of it. */

import { VlaError } from '../errors.ts';

const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NEWLINE = 0x0a;
/** The longest name of a module or class, in bytes. */
const LONGEST_LINE = 256;

/** Bytes and a place in them. All numbers are little-endian unless said otherwise. */
export class ByteCursor {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** A view of the next `count` bytes. */
  take(count: number): Uint8Array {
    const start = this.step(count);
    return this.bytes.subarray(start, start + count);
  }

  u8(): number {
    return this.view.getUint8(this.step(1));
  }

  u16(): number {
    return this.view.getUint16(this.step(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.step(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.step(4), true);
  }

  /** An unsigned length of 8 bytes; what no memory could hold becomes a number that is too large. */
  u64(): number {
    return Number(this.view.getBigUint64(this.step(8), true));
  }

  /** Big-endian, as the one opcode for floats has them. */
  f64(): number {
    return this.view.getFloat64(this.step(8), false);
  }

  /** The next `count` bytes as UTF-8; what is not is refused. */
  text(count: number): string {
    const bytes = this.take(count);
    try {
      return TEXT.decode(bytes);
    } catch {
      throw new VlaError('bad-data', `pickle: expected UTF-8 at byte ${this.at - count}.`);
    }
  }

  /** Up to the next line break, which is skipped. */
  line(): string {
    const window = this.bytes.subarray(this.at, this.at + LONGEST_LINE + 1);
    const length = window.indexOf(NEWLINE);
    if (length < 0) {
      throw new VlaError('bad-data', `pickle: expected a name of at most ${LONGEST_LINE} bytes at byte ${this.at}.`);
    }
    const text = this.text(length);
    this.at++;
    return text;
  }

  /** Moves on by `count`; returns where it was. */
  private step(count: number): number {
    if (!(count <= this.left)) {
      throw new VlaError(
        'bad-data',
        `pickle: expected ${count} more bytes at byte ${this.at}, got ${this.left}; it is cut off.`,
      );
    }
    const start = this.at;
    this.at += count;
    return start;
  }
}
