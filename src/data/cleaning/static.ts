/**
 * @file Drops what stands still: near-static episodes whole, pauses within an episode, and idle frames at its ends. A
 * frame is idle when it lies in a window of `seconds` in which no number of state or action moves by more than a share
 * of its range over the dataset.
 */

import { framesIn, rangesWhere, type FrameRange } from '../frame-selection.ts';
import type { CleaningContext, CleaningFilter, EpisodeNumbers, Finding } from './filter.ts';
import { largestMotion } from './spread.ts';

type Name = 'motion' | 'seconds' | 'pause' | 'keep' | 'share';

/** Idle episodes, pauses and ends. */
export const staticFrames: CleaningFilter<Name> = {
  name: 'static',
  summary: 'near-static episodes, pauses, idle frames at both ends',
  thresholds: {
    motion: { value: 0.005, says: 'less motion than this is none, as a share of a dimension’s range' },
    seconds: { value: 0.5, says: 'how long nothing moves before it counts, seconds' },
    pause: { value: 2, says: 'a pause between motions is dropped from this length on, seconds' },
    keep: { value: 0.2, says: 'idle time that stays beside the motion, seconds' },
    share: { value: 0.9, says: 'an episode with this share of idle frames is dropped whole' },
  },
  prepare(context, { motion, seconds, pause, keep, share }) {
    const { fps } = context.dataset;
    const frames = (time: number): number => Math.round(time * fps);
    return async (episode) => {
      if (episode.state === null && episode.action === null) return null;
      const idle = idleFrames(context, episode, Math.max(2, frames(seconds)), motion);
      const stretches = rangesWhere(idle);
      const count = framesIn(stretches);
      if (episode.length > 1 && count >= share * episode.length) {
        return [
          {
            frames: null,
            reason: `${count} of ${episode.length} frames are idle`,
            numbers: { idleShare: count / episode.length, share, motion },
          },
        ];
      }
      return stretches.flatMap((stretch): Finding[] => {
        const cut = trim(stretch, episode.length, frames(keep), frames(pause));
        if (cut === null) return [];
        const [start, end] = cut;
        const where =
          start === 0 ? 'before the first motion' : end === episode.length ? 'after the last motion' : 'a pause';
        return [
          {
            frames: cut,
            reason: `idle for ${((stretch[1] - stretch[0]) / fps).toFixed(1)} s (${where})`,
            numbers: { seconds: (stretch[1] - stretch[0]) / fps, motion },
          },
        ];
      });
    };
  },
};

/** What is cut from an idle stretch: `keep` frames stay on the side of a motion; null where nothing is left to cut. */
function trim([start, end]: FrameRange, length: number, keep: number, pause: number): FrameRange | null {
  const atEdge = start === 0 || end === length;
  if (!atEdge && end - start < pause) return null;
  const from = start === 0 ? 0 : start + keep;
  const to = end === length ? length : end - keep;
  return to > from ? [from, to] : null;
}

/** 1 where a window of `width` frames without motion covers the frame. An episode that is shorter is one window. */
function idleFrames(context: CleaningContext, episode: EpisodeNumbers, width: number, motion: number): Uint8Array {
  const idle = new Uint8Array(episode.length);
  const window = Math.min(width, episode.length);
  const still = (range: FrameRange): boolean =>
    (['state', 'action'] as const).every((kind) => {
      const [column, vector] = [episode[kind], context[kind]];
      if (column === null || vector === null) return true;
      return largestMotion(column, vector.layout.size, vector.spread.range, range).share <= motion;
    });
  for (let start = 0; start + window <= episode.length; start++) {
    if (still([start, start + window])) idle.fill(1, start, start + window);
  }
  return idle;
}
