/**
 * @file Makes a set of questions part by part, in several threads. A part is there or it is not: an interrupted run goes on with the parts
 * that are missing, and the data are the same for every number of threads.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../../base/errors.ts';
import { readJson, removeQuietly, writeFileAtomic } from '../../../base/files.ts';
import { lockFolder } from '../../../base/folder-lock.ts';
import { startProgress } from '../../../base/progress.ts';
import { workerUrl } from '../../../base/worker-url.ts';
import { openConversations } from '../../../data/conversations.ts';
import { INDEX_NAME } from '../../../data/dexdata/file-index.ts';
import { findLines } from '../../../data/dexdata/lines.ts';
import { startThreadPool } from '../../../data/thread-pool.ts';
import { createTabletop } from '../../../simulation/tabletop/index.ts';
import { QUESTION_KINDS, questionKinds } from '../../../simulation/tabletop/questions/index.ts';
import type { SetSettings } from '../../../../recipes/question-set.ts';
import { PART_SAMPLES } from './part.ts';
import type { PartRequest, PartWorkerData } from './part-worker.ts';

/** Where, how much and how. */
export interface SetOptions {
  readonly root: string;
  readonly samples: number;
  readonly settings: SetSettings;
  readonly workers: number;
  /** Deletes the set that is there; otherwise it is gone on with. */
  readonly replace: boolean;
  /** Aborting stops after the parts under way. */
  readonly signal: AbortSignal;
}

/** What the set holds. */
export interface SetSummary {
  readonly samples: number;
  readonly pictures: number;
  readonly kinds: Readonly<Record<string, number>>;
}

const SETTINGS_NAME = 'vision-language.json';

/** Makes what is missing of the set. */
export async function generateVisionLanguage(options: SetOptions): Promise<SetSummary> {
  const { root, settings, signal } = options;
  const work = await plan(options);
  takeOver(root, { ...settings, kinds: work.kinds, tasks: work.tasks }, options.replace);
  const release = lockFolder(root);
  try {
    const parts = missingParts(root, options.samples);
    await makeParts(work, parts, options);
    if (signal.aborted) {
      throw new VlaError('interrupted', `vision-language: stopped before all ${options.samples} questions were made.`, {
        hint: 'Run the same command again to go on.',
      });
    }
    removeSurplus(root, options.samples);
  } finally {
    release();
  }
  return summarise(root);
}

/** Checks the names, and says what workers need. */
async function plan({ root, settings }: SetOptions): Promise<PartWorkerData> {
  const { seed, imageSize, samplesPerPicture } = settings;
  const kinds = questionKinds(settings.kinds ?? QUESTION_KINDS.map(({ name }) => name)).map(({ name }) => name);
  const tabletop = await createTabletop({ imageSize });
  const tasks = settings.tasks ?? tabletop.tasks;
  for (const task of tasks) tabletop.maxSteps(task);
  await tabletop.close();
  const cameras = settings.wrist ? ['front', 'wrist'] : ['front'];
  return { root, seed, tasks, kinds, samplesPerPicture, imageSize, cameras };
}

/** Writes the settings, or checks that those which are there are the same. */
function takeOver(root: string, settings: SetSettings, replace: boolean): void {
  const file = path.join(root, SETTINGS_NAME);
  const others = fs.existsSync(root) ? fs.readdirSync(root).filter((name) => name !== 'lock') : [];
  if (others.length > 0 && !others.includes(SETTINGS_NAME)) {
    throw new VlaError('bad-argument', `${root}: expected a new folder or a set of questions, got something else.`, {
      hint: 'Choose another folder: nothing in it was touched.',
    });
  }
  if (replace) {
    const own = others.filter((name) => /^(part-\d+\.jsonl|images)$/.test(name));
    // The settings go first: without them, what is left is not taken for a set.
    for (const name of [SETTINGS_NAME, INDEX_NAME, ...own]) removeQuietly(path.join(root, name));
  } else if (others.includes(SETTINGS_NAME)) {
    const there = readJson<Record<string, unknown>>(file);
    const differing = Object.entries(settings).filter(
      ([key, value]) => JSON.stringify(there[key]) !== JSON.stringify(value),
    );
    if (differing.length === 0) return;
    const [key, value] = differing[0]!;
    throw new VlaError(
      'mismatch',
      `${root}: expected the settings of the set that is there (${key} ${JSON.stringify(there[key])}), got ${JSON.stringify(value)}.`,
      { hint: 'Give the same settings to go on, or --replace to begin again.' },
    );
  }
  writeFileAtomic(file, `${JSON.stringify(settings, null, 2)}\n`);
}

/** The parts that are not there, or have other numbers of samples than now wanted. */
function missingParts(root: string, samples: number): PartRequest[] {
  const parts = Array.from({ length: Math.ceil(samples / PART_SAMPLES) }, (_, part) => ({
    part,
    samples: Math.min(PART_SAMPLES, samples - part * PART_SAMPLES),
  }));
  return parts.filter(({ part, samples: wanted }) => {
    const file = partFile(root, part);
    return !fs.existsSync(file) || findLines(file).length !== wanted;
  });
}

/** Hands parts to workers; after an interruption no further ones. */
async function makeParts(
  data: PartWorkerData,
  parts: readonly PartRequest[],
  { workers, samples, signal }: SetOptions,
): Promise<void> {
  const missing = parts.reduce((sum, part) => sum + part.samples, 0);
  const progress = startProgress({
    label: 'generate',
    total: samples,
    unit: 'questions',
    alreadyDone: samples - missing,
  });
  if (parts.length === 0) return;
  const size = Math.min(workers, parts.length);
  const pool = startThreadPool<PartRequest, null>(workerUrl(import.meta.url, './part-worker'), size, data);
  const queue = [...parts];
  let done = samples - missing;
  try {
    await Promise.all(
      Array.from({ length: size }, async () => {
        for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
          await pool.run(next);
          done += next.samples;
          progress.update(done);
        }
      }),
    );
  } finally {
    await pool.close();
  }
  progress.finish(`${done} questions`);
}

/** A set made smaller has no parts beyond its end. */
function removeSurplus(root: string, samples: number): void {
  for (const name of fs.readdirSync(root)) {
    const part = Number(/^part-(\d+)\.jsonl$/.exec(name)?.[1] ?? -1);
    if (part < Math.ceil(samples / PART_SAMPLES)) continue;
    removeQuietly(path.join(root, name));
    removeQuietly(path.join(root, 'images', name.slice('part-'.length, -'.jsonl'.length)));
  }
}

function partFile(root: string, part: number): string {
  return path.join(root, `part-${String(part).padStart(6, '0')}.jsonl`);
}

function summarise(root: string): SetSummary {
  const set = openConversations(root);
  set.close();
  const pictures = fs
    .readdirSync(path.join(root, 'images'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('-front.png')).length;
  return { samples: set.count, pictures, kinds: set.statistics.kinds };
}
