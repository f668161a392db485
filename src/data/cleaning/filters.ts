/** @file The filters, in the order in which they look at an episode: cheap ones first, pictures last. */

import { actionOutliers } from './actions.ts';
import type { CleaningFilter } from './filter.ts';
import { instructionMotion } from './instruction.ts';
import { episodeLength } from './length.ts';
import { pictures } from './pictures.ts';
import { staticFrames } from './static.ts';
import { timestamps } from './timestamps.ts';

/** All filters. */
export const FILTERS: readonly CleaningFilter[] = [
  timestamps,
  episodeLength,
  staticFrames,
  actionOutliers,
  instructionMotion,
  pictures,
];
