/** @file Drops frames whose pictures cannot be decoded, are black or of one colour, or stand still while the robot moves. */

import { VlaError } from '../../base/errors.ts';
import type { Image } from '../../interfaces/observation.ts';
import { rangesWhere } from '../frame-selection.ts';
import type { CleaningContext, CleaningFilter, EpisodeNumbers, Finding, Thresholds } from './filter.ts';
import { largestMotion } from './spread.ts';

type Name = 'contrast' | 'same' | 'frozen' | 'motion';

/** Damaged, black and frozen pictures, per camera. */
export const pictures: CleaningFilter<Name> = {
  name: 'pictures',
  summary: 'pictures that cannot be decoded, are black or constant, or frozen while the robot moves',
  thresholds: {
    contrast: { value: 2, says: 'standard deviation of the levels (0 to 255) up to which a picture is of one colour' },
    same: { value: 6, says: 'two pictures are the same when no level differs by more' },
    frozen: { value: 1, says: 'how long a camera shows the same before it counts, seconds' },
    motion: { value: 0.05, says: 'how far the robot must move meanwhile, as a share of a dimension’s range' },
  },
  prepare(context, thresholds) {
    const { cameras } = context.dataset;
    return async (episode) => {
      if (cameras.length === 0) return null;
      const found: Finding[] = [];
      for (const camera of cameras) found.push(...(await checkCamera(context, camera, episode, thresholds)));
      return found;
    };
  },
};

async function checkCamera(
  context: CleaningContext,
  camera: string,
  episode: EpisodeNumbers,
  thresholds: Thresholds<Name>,
): Promise<Finding[]> {
  const { length, index } = episode;
  const broken = Array.from({ length }, (): string | null => null);
  const flat = Array.from({ length }, (): { mean: number; deviation: number } | null => null);
  /** Per frame the first frame of those that look the same. */
  const sameSince = new Int32Array(length);
  let reference: Image | null = null;
  for (let frame = 0; frame < length; frame++) {
    sameSince[frame] = frame;
    const image = await tryImage(context, camera, index, frame);
    if (typeof image === 'string') {
      broken[frame] = image;
      reference = null;
      continue;
    }
    const levels = levelsOf(image);
    if (levels.deviation <= thresholds.contrast) flat[frame] = levels;
    // Against the first of the run, so that a slow fade is no standstill.
    if (reference !== null && looksSame(reference, image, thresholds.same)) sameSince[frame] = sameSince[frame - 1]!;
    else reference = image;
  }
  return [
    ...rangesWhere(broken).map(([start, end]): Finding => ({
      frames: [start, end],
      reason: `${camera}: ${broken[start]}`,
      numbers: { frames: end - start },
    })),
    ...rangesWhere(flat).map(([start, end]): Finding => {
      const { mean, deviation } = flat[start]!;
      return {
        frames: [start, end],
        reason: `${camera}: ${mean < 8 ? 'black' : 'one colour'} (mean level ${mean.toFixed(0)}, deviation ${deviation.toFixed(1)})`,
        numbers: { mean, deviation, contrast: thresholds.contrast },
      };
    }),
    ...frozenRuns(context, camera, episode, sameSince, flat, thresholds),
  ];
}

/** The picture, or why there is none. */
async function tryImage(
  { dataset }: CleaningContext,
  camera: string,
  episode: number,
  frame: number,
): Promise<Image | string> {
  try {
    return await dataset.image(camera, episode, frame);
  } catch (error) {
    if (error instanceof VlaError && error.code !== 'missing-package' && error.code !== 'unsupported')
      return error.message;
    throw error;
  }
}

function frozenRuns(
  { dataset: { fps }, state }: CleaningContext,
  camera: string,
  episode: EpisodeNumbers,
  sameSince: Int32Array,
  flat: ArrayLike<unknown>,
  { frozen, motion }: Thresholds<Name>,
): Finding[] {
  if (state === null || episode.state === null) return [];
  const found: Finding[] = [];
  for (let start = 0; start < episode.length;) {
    let end = start + 1;
    while (end < episode.length && sameSince[end] === start) end++;
    if (end - start >= Math.max(2, frozen * fps) && !flat[start]) {
      const { size } = state.layout;
      const { share } = largestMotion(episode.state, size, state.spread.range, [start, end]);
      if (share > motion) {
        found.push({
          // The first picture was still true.
          frames: [start + 1, end],
          reason: `${camera}: frozen for ${((end - start) / fps).toFixed(1)} s while the robot moves`,
          numbers: { seconds: (end - start) / fps, motion: share, allowed: motion },
        });
      }
    }
    start = end;
  }
  return found;
}

function levelsOf({ data }: Image): { readonly mean: number; readonly deviation: number } {
  let sum = 0;
  let squares = 0;
  for (const level of data) {
    sum += level;
    squares += level * level;
  }
  const mean = sum / data.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / data.length - mean * mean)) };
}

function looksSame(a: Image, b: Image, same: number): boolean {
  for (let i = 0; i < a.data.length; i++) if (Math.abs(a.data[i]! - b.data[i]!) > same) return false;
  return true;
}
