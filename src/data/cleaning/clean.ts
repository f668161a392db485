/** @file Runs the filters over a dataset: what each one checked and dropped, and which frames of every episode are left. */

import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { parseEmbodiment } from '../../codec/embodiment-file.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { EpisodeInfo } from '../../interfaces/episode.ts';
import { framesIn, withoutRanges, type FrameRange } from '../frame-selection.ts';
import { missingFiles, readCatalogue } from '../lerobot/catalogue.ts';
import { featureSize } from '../lerobot/info.ts';
import type { LeRobotDataset } from '../lerobot/reader.ts';
import type { CleaningContext, CleaningFilter, Drop, EpisodeNumbers, VectorContext } from './filter.ts';
import type { InstructionRule } from './instruction-rules.ts';
import { findLayout } from './motion-layout.ts';
import { NUMBERS, readNumbers } from './numbers.ts';
import { measureSpread } from './spread.ts';

/** What is left of an episode. */
export interface EpisodeOutcome {
  readonly index: number;
  readonly length: number;
  /** Ascending; empty: the episode is dropped whole. */
  readonly keep: readonly FrameRange[];
  readonly drops: readonly Drop[];
  /** Filters that could not judge it, or were not asked because it was dropped before. */
  readonly unjudged: readonly string[];
}

