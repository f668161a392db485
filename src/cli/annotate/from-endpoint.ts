/**
 * @file Annotations by a vision-language model: one question per keyframe, answers checked, repaired once, kept on disk. An
 * episode's file is written when all of its keyframes are answered or given up, so a run that was stopped goes on where it was.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { startProgress } from '../../base/progress.ts';
import { annotationFileName, annotationLines } from '../../data/lerobot/annotations.ts';
import { openLeRobot } from '../../data/lerobot/reader.ts';
import { cameraName } from '../../data/samples.ts';
import type { Annotation } from '../../interfaces/annotation.ts';
import type { Dataset, EpisodeInfo } from '../../interfaces/episode.ts';
import type { Image } from '../../interfaces/observation.ts';
import { openAnswerCache } from './answer-cache.ts';
import { createChatClient, type ChatClientOptions } from './chat-client.ts';
import { createFrameAnnotator, type FrameResult } from './frame-annotator.ts';
import { withoutBoxes } from './frame-answer.ts';
import type { Keyframe } from './frame-question.ts';
import { openSpending, type Prices, type Spending } from './spending.ts';

/** What to annotate, by whom, at what cost. */
export interface EndpointOptions extends ChatClientOptions {
  /** The dataset's folder. */
  readonly root: string;
  /** Where annotation files go; null: into the dataset (meta/annotations). Answers are kept in `.annotate` beside. */
  readonly out: string | null;
  readonly model: string;
  /** Further keys of the request. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Frames between keyframes; null: a second. */
  readonly every: number | null;
  /** How many episodes at most, the first ones; null: all. */
  readonly episodes: number | null;
  readonly concurrency: number;
  readonly prices: Prices | null;
  /** Dollars for this run; null: no limit. */
  readonly maxCost: number | null;
  /** Longer sides of pictures are scaled down to this, pixels. */
  readonly maxSide: number;
  /** Whether episodes that have a file are annotated again. */
  readonly replace: boolean;
}

/** What came of it. */
export interface EndpointSummary {
  readonly episodes: number;
  /** Episodes that had a file already. */
  readonly left: number;
  readonly keyframes: number;
  /** Keyframes whose answers were on disk. */
  readonly cached: number;
  readonly skipped: readonly { readonly episode: number; readonly frame: number; readonly reason: string }[];
  readonly spending: Spending;
}

/** This many keyframes in a row without an answer end the run. */
const FAILURES_IN_A_ROW = 3;

interface Job {
  readonly episode: EpisodeInfo;
  readonly frame: number;
}

/** Annotates what is missing. Throws `interrupted` when it was stopped or the budget is used up; run it again to go on. */
export async function annotateFromEndpoint(options: EndpointOptions): Promise<EndpointSummary> {
  const { root, replace } = options;
  const spending = openSpending(options.prices, options.maxCost);
  const client = createChatClient(options);
  const folder = options.out ?? path.join(root, 'meta', 'annotations');
  const dataset = await openLeRobot(root, { episodes: 'all' });
  try {
    const cameras = dataset.cameras.map(cameraName);
    const cache = openAnswerCache(path.join(options.out ?? root, '.annotate'));
    const annotate = createFrameAnnotator({ ...options, cameras, client, cache, spending });
    const wanted = dataset.episodes.slice(0, options.episodes ?? Infinity);
    const missing = wanted.filter(
      ({ index }) => replace || !fs.existsSync(path.join(folder, annotationFileName(index))),
    );
    const every = options.every ?? Math.max(1, Math.round(dataset.fps));
    const jobs = missing.flatMap((episode) => keyframes(episode, every));
    const files = createEpisodeFiles(folder, every);
    const progress = startProgress({ label: 'annotate', total: jobs.length, unit: 'keyframes' });
    let [done, cached] = [0, 0];
    const ended = await inParallel(jobs, options, spending, async (job) => {
      const result = await annotate(await keyframeOf(dataset, job));
      if (result.kind === 'budget') return result;
      files.add(job, result);
      cached += result.kind === 'answer' && result.cached ? 1 : 0;
      progress.update(++done, spending.text());
      return result;
    });
    requireWhole(ended, options.signal, done < jobs.length, `${done} of ${jobs.length} keyframes (${spending.text()})`);
    progress.finish(`${files.written} episodes, ${spending.text()}, ${cached} answers from disk`);
    const left = wanted.length - missing.length;
    return { episodes: files.written, left, keyframes: jobs.length, cached, skipped: files.skipped, spending };
  } finally {
    await dataset.close();
  }
}

