/** @file Drops frames behind a jump of the clock or of the frame numbers: there frames are missing, or come twice. */

import { rangesWhere } from '../frame-selection.ts';
import type { CleaningFilter, EpisodeNumbers, Finding } from './filter.ts';

/** Time must advance by one period, and frame numbers by one. */
export const timestamps: CleaningFilter<'jitter'> = {
  name: 'timestamps',
  summary: 'time stamps or frame numbers that jump or stand still',
  thresholds: { jitter: { value: 0.5, says: 'how far a step of the clock may be off, in control periods' } },
  prepare({ dataset: { fps } }, { jitter }) {
    return async (episode) => {
      const { timestamp, frameIndex } = episode;
      if (timestamp === null && frameIndex === null) return null;
      return [...clockJumps(episode, fps, jitter), ...numberJumps(episode)];
    };
  },
};

function clockJumps({ timestamp, length }: EpisodeNumbers, fps: number, jitter: number): Finding[] {
  if (timestamp === null) return [];
  const steps = Array.from({ length }, (_, t) => (t === 0 ? 1 : (timestamp[t]! - timestamp[t - 1]!) * fps));
  return rangesWhere(steps.map((step) => Math.abs(step - 1) > jitter)).map(([start, end]) => {
    const step = steps[start]!;
    return {
      frames: [start, end],
      reason: `the clock jumps by ${step.toFixed(2)} periods in place of 1`,
      numbers: { periods: step, jitter },
    };
  });
}

function numberJumps({ frameIndex, length }: EpisodeNumbers): Finding[] {
  if (frameIndex === null) return [];
  const steps = Array.from({ length }, (_, t) => (t === 0 ? 1 : frameIndex[t]! - frameIndex[t - 1]!));
  return rangesWhere(steps.map((step) => step !== 1)).map(([start, end]) => ({
    frames: [start, end],
    reason: `the frame number jumps by ${steps[start]} in place of 1`,
    numbers: { step: steps[start]! },
  }));
}
