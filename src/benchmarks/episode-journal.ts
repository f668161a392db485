/**
 * @file Finished episodes on disk, one line each, written as they end: what a run that was killed goes on from, and what shards are merged of.
 * Line 1 says what is played; a last line that was cut short is dropped. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import { brokenSchema, episodeSchema, type BrokenEpisode, type EpisodeRecord } from './result.ts';
import { requireSameProtocol, runHeadSchema, type RunHead } from './run-head.ts';

/** The version of the lines. */
const SCHEMA = 'vlakit.journal/1';

/** A finished episode with every inference's time, milliseconds. */
export interface FinishedEpisode {
  readonly episode: EpisodeRecord;
  readonly latenciesMs: readonly number[];
}

/** Where finished episodes go, and which are finished already. */
export interface EpisodeLog {
  /** By their place in the plan. */
  readonly finished: ReadonlyMap<number, FinishedEpisode>;
  add(finished: FinishedEpisode): void;
  addBroken(broken: BrokenEpisode): void;
}

/** A process that played a part of it. */
const runSchema = z
  .object({ created: z.string(), command: z.string(), versions: z.record(z.string(), z.string()).readonly() })
  .readonly();
/** A process that played a part of a journal: when (ISO 8601), by which command, with which versions. */
export type JournalRun = z.infer<typeof runSchema>;

const firstSchema = z.object({ schema: z.literal(SCHEMA), head: runHeadSchema });
const lineSchema = z.union([
  z.object({ run: runSchema }),
  z.object({ episode: episodeSchema, latenciesMs: z.array(z.number()) }),
  z.object({ broken: brokenSchema }),
]);

/** What a journal holds. */
export interface JournalContents {
  readonly head: RunHead;
  readonly runs: readonly JournalRun[];
  readonly finished: ReadonlyMap<number, FinishedEpisode>;
  /** Those that were not finished later. */
  readonly broken: ReadonlyMap<number, BrokenEpisode>;
}

/** Reads a journal. A line that says something else than lines do is `bad-data`, but for a last one without its end. */
export function readJournal(file: string): JournalContents {
  return parse(file, wholeText(file));
}

/** A journal that grows. */
export class EpisodeJournal implements EpisodeLog {
  readonly finished: ReadonlyMap<number, FinishedEpisode>;
  private readonly file: string;
  private readonly handle: number;

  /**
   * Goes on with the journal at `file`, or begins it. Throws `mismatch` with the differences where it is of something else than `head`. One process
   * at a time: whoever calls holds a lock.
   */
  static open(file: string, head: RunHead, run: JournalRun): EpisodeJournal {
    try {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      const text = fs.existsSync(file) ? wholeText(file) : '';
      const before = text === '' ? null : parse(file, text);
      if (before !== null) requireSameProtocol(file, before.head, head, FRESH);
      const handle = fs.openSync(file, 'a');
      // What was cut short would spoil the line that follows it.
      fs.ftruncateSync(handle, Buffer.byteLength(text));
      const journal = new EpisodeJournal(file, handle, before?.finished ?? new Map());
      if (before === null) journal.write({ schema: SCHEMA, head });
      journal.write({ run });
      return journal;
    } catch (cause) {
      throw fileError('journal', file, cause);
    }
  }

  private constructor(file: string, handle: number, finished: ReadonlyMap<number, FinishedEpisode>) {
    [this.file, this.handle, this.finished] = [file, handle, finished];
  }

  /** Resolved when it is on disk. */
  add({ episode, latenciesMs }: FinishedEpisode): void {
    this.write({ episode, latenciesMs });
  }

  /** The same for an episode that could not be finished; it is played again when the run goes on. */
  addBroken(broken: BrokenEpisode): void {
    this.write({ broken });
  }

  /** Nothing more is added. */
  close(): void {
    fs.closeSync(this.handle);
  }

  private write(line: unknown): void {
    try {
      fs.writeSync(this.handle, `${JSON.stringify(line)}\n`);
      fs.fsyncSync(this.handle);
    } catch (cause) {
      throw fileError('journal', this.file, cause);
    }
  }
}

const FRESH = 'Choose another folder with --out, or begin anew with --fresh.';

/** Up to the end of the last whole line. */
function wholeText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(file);
  } catch (cause) {
    throw fileError('journal', file, cause);
  }
  return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1).toString('utf8');
}

function parse(file: string, text: string): JournalContents {
  const lines = text.split('\n').slice(0, -1);
  const values = lines.map((line, i): unknown => {
    try {
      return JSON.parse(line) as unknown;
    } catch (cause) {
      throw damaged(file, i, 'expected JSON', cause);
    }
  });
  const first = firstSchema.safeParse(values[0]);
  if (!first.success) throw damaged(file, 0, `expected a head of ${SCHEMA}`, first.error);
  const contents = {
    head: first.data.head,
    runs: [] as JournalRun[],
    finished: new Map<number, FinishedEpisode>(),
    broken: new Map<number, BrokenEpisode>(),
  };
  for (const [i, value] of values.entries()) {
    if (i === 0) continue;
    const { success, data: line, error } = lineSchema.safeParse(value);
    if (!success) throw damaged(file, i, 'expected an episode', error);
    if ('run' in line) contents.runs.push(line.run);
    else if ('broken' in line) contents.broken.set(line.broken.index, line.broken);
    else contents.finished.set(line.episode.index, line);
  }
  for (const index of contents.finished.keys()) contents.broken.delete(index);
  return contents;
}

function damaged(file: string, line: number, expected: string, cause: unknown): VlaError {
  return new VlaError('bad-data', `${file}: line ${line + 1}: ${expected}, got something else.`, {
    cause,
    hint: 'The journal was changed by something else; move it away to begin anew.',
  });
}
