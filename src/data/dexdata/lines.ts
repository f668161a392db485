/** @file Lines of a text file, one by one or by their place, in bounded memory whatever the file's size. */

import fs from 'node:fs';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';

/** A longer line is an error: it would not fit where lines are meant to. */
const LONGEST = 64 * 2 ** 20;
const BLOCK = 1 << 16;
const NEWLINE = 10;

/** A line that is not blank. */
export interface Line {
  /** Counted from 1, blank lines included, as editors count. */
  readonly number: number;
  readonly text: string;
}

/** Where a line that is not blank lies in its file, bytes. */
export interface LinePlace {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** The lines of a file that are not blank. The file is closed when the caller stops. */
export function* readLines(file: string): Generator<Line> {
  for (const { number, blank, bytes } of scan(file, true)) {
    if (!blank) yield { number, text: decode(bytes!, `${file}, line ${number}`) };
  }
}

/** The places of the lines that are not blank. */
export function findLines(file: string): LinePlace[] {
  const places: LinePlace[] = [];
  for (const { number, start, end, blank } of scan(file, false)) if (!blank) places.push({ number, start, end });
  return places;
}

/** One line by its place. */
export function readLine(file: string, { number, start, end }: LinePlace): Line {
  const bytes = Buffer.allocUnsafe(end - start);
  const handle = open(file);
  try {
    const count = fs.readSync(handle, bytes, 0, bytes.length, start);
    if (count < bytes.length) {
      throw new VlaError('bad-data', `${file}, line ${number}: expected ${bytes.length} bytes, got ${count}.`, {
        hint: 'The file was cut off while it was read; open the dataset again.',
      });
    }
  } finally {
    fs.closeSync(handle);
  }
  return { number, text: decode(bytes, `${file}, line ${number}`) };
}

interface Scanned extends LinePlace {
  readonly blank: boolean;
  /** The line without its end, when asked for; valid until the next one. */
  readonly bytes: Uint8Array | null;
}

function* scan(file: string, keep: boolean): Generator<Scanned> {
  const handle = open(file);
  const block = Buffer.allocUnsafe(BLOCK);
  let held: Buffer[] = [];
  let [number, start, at, blank] = [1, 0, 0, true];
  try {
    for (;;) {
      const count = read(handle, block, file);
      let from = 0;
      while (from < count) {
        const found = block.subarray(0, count).indexOf(NEWLINE, from);
        const to = found < 0 ? count : found;
        const piece = block.subarray(from, to);
        blank &&= piece.every((byte) => byte === 32 || byte === 9 || byte === 13);
        if (at + to - start > LONGEST) throw tooLong(file, number);
        // The block is read into again: what is kept beyond it must be copied.
        if (keep) held.push(found < 0 ? Buffer.from(piece) : piece);
        from = to + 1;
        if (found < 0) break;
        yield { number, start, end: at + to, blank, bytes: keep ? joined(held) : null };
        [number, start, held, blank] = [number + 1, at + from, [], true];
      }
      at += count;
      if (count === 0) break;
    }
    if (at > start) yield { number, start, end: at, blank, bytes: keep ? joined(held) : null };
  } finally {
    fs.closeSync(handle);
  }
}

function joined(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new VlaError('bad-data', `${where}: expected UTF-8 text, got other bytes.`, {
      cause,
      hint: 'The file was cut off or damaged; fetch or write it again.',
    });
  }
}

function open(file: string): number {
  try {
    return fs.openSync(file, 'r');
  } catch (cause) {
    throw fileError('read', file, cause);
  }
}

function read(handle: number, into: Buffer, file: string): number {
  try {
    return fs.readSync(handle, into, 0, into.length, null);
  } catch (cause) {
    throw fileError('read', file, cause);
  }
}

function tooLong(file: string, number: number): VlaError {
  return new VlaError('bad-data', `${file}, line ${number}: expected at most ${LONGEST} bytes, got more.`, {
    hint: 'Dexdata has one JSON object per line; is this another kind of file?',
  });
}