/** Why no further keyframes were asked about. */
type End = { readonly kind: 'done' | 'budget' } | { readonly kind: 'error'; readonly error: unknown };

/** Works on the jobs in order, so many at a time; the first error and the end of the budget let those under way end. */
async function inParallel(
  jobs: readonly Job[],
  { concurrency, signal }: EndpointOptions,
  spending: Spending,
  work: (job: Job) => Promise<FrameResult>,
): Promise<End> {
  let end: End = { kind: 'done' };
  let next = 0;
  let failures = 0;
  const step = async (): Promise<boolean> => {
    if (next >= jobs.length || signal.aborted || end.kind !== 'done') return false;
    try {
      const result = await work(jobs[next++]!);
      if (result.kind === 'budget' && end.kind === 'done') end = { kind: 'budget' };
      failures = result.kind === 'failed' ? failures + 1 : 0;
      if (result.kind === 'failed' && failures >= FAILURES_IN_A_ROW) throw result.error;
    } catch (error) {
      end = { kind: 'error', error };
    }
    return true;
  };
  // With a limit nobody knows how many requests it allows before the first one tells its price.
  let more = true;
  while (more && !spending.known) more = await step();
  const worker = async (): Promise<void> => {
    while (await step());
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return end;
}

/** Gathers what came of keyframes, and writes an episode’s file once all of its keyframes are there. */
function createEpisodeFiles(folder: string, every: number) {
  const open = new Map<number, Map<number, FrameResult>>();
  const skipped: { episode: number; frame: number; reason: string }[] = [];
  let written = 0;
  return {
    skipped,
    get written() {
      return written;
    },
    add({ episode: { index, length }, frame }: Job, result: Exclude<FrameResult, { kind: 'budget' }>): void {
      if (result.kind !== 'answer') skipped.push({ episode: index, frame, reason: result.error.message });
      const results = open.get(index) ?? new Map<number, FrameResult>();
      open.set(index, results.set(frame, result));
      if (results.size < Math.ceil(length / every)) return;
      open.delete(index);
      // Without the endpoint's answer the episode stays as it is, for another run.
      if ([...results.values()].some(({ kind }) => kind === 'failed')) return;
      writeFileAtomic(path.join(folder, annotationFileName(index)), annotationLines(spread(results, length)));
      written++;
    },
  };
}

function keyframes(episode: EpisodeInfo, every: number): Job[] {
  const count = Math.ceil(episode.length / every);
  return Array.from({ length: count }, (_, k) => ({ episode, frame: k * every }));
}

async function keyframeOf(dataset: Dataset, { episode: { index, length }, frame }: Job): Promise<Keyframe> {
  const images: Record<string, Image> = {};
  for (const feature of dataset.cameras) images[cameraName(feature)] = await dataset.image(feature, index, frame);
  const primary = dataset.cameras[0];
  const view = async (other: number): Promise<Image | null> =>
    primary === undefined || other === frame ? null : dataset.image(primary, index, other);
  return {
    instruction: await dataset.instruction(index, frame),
    time: frame / Math.max(1, length - 1),
    images,
    first: await view(0),
    last: await view(length - 1),
  };
}

/** Answers hold until the next keyframe, boxes for their own alone; nothing is known after a keyframe without one. */
function spread(results: ReadonlyMap<number, FrameResult>, length: number): (Annotation | null)[] {
  let known: Annotation | null = null;
  return Array.from({ length }, (_, frame) => {
    const result = results.get(frame);
    if (result === undefined) return known;
    const annotation = result.kind === 'answer' ? result.annotation : null;
    known = annotation === null ? null : withoutBoxes(annotation);
    return annotation;
  });
}

/** Throws what ended the run early; `so` says how far it came. */
function requireWhole(end: End, signal: AbortSignal, missing: boolean, so: string): void {
  const hint = 'Run the same command again: answers that are there cost nothing.';
  if (missing && signal.aborted) throw new VlaError('interrupted', `annotate: stopped after ${so}.`, { hint });
  if (end.kind === 'error') throw end.error;
  if (missing) throw new VlaError('interrupted', `annotate: the budget is used up after ${so}.`, { hint });
}