/** How to clean. */
export interface CleaningOptions {
  /** Opened with `damage: 'episode'`. */
  readonly dataset: LeRobotDataset;
  readonly filters: readonly CleaningFilter[];
  /** Per filter. */
  readonly thresholds: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly rules: readonly InstructionRule[];
  /** The layout of the state as a person wrote it; default: recorded, or from the names. */
  readonly layout?: string;
  /** Remainders of an episode with fewer frames than this are dropped, too. */
  readonly shortestRemainder: number;
  /** Outcomes of an interrupted run, by episode index. */
  readonly done?: ReadonlyMap<number, EpisodeOutcome>;
  /** Before the filters: the numbers of all episodes are read. */
  readonly onRead?: (done: number, total: number) => void;
  readonly onEpisode?: (outcome: EpisodeOutcome, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** The name under which remainders are reported that are too short. */
export const REMAINDER = 'remainder';

/**
 * The outcome of every episode that the metadata list, in their order. Stops between episodes with `interrupted` when
 * the signal is aborted.
 */
export async function cleanDataset(options: CleaningOptions): Promise<EpisodeOutcome[]> {
  const { dataset, filters, thresholds, done, onEpisode, signal } = options;
  const { episodes: listed } = await readCatalogue(dataset.root, dataset.info);
  const present = new Set(dataset.episodes.map(({ index }) => index));
  const numbers = new Map<number, EpisodeNumbers | string>();
  const stopped = (done: number, what: string): VlaError =>
    new VlaError('interrupted', `clean: stopped after ${done} of ${listed.length} episodes were ${what}.`, {
      hint: 'Run the same command again: it goes on from there.',
    });
  for (const episode of dataset.episodes) {
    if (signal?.aborted) throw stopped(numbers.size, 'read');
    numbers.set(episode.index, await readNumbers(dataset, episode));
    options.onRead?.(numbers.size, dataset.episodes.length);
  }
  const context = cleaningContext(
    options,
    [...numbers.values()].filter((one) => typeof one !== 'string'),
  );
  const checks = filters.map((filter) => ({ filter, check: filter.prepare(context, thresholds[filter.name]!) }));
  const outcomes: EpisodeOutcome[] = [];
  for (const entry of listed) {
    if (signal?.aborted) throw stopped(outcomes.length, 'checked');
    let outcome = done?.get(entry.index);
    if (outcome === undefined) {
      const found = present.has(entry.index)
        ? numbers.get(entry.index)!
        : `missing files: ${missingFiles(entry)
            .map((file) => path.relative(dataset.root, file))
            .join(', ')}`;
      outcome = await judge(entry, found, checks, options);
    }
    outcomes.push(outcome);
    onEpisode?.(outcome, outcomes.length, listed.length);
  }
  return outcomes;
}

type Checks = readonly { readonly filter: CleaningFilter; readonly check: ReturnType<CleaningFilter['prepare']> }[];

async function judge(
  { index, length }: EpisodeInfo,
  numbers: EpisodeNumbers | string,
  checks: Checks,
  { dataset, shortestRemainder }: CleaningOptions,
): Promise<EpisodeOutcome> {
  const drops: Drop[] = [];
  const unjudged: string[] = [];
  const whole = (filter: string, reason: string): Drop => ({
    filter,
    episode: index,
    frames: null,
    reason,
    numbers: {},
  });
  if (typeof numbers === 'string') drops.push(whole(NUMBERS, numbers));
  for (const { filter, check } of checks) {
    const isDropped = drops.some(({ frames }) => frames === null);
    const found = isDropped || typeof numbers === 'string' ? null : await check(numbers);
    if (found === null) unjudged.push(filter.name);
    else drops.push(...found.map((finding) => ({ filter: filter.name, episode: index, ...finding })));
  }
  const ranges = drops.map(({ frames }): FrameRange => frames ?? [0, length]);
  const keep: FrameRange[] = [];
  for (const range of withoutRanges(length, ranges)) {
    const [start, end] = range;
    if (end - start >= shortestRemainder) keep.push(range);
    else {
      const reason = `only ${end - start} frames are left between other drops`;
      const figures = { frames: end - start, least: shortestRemainder };
      drops.push({ filter: REMAINDER, episode: index, frames: range, reason, numbers: figures });
    }
  }
  // Errors name files by their whole path, which is another on every machine.
  const named = drops.map((drop) => ({ ...drop, reason: drop.reason.replaceAll(dataset.root + path.sep, '') }));
  return { index, length, keep, drops: named, unjudged };
}

/** What the filters know: layouts and spreads, over the episodes whose numbers are whole. */
function cleaningContext(
  { dataset, rules, layout }: Pick<CleaningOptions, 'dataset' | 'rules' | 'layout'>,
  numbers: readonly EpisodeNumbers[],
): CleaningContext {
  const embodiment = datasetEmbodiment(dataset);
  const vector = (kind: 'state' | 'action', feature: string): VectorContext | null => {
    const declared = dataset.features[feature];
    if (declared === undefined) return null;
    const size = featureSize(declared);
    return {
      layout: findLayout({ names: declared.names, size, kind }, embodiment, kind === 'state' ? layout : undefined),
      spread: measureSpread(
        numbers.flatMap((one) => one[kind] ?? []),
        size,
      ),
    };
  };
  return {
    dataset,
    embodiment,
    state: vector('state', 'observation.state'),
    action: vector('action', 'action'),
    rules,
  };
}

/** The embodiment that a dataset carries, or null. */
export function datasetEmbodiment({ info, name }: LeRobotDataset): Embodiment | null {
  const recorded = (info.raw['vlakit'] as { embodiment?: unknown } | undefined)?.embodiment;
  return recorded === undefined ? null : parseEmbodiment(recorded, `${name}/meta/info.json`);
}

/** What one filter did over a dataset. */
export interface FilterSummary {
  readonly filter: string;
  readonly checked: number;
  readonly unjudged: number;
  /** Episodes that lost anything. */
  readonly touched: number;
  readonly droppedEpisodes: number;
  /** Frames of its drops; those of whole episodes included. */
  readonly droppedFrames: number;
  readonly examples: readonly Drop[];
}

/** Per filter, in the order of their work; `numbers` first, remainders last when there are any. */
export function summarise(
  outcomes: readonly EpisodeOutcome[],
  filters: readonly CleaningFilter[],
  examples = 3,
): FilterSummary[] {
  return [NUMBERS, ...filters.map(({ name }) => name), REMAINDER].flatMap((filter) => {
    let [checked, unjudged, touched, droppedEpisodes, droppedFrames] = [0, 0, 0, 0, 0];
    const all: Drop[] = [];
    for (const outcome of outcomes) {
      if (outcome.unjudged.includes(filter)) unjudged++;
      else checked++;
      const own = outcome.drops.filter((drop) => drop.filter === filter);
      if (own.length === 0) continue;
      touched++;
      all.push(...own);
      const isWhole = own.some(({ frames }) => frames === null);
      if (isWhole) droppedEpisodes++;
      droppedFrames += isWhole ? outcome.length : framesIn(union(own, outcome.length));
    }
    if (filter === REMAINDER && touched === 0) return [];
    return [{ filter, checked, unjudged, touched, droppedEpisodes, droppedFrames, examples: all.slice(0, examples) }];
  });
}

function union(drops: readonly Drop[], length: number): FrameRange[] {
  return withoutRanges(
    length,
    withoutRanges(
      length,
      drops.map(({ frames }): FrameRange => frames ?? [0, length]),
    ),
  );
}
