/**
 * @file A file of records of one size, written once from front to back in blocks and read at any place. What is whole is said by
 * `records.json` beside it, so writing can be cut off anywhere and continued. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError, readJson, writeFileAtomic } from '../../base/files.ts';
import { lockFolder } from '../../base/folder-lock.ts';
import { BYTES, elementCount, viewBytes, type Data, type DType, type Tensor } from '../../base/tensor.ts';

/** A tensor of every record. */
export interface RecordField {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What a file holds. */
export interface RecordLayout {
  readonly fields: readonly RecordField[];
  /** Records that are written at once, and blocks of the whole file. */
  readonly block: number;
  readonly blocks: number;
}

/** `records.json`. */
interface RecordState extends RecordLayout {
  /** Blocks that are on the disk. */
  readonly done: number;
}

const DATA = 'records.bin';
const STATE = 'records.json';
/** Fields begin at multiples of it, so that every element type can be viewed in place. */
const ALIGNMENT = 8;
/** Blocks between two notes of what is on the disk. */
const NOTE_EVERY = 32;

const fieldBytes = ({ dtype, shape }: RecordField): number =>
  Math.ceil((elementCount(shape) * BYTES[dtype]) / ALIGNMENT) * ALIGNMENT;

/** Bytes of one record. */
export const recordBytes = ({ fields }: Pick<RecordLayout, 'fields'>): number =>
  fields.reduce((sum, field) => sum + fieldBytes(field), 0);

/** Blocks of the file in `folder` that are there; 0 without a file. Throws `mismatch` where it holds other records. */
export function blocksDone(folder: string, layout: RecordLayout): number {
  const file = path.join(folder, STATE);
  if (!fs.existsSync(file)) return 0;
  const { done, ...there } = readJson<RecordState>(file);
  if (JSON.stringify(there) === JSON.stringify({ ...layout })) return done;
  throw new VlaError('mismatch', `${file}: expected the records of this run, got others.`, {
    hint: 'The folder was edited: delete it.',
  });
}

/** Throws `io` unless the disk of `folder` has room for `bytes`; `free` is what there is. */
export function requireSpace(folder: string, bytes: number, free = freeBytes(folder)): void {
  if (bytes <= free) return;
  const gigabytes = (count: number): string => (count / 1e9).toPrecision(3);
  throw new VlaError('io', `${folder}: expected ${gigabytes(bytes)} GB of free disk, got ${gigabytes(free)} GB.`, {
    hint: 'Free some, name another folder, keep f16 or fewer augmentations, or set data.features to null.',
  });
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = fs.statfsSync(folder);
  return bavail * bsize;
}

/** Writes what is missing. One process at a time. */
export interface RecordWriter {
  /** Blocks that are there. */
  readonly done: number;
  /** Appends a block: per field a tensor [block, …]. */
  write(tensors: Readonly<Record<string, Tensor>>): void;
  /** Makes sure that all of it is on the disk, and closes. */
  close(): void;
}

/** Goes on where the file ends. */
export function openRecordWriter(folder: string, layout: RecordLayout): RecordWriter {
  const release = lockFolder(folder);
  try {
    let done = blocksDone(folder, layout);
    const size = recordBytes(layout);
    const file = path.join(folder, DATA);
    const handle = fs.openSync(file, fs.existsSync(file) ? 'r+' : 'w');
    fs.ftruncateSync(handle, done * layout.block * size);
    const bytes = new Uint8Array(layout.block * size);
    const note = (): void => {
      fs.fdatasyncSync(handle);
      writeFileAtomic(path.join(folder, STATE), `${JSON.stringify({ ...layout, done })}\n`);
    };
    return {
      get done() {
        return done;
      },
      write(tensors) {
        pack(bytes, layout, tensors);
        try {
          fs.writeSync(handle, bytes, 0, bytes.length, done * bytes.length);
          done++;
          if (done % NOTE_EVERY === 0) note();
        } catch (cause) {
          throw fileError('write', file, cause);
        }
      },
      close() {
        note();
        fs.closeSync(handle);
        release();
      },
    };
  } catch (cause) {
    release();
    throw fileError('write', folder, cause);
  }
}

function pack(bytes: Uint8Array, layout: RecordLayout, tensors: Readonly<Record<string, Tensor>>): void {
  const size = recordBytes(layout);
  let offset = 0;
  for (const field of layout.fields) {
    const { data } = tensors[field.name]!;
    const own = elementCount(field.shape) * BYTES[field.dtype];
    const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let r = 0; r < layout.block; r++) bytes.set(source.subarray(r * own, (r + 1) * own), r * size + offset);
    offset += fieldBytes(field);
  }
}

/** Reads a whole file. */
export interface RecordReader {
  /** Copies record `record` to row `row` of tensors [rows, …]. */
  read(record: number, row: number, into: Readonly<Record<string, Tensor>>): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file whose blocks are all there. */
export async function openRecordReader(folder: string, layout: RecordLayout): Promise<RecordReader> {
  const file = path.join(folder, DATA);
  const size = recordBytes(layout);
  const handle = await fs.promises.open(file, 'r');
  return {
    async read(record, row, into) {
      const bytes = new Uint8Array(size);
      const { bytesRead } = await handle.read(bytes, 0, size, record * size);
      if (bytesRead < size) {
        throw new VlaError('bad-data', `${file}: expected record ${record} of ${size} bytes, got ${bytesRead}.`, {
          hint: 'The file was cut off: delete its folder, and it is made anew.',
        });
      }
      let offset = 0;
      for (const field of layout.fields) {
        const count = elementCount(field.shape);
        const values = viewBytes(field.dtype, bytes.subarray(offset, offset + count * BYTES[field.dtype]));
        setRow(into[field.name]!.data, values, row * count);
        offset += fieldBytes(field);
      }
    },
    close: () => handle.close(),
  };
}

/** Both are of one element type. */
function setRow(to: Data, from: Data, at: number): void {
  (to as Float32Array).set(from as Float32Array, at);
}
