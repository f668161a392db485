/**
 * @file Writing parquet files row group by row group into a file that can be reopened after a crash: the caller keeps
 * each group's description (`GroupRecord`), and `resume` cuts the file back to the last one it knows.
 */

import fs from 'node:fs';
import path from 'node:path';
import type { RowGroup, SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { fileError } from '../../base/files.ts';

/** One column of one row group. */
export interface ColumnValues {
  readonly name: string;
  readonly values: readonly unknown[];
  /** Bytes that are compressed already (PNG): stored as they are, without statistics. */
  readonly opaque?: boolean;
}

/** The columns of a file and the texts beside them. */
export interface ParquetLayout {
  readonly schema: readonly SchemaElement[];
  readonly keyValues: Readonly<Record<string, string>>;
}

/** What is needed to go on behind a row group: its description as JSON, and where it ends. */
export interface GroupRecord {
  readonly group: string;
  readonly end: number;
}

/** A parquet file that grows by row groups. */
export interface ParquetSink {
  /** Bytes written so far. */
  readonly bytes: number;
  /** Appends one row group and waits until the bytes are with the operating system. */
  append(columns: readonly ColumnValues[]): GroupRecord;
  /** Writes the footer and closes; the file is whole from here on. */
  finish(): void;
  /** Closes without a footer. */
  abandon(): void;
}

/** The bytes of a new file, or the continuation of one that holds `groups` already. */
export function createParquet(file: string, layout: ParquetLayout, groups: readonly GroupRecord[] = []): ParquetSink {
  let handle: number;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    handle = fs.openSync(file, groups.length === 0 ? 'w' : 'r+');
  } catch (cause) {
    throw fileError('write', file, cause);
  }
  const buffer = new ByteWriter(1 << 20);
  const flush = (): void => {
    try {
      let done = 0;
      while (done < buffer.index) {
        const at = buffer.offset - buffer.index + done;
        done += fs.writeSync(handle, new Uint8Array(buffer.buffer, done, buffer.index - done), 0, undefined, at);
      }
      buffer.index = 0;
    } catch (cause) {
      throw fileError('write', file, cause);
    }
  };
  const writer = new ParquetWriter({
    writer: buffer,
    schema: [...layout.schema],
    kvMetadata: Object.entries(layout.keyValues).map(([key, value]) => ({ key, value })),
    createdBy: 'vlakit',
  });
  const last = groups.at(-1);
  if (last !== undefined) {
    fs.ftruncateSync(handle, last.end);
    buffer.index = 0;
    buffer.offset = last.end;
    writer.row_groups.push(...groups.map((record) => parseGroup(record.group)));
    writer.num_rows = writer.row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
  }
  let open = true;
  const close = (): void => {
    if (open) fs.closeSync(handle);
    open = false;
  };
  return {
    get bytes() {
      return buffer.offset;
    },
    append(columns) {
      // With a sink in memory the writer is synchronous.
      void writer.write({
        rowGroupSize: columns[0]!.values.length,
        columnData: columns.map((column) => ({
          name: column.name,
          data: column.values as unknown[],
          offsetIndex: false,
          ...(column.opaque ? { encoding: 'PLAIN', codec: 'UNCOMPRESSED', statistics: false } : {}),
        })),
      });
      flush();
      return { group: JSON.stringify(writer.row_groups.at(-1), exactJson), end: buffer.offset };
    },
    finish() {
      try {
        void writer.finish();
        flush();
        fs.fsyncSync(handle);
      } catch (cause) {
        throw fileError('write', file, cause);
      } finally {
        close();
      }
    },
    abandon: close,
  };
}

/** Writes a small table (one row group) to a file. */
export function writeParquet(file: string, layout: ParquetLayout, columns: readonly ColumnValues[]): void {
  const sink = createParquet(file, layout);
  try {
    if (columns[0]!.values.length > 0) sink.append(columns);
    sink.finish();
  } finally {
    sink.abandon();
  }
}

function exactJson(_key: string, value: unknown): unknown {
  if (Object.is(value, -0)) return { $number: '-0' };
  if (typeof value === 'bigint') return { $bigint: value.toString() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  return value;
}

function parseGroup(text: string): RowGroup {
  return JSON.parse(text, (_key, value: unknown) => {
    if (value !== null && typeof value === 'object') {
      if ('$number' in value) return Number(value.$number);
      if ('$bigint' in value) return BigInt(value.$bigint as string);
      if ('$bytes' in value) return new Uint8Array(Buffer.from(value.$bytes as string, 'base64'));
    }
    return value;
  }) as RowGroup;
}

type Leaf = 'FLOAT' | 'DOUBLE' | 'INT32' | 'INT64' | 'BOOLEAN' | 'UTF8' | 'BYTES';

function leaf(name: string, type: Leaf): SchemaElement {
  if (type === 'UTF8') {
    return {
      name,
      type: 'BYTE_ARRAY',
      repetition_type: 'OPTIONAL',
      converted_type: 'UTF8',
      logical_type: { type: 'STRING' },
    };
  }
  return { name, type: type === 'BYTES' ? 'BYTE_ARRAY' : type, repetition_type: 'OPTIONAL' };
}

/** The schema of a column as pyarrow writes it: `depth` nested lists around a leaf. */
export function columnSchema(name: string, type: Leaf, depth = 0): SchemaElement[] {
  if (depth === 0) return [leaf(name, type)];
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...columnSchema('element', type, depth - 1),
  ];
}

/** The schema of an image column: struct of the encoded bytes and a file name. */
export function imageSchema(name: string): SchemaElement[] {
  return [{ name, repetition_type: 'OPTIONAL', num_children: 2 }, leaf('bytes', 'BYTES'), leaf('path', 'UTF8')];
}

/** The root element and the columns' elements behind it. */
export function tableSchema(columns: readonly (readonly SchemaElement[])[]): SchemaElement[] {
  return [{ name: 'schema', num_children: columns.length }, ...columns.flat()];
}
