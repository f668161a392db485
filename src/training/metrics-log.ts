/**
 * @file metrics.jsonl: the truth about a run, one JSON object a line, appended and never rewritten. It holds no clock
 * times, so the same seed gives the same file. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';

/** One line: which step (counted from 1, as "after this many"), what kind of line, and its numbers. */
export interface MetricsLine {
  readonly step: number;
  readonly kind: 'train' | 'evaluate';
  readonly [name: string]: number | string;
}

/** A metrics file that is being written. */
export interface MetricsLog {
  /** Appends a line; it has left this process when the call returns. */
  append(line: MetricsLine): void;
  /** Waits until the lines are on the disk; returns the file's length in bytes. */
  sync(): number;
  close(): void;
}

/**
 * Opens `file` for appending, cut to its first `bytes` bytes: what a killed run wrote after its last checkpoint is
 * written again by the resumed one. A file shorter than `bytes` is `bad-data`.
 */
export function openMetricsLog(file: string, bytes: number): MetricsLog {
  let handle: number;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    handle = fs.openSync(file, 'a+');
    const size = fs.fstatSync(handle).size;
    if (size < bytes) {
      fs.closeSync(handle);
      throw new VlaError('bad-data', `${file}: expected at least ${bytes} bytes, got ${size}.`, {
        hint: 'The checkpoint knows a longer file: restore metrics.jsonl or start the run in a new folder.',
      });
    }
    if (size > bytes) fs.ftruncateSync(handle, bytes);
  } catch (cause) {
    throw fileError('open', file, cause);
  }
  const guarded = <T>(action: () => T): T => {
    try {
      return action();
    } catch (cause) {
      throw fileError('write', file, cause);
    }
  };
  return {
    append(line) {
      for (const [name, value] of Object.entries(line)) {
        if (typeof value === 'number' && !Number.isFinite(value)) {
          throw new VlaError('not-finite', `${file}: step ${line.step}: expected a finite ${name}, got ${value}.`, {
            hint: 'Continue from an earlier checkpoint, with a lower schedule.learningRate or optimiser.clipNorm.',
          });
        }
      }
      // Not `writeSync`, which may write a part and say nothing.
      guarded(() => fs.writeFileSync(handle, `${JSON.stringify(line)}\n`));
    },
    sync: () =>
      guarded(() => {
        fs.fsyncSync(handle);
        return fs.fstatSync(handle).size;
      }),
    close: () => fs.closeSync(handle),
  };
}

/** All whole lines of a metrics file; a last line without its end (a process died while writing) is left out. */
export function readMetrics(file: string): MetricsLine[] {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw fileError('read', file, cause);
  }
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, i) => {
    try {
      return JSON.parse(line) as MetricsLine;
    } catch (cause) {
      throw new VlaError('bad-data', `${file}: line ${i + 1}: expected JSON, got ${line.slice(0, 60)}.`, {
        cause,
        hint: 'The file was damaged or edited: restore it, or delete that line.',
      });
    }
  });
}
