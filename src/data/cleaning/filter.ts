/** @file What a filter over the episodes of a dataset is: what it is given, what it answers, and its thresholds. */

import { VlaError, lookUp } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Dataset } from '../../interfaces/episode.ts';
import type { FrameRange } from '../frame-selection.ts';
import type { InstructionRule } from './instruction-rules.ts';
import type { MotionLayout } from './motion-layout.ts';
import type { Spread } from './spread.ts';

/** Something that a filter drops: a whole episode, or some of its frames. */
export interface Drop {
  readonly filter: string;
  readonly episode: number;
  /** Frames [start, end); null: the whole episode. */
  readonly frames: FrameRange | null;
  /** Why, in words. */
  readonly reason: string;
  /** The numbers behind it: what was measured, and the threshold. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** A drop before it is known whose it is. */
export type Finding = Omit<Drop, 'filter' | 'episode'>;

/** A number that decides, with what it means. */
export interface Threshold {
  readonly value: number;
  /** With its unit. */
  readonly says: string;
}

/** Thresholds by name. */
export type Thresholds<Name extends string = string> = Readonly<Record<Name, number>>;

/** The numbers of one episode, all finite. */
export interface EpisodeNumbers {
  readonly index: number;
  readonly length: number;
  readonly tasks: readonly string[];
  /** Row-major [length, size]; null where the dataset has no such feature. */
  readonly state: Float32Array | null;
  readonly action: Float32Array | null;
  /** Seconds; null where the dataset has none. */
  readonly timestamp: Float32Array | null;
  /** Null where the dataset has none. */
  readonly frameIndex: Float32Array | null;
}

/** A numeric feature of the dataset: its parts, and how far its numbers spread. */
export interface VectorContext {
  readonly layout: MotionLayout;
  readonly spread: Spread;
}

/** What a filter knows beside the episode. */
export interface CleaningContext {
  readonly dataset: Dataset;
  readonly embodiment: Embodiment | null;
  readonly state: VectorContext | null;
  readonly action: VectorContext | null;
  readonly rules: readonly InstructionRule[];
}

/** What a filter found in an episode; null: it cannot judge this one. */
export type Judgement = readonly Finding[] | null;

/** A filter: one rule of what is unfit for training. */
export interface CleaningFilter<Name extends string = string> {
  readonly name: string;
  /** What it drops, in a line. */
  readonly summary: string;
  readonly thresholds: Readonly<Record<Name, Threshold>>;
  /** Looks at the whole dataset, and gives the check of one episode. */
  prepare(context: CleaningContext, thresholds: Thresholds<Name>): (episode: EpisodeNumbers) => Promise<Judgement>;
}

/** The thresholds of `filters` after changes such as `static.seconds=2`; unknown names suggest the nearest. */
export function chooseThresholds(
  filters: readonly Pick<CleaningFilter, 'name' | 'thresholds'>[],
  changes: readonly string[],
): Record<string, Record<string, number>> {
  const chosen = Object.fromEntries(
    filters.map(({ name, thresholds }) => [
      name,
      Object.fromEntries(Object.entries(thresholds).map(([key, { value }]) => [key, value])),
    ]),
  );
  for (const change of changes) {
    const match = /^([\w-]+)\.(\w+)=(.+)$/.exec(change);
    const value = Number(match?.[3]);
    if (match === null || match[3]!.trim() === '' || !Number.isFinite(value) || value < 0) {
      throw new VlaError('bad-argument', `--set: expected filter.threshold=number, got "${change}".`, {
        hint: 'For example --set static.seconds=2; --help lists all thresholds.',
      });
    }
    const table = lookUp('--set: filter', match[1]!, chosen);
    lookUp(`--set: threshold of ${match[1]}`, match[2]!, table);
    table[match[2]!] = value;
  }
  return chosen;
}
