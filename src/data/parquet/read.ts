/** @file Reading parquet files: columns of whole files or row ranges, with errors that name the file. */

import fs from 'node:fs';
import { parquetMetadataAsync, parquetRead, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';

/** A parquet file whose footer has been read. */
export interface ParquetFile {
  readonly path: string;
  readonly rows: number;
  /** Names of the top-level columns. */
  readonly columns: readonly string[];
  /** First row and row count of each row group. */
  readonly groups: readonly { readonly start: number; readonly rows: number }[];
  /** A column's values for the rows [start, end): numbers, bigints, strings, byte arrays, nested arrays or objects. */
  read(column: string, start?: number, end?: number): Promise<unknown[]>;
  /** A string from the file's key-value metadata. */
  keyValue(key: string): string | undefined;
}

/** Opens a parquet file; a missing, truncated or damaged one is a VlaError that names it. */
export async function openParquet(path: string): Promise<ParquetFile> {
  const file = asyncFile(path);
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(file);
  } catch (cause) {
    throw damaged(path, cause);
  }
  let next = 0;
  const groups = metadata.row_groups.map((group) => {
    const start = next;
    next += Number(group.num_rows);
    return { start, rows: Number(group.num_rows) };
  });
  const columns = topLevelColumns(metadata);
  const rows = Number(metadata.num_rows);
  return {
    path,
    rows,
    columns,
    groups,
    keyValue: (key) => metadata.key_value_metadata?.find((entry) => entry.key === key)?.value,
    async read(column, start = 0, end = rows) {
      if (!columns.includes(column)) {
        throw new VlaError('bad-data', `${path}: expected a column "${column}", got ${columns.join(', ')}.`, {
          hint: 'The file does not hold what the dataset’s info.json promises; fetch or record it again.',
        });
      }
      const values = Array.from<unknown>({ length: end - start });
      let filled = 0;
      try {
        await parquetRead({
          file,
          metadata,
          columns: [column],
          rowStart: start,
          rowEnd: end,
          compressors,
          utf8: false,
          onChunk({ columnData, rowStart }) {
            for (let i = 0; i < columnData.length; i++) {
              const row = rowStart + i - start;
              if (row < 0 || row >= values.length) continue;
              values[row] = columnData[i];
              filled++;
            }
          },
        });
      } catch (cause) {
        throw damaged(path, cause);
      }
      if (filled !== values.length) {
        throw damaged(path, new Error(`${filled} of ${values.length} rows of column "${column}"`));
      }
      return values;
    },
  };
}

function damaged(path: string, cause: unknown): VlaError {
  if (cause instanceof VlaError) return cause;
  if ((cause as NodeJS.ErrnoException).syscall !== undefined) return fileError('read', path, cause);
  const text = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
  return new VlaError('bad-data', `${path}: expected a whole parquet file, got ${text}.`, {
    cause,
    hint: 'The file was cut off or damaged; fetch or record it again.',
  });
}

function topLevelColumns(metadata: FileMetaData): string[] {
  const columns: string[] = [];
  const { schema } = metadata;
  const skip = (index: number): number => {
    let next = index + 1;
    for (let child = 0; child < (schema[index]?.num_children ?? 0); child++) next = skip(next);
    return next;
  };
  for (let index = 1; index < schema.length; index = skip(index)) columns.push(schema[index]!.name);
  return columns;
}

/** Byte ranges of a file; opened per read, so that thousands of files need no handles. */
function asyncFile(path: string): AsyncBuffer {
  let byteLength: number;
  try {
    byteLength = fs.statSync(path).size;
  } catch (cause) {
    throw fileError('read', path, cause);
  }
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const handle = await fs.promises.open(path, 'r');
      try {
        const buffer = new ArrayBuffer(Math.max(0, end - start));
        let done = 0;
        while (done < buffer.byteLength) {
          const { bytesRead } = await handle.read(new Uint8Array(buffer), done, buffer.byteLength - done, start + done);
          if (bytesRead === 0) throw new Error(`only ${byteLength} bytes`);
          done += bytesRead;
        }
        return buffer;
      } finally {
        await handle.close();
      }
    },
  };
}

/** A bigint, number or boolean from a parquet cell as a number; NaN for anything else. */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  return NaN;
}

const decoder = new TextDecoder();

/** A text cell (bytes, since columns are read without decoding) as a string. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? decoder.decode(value) : String(value);
}
