/**
 * @file The journal of a recording: one JSON line per stored episode, written after the episode's bytes. With it an
 * interrupted recording goes on where it stopped; without it nothing in the folder looks like a dataset.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import type { Feature } from '../../interfaces/episode.ts';
import type { GroupRecord } from '../parquet/write.ts';
import type { EpisodeStatistics } from './episode-statistics.ts';
import { RECORDING_FOLDER } from './info.ts';

/** What must stay the same when a recording goes on. */
export interface JournalHeader {
  readonly fps: number;
  readonly robotType: string | null;
  readonly features: Readonly<Record<string, Feature>>;
  /** What else the recorder says must stay the same, by name; plain data. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One stored episode. */
export interface JournalEpisode {
  readonly length: number;
  /** Indices into the task list, in order of first use. */
  readonly tasks: readonly string[];
  /** Which data file holds it, and the description of its row group. */
  readonly dataFile: number;
  readonly group: GroupRecord;
  /** Camera → piece of video, a file name in the recording's folder. */
  readonly pieces: Readonly<Record<string, string>>;
  readonly statistics: EpisodeStatistics;
}

/** A finished video file: episodes [first, first + count) of one camera. */
export interface JournalVideo {
  readonly camera: string;
  readonly first: number;
  readonly count: number;
}

/** What a journal says was recorded so far. */
export interface JournalContent {
  readonly header: JournalHeader;
  readonly episodes: readonly JournalEpisode[];
  readonly videos: readonly JournalVideo[];
}

/** A journal open for appending. */
export interface Journal {
  addEpisode(episode: JournalEpisode): void;
  addVideo(video: JournalVideo): void;
  close(): void;
}

/** Where the journal of the recording in `root` lies. */
export function journalFile(root: string): string {
  return path.join(root, RECORDING_FOLDER, 'journal.jsonl');
}

/** Starts a journal, or goes on behind `content` (dropping a line that was cut off). */
export function openJournal(root: string, header: JournalHeader, content: JournalContent | null): Journal {
  const file = journalFile(root);
  const append = (handle: number, line: object): void => {
    try {
      // Not `writeSync`: on a disk that is nearly full it may write a part and say nothing.
      fs.writeFileSync(handle, `${JSON.stringify(line)}\n`);
    } catch (cause) {
      throw fileError('write', file, cause);
    }
  };
  let handle: number;
  let open = true;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    // Rewritten whole under another name, so that a crash here leaves the old journal.
    const temporary = `${file}.tmp`;
    handle = fs.openSync(temporary, 'w');
    append(handle, { header });
    for (const episode of content?.episodes ?? []) append(handle, { episode });
    for (const video of content?.videos ?? []) append(handle, { video });
    fs.renameSync(temporary, file);
  } catch (cause) {
    throw fileError('write', file, cause);
  }
  return {
    addEpisode: (episode) => append(handle, { episode }),
    addVideo: (video) => append(handle, { video }),
    close() {
      if (open) fs.closeSync(handle);
      open = false;
    },
  };
}

/** Reads a journal; null when there is none. The last line may be cut off: its episode does not count. */
export function readJournal(root: string): JournalContent | null {
  const file = journalFile(root);
  if (!fs.existsSync(file)) return null;
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  let header: JournalHeader | undefined;
  const episodes: JournalEpisode[] = [];
  const videos: JournalVideo[] = [];
  // What follows the last line break was cut off while it was written.
  for (const line of lines.slice(0, -1)) {
    let entry: { header?: JournalHeader; episode?: JournalEpisode; video?: JournalVideo };
    try {
      entry = JSON.parse(line) as typeof entry;
    } catch (cause) {
      throw new VlaError('bad-data', `${file}: expected JSON lines, got ${(cause as Error).message}.`, {
        cause,
        hint: `The recording cannot go on: delete ${path.dirname(file)}.`,
      });
    }
    if (entry.header !== undefined) header = entry.header;
    if (entry.episode !== undefined) episodes.push(entry.episode);
    if (entry.video !== undefined) videos.push(entry.video);
  }
  return header === undefined ? null : { header, episodes, videos };
}
