/** @file Reads an episode's numbers, or says why they cannot be used: missing rows, NaN, an unknown instruction, a damaged annotation. */

import { VlaError } from '../../base/errors.ts';
import type { Dataset, EpisodeInfo } from '../../interfaces/episode.ts';
import type { EpisodeNumbers } from './filter.ts';

/** The name under which unusable numbers are reported; this check always runs, since all others need the numbers. */
export const NUMBERS = 'numbers';

/** The numbers of an episode, or the reason why it cannot be used. Every numeric feature is read. */
export async function readNumbers(dataset: Dataset, episode: EpisodeInfo): Promise<EpisodeNumbers | string> {
  const { index, length, tasks } = episode;
  const columns: Record<string, Float32Array> = {};
  try {
    for (const [name, { dtype }] of Object.entries(dataset.features)) {
      if (dtype !== 'image' && dtype !== 'video' && dtype !== 'string')
        columns[name] = await dataset.column(name, index);
    }
    for (let frame = 0; frame < length; frame++) {
      await dataset.instruction(index, frame);
      await dataset.annotation(index, frame);
    }
  } catch (error) {
    // What cannot be read at all (permissions, a missing package) is no fault of the episode.
    if (!(error instanceof VlaError) || !['bad-data', 'not-finite', 'bad-shape'].includes(error.code)) throw error;
    return error.message;
  }
  return {
    index,
    length,
    tasks,
    state: columns['observation.state'] ?? null,
    action: columns['action'] ?? null,
    timestamp: columns['timestamp'] ?? null,
    frameIndex: columns['frame_index'] ?? null,
  };
}
