/** @file Writes a dataset that is made up, episode by episode; an interrupted one goes on where it stopped. */

import { VlaError } from '../../base/errors.ts';
import { startProgress } from '../../base/progress.ts';
import type { EpisodeFrames } from '../../data/lerobot/prepare.ts';
import { createLeRobotWriter, type WriterOptions } from '../../data/lerobot/writer.ts';

/** What to make, and where. */
export interface GeneratedDataset {
  /** For the progress bar. */
  readonly label: string;
  readonly episodes: number;
  readonly writer: WriterOptions;
  /** Makes one episode by its number alone. */
  readonly make: (episode: number) => EpisodeFrames;
  /** Aborting stops after the episode under way. */
  readonly signal: AbortSignal;
}

/** Makes the episodes that are missing and finishes the dataset. */
export async function writeGenerated(
  dataset: GeneratedDataset,
): Promise<{ readonly episodes: number; readonly frames: number }> {
  const { label, episodes, make, signal } = dataset;
  const { root } = dataset.writer;
  const writer = createLeRobotWriter(dataset.writer);
  try {
    if (writer.episodes > episodes) {
      throw new VlaError(
        'mismatch',
        `${root}: expected at most ${episodes} episodes, got ${writer.episodes} of the interrupted run.`,
        { hint: 'Make at least as many, or --replace it.' },
      );
    }
    const progress = startProgress({ label, total: episodes, unit: 'episodes', alreadyDone: writer.episodes });
    while (writer.episodes < episodes) {
      if (signal.aborted) {
        throw new VlaError('interrupted', `generate: stopped after ${writer.episodes} of ${episodes} episodes.`, {
          hint: 'Run the same command again to go on.',
        });
      }
      await writer.addEpisode(make(writer.episodes));
      progress.update(writer.episodes, `${writer.frames} frames`);
      // Lets an interrupt be noticed.
      await new Promise((resolve) => setImmediate(resolve));
    }
    progress.finish(`${writer.episodes} episodes, ${writer.frames} frames`);
    const { frames } = writer;
    await writer.finish();
    return { episodes, frames };
  } catch (error) {
    writer.close();
    throw error;
  }
}
