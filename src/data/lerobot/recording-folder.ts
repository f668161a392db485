/** @file The folder of a recording: what is in it already, who writes to it, and what may be deleted. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { checkLock } from '../../base/folder-lock.ts';
import { RECORDING_FOLDER } from './info.ts';
import { journalFile, readJournal, type JournalContent, type JournalHeader } from './journal.ts';

/** The folders of a dataset, in the order in which they come to their place: without meta/ nothing looks whole. */
export const PARTS = ['data', 'videos', 'meta'] as const;

/**
 * What to do when the folder holds something already: "refuse" it, go on with an unfinished recording ("resume"; a new
 * one starts where there is none), or delete it ("replace"). What is neither dataset nor recording is never touched.
 */
export type Existing = 'refuse' | 'resume' | 'replace';

/** What a folder holds: nothing, a recording that can go on, or a finished dataset. */
export function recordingState(root: string): 'none' | 'unfinished' | 'finished' {
  if (fs.existsSync(journalFile(root))) return 'unfinished';
  return fs.existsSync(path.join(root, 'meta', 'info.json')) ? 'finished' : 'none';
}

/** Looks at what is in the folder, and clears or reads it as `existing` says. */
export function takeOver(root: string, existing: Existing, header: JournalHeader): JournalContent | null {
  const state = recordingState(root);
  // Not to be replaced either: folders called data or meta that are no dataset's are somebody's.
  if (state === 'none') {
    const inside = contentOf(root);
    if (inside.length === 0) return null;
    if (inside.length === 1 && inside[0] === RECORDING_FOLDER) {
      // A recording that stopped before its journal was there: nothing of worth.
      checkLock(path.join(root, RECORDING_FOLDER));
      remove(path.join(root, RECORDING_FOLDER));
      return null;
    }
    throw new VlaError(
      'bad-argument',
      `${root}: expected an empty folder, got one with ${inside.slice(0, 3).join(', ')}.`,
      { hint: 'Choose another folder, or empty this one: it holds neither a dataset nor a recording.' },
    );
  }
  if (existing === 'replace') {
    checkLock(path.join(root, RECORDING_FOLDER));
    for (const part of [...PARTS, RECORDING_FOLDER]) remove(path.join(root, part));
    return null;
  }
  if (state === 'finished') {
    throw new VlaError('bad-argument', `${root}: expected an empty folder, got a finished dataset.`, {
      hint: 'Choose another folder, or replace the dataset (--replace).',
    });
  }
  if (existing === 'refuse') {
    throw new VlaError('bad-argument', `${root}: expected an empty folder, got a recording that was interrupted.`, {
      hint: 'Resume it, replace it (--replace), or choose another folder.',
    });
  }
  const content = readJournal(root);
  if (content === null) return null;
  requireSameHeader(root, content.header, header);
  return content;
}

/** Refuses to go on with a recording of something else: its episodes would be mixed into one dataset. */
function requireSameHeader(root: string, there: JournalHeader, here: JournalHeader): void {
  const flat = ({ settings, ...rest }: JournalHeader): Record<string, unknown> => ({ ...settings, ...rest });
  const [before, now] = [flat(there), flat(here)];
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [was, is] = [before, now].map((header) => JSON.stringify(header[key]) ?? 'none');
    if (was === is) continue;
    throw new VlaError('mismatch', `${root}: the interrupted recording has ${key} ${was}, this one ${is}.`, {
      hint: 'Record with the same settings as before, or replace the recording (--replace).',
    });
  }
}

function contentOf(root: string): string[] {
  try {
    return fs.existsSync(root) ? fs.readdirSync(root) : [];
  } catch (cause) {
    throw fileError('record', root, cause);
  }
}

/** Deletes a folder and what is in it. */
export function remove(folder: string): void {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
  } catch (cause) {
    throw fileError('delete', folder, cause);
  }
}
