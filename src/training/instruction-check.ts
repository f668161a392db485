/** @file All instructions of a run's episodes against the prompt, so that none stops the training half-way. Node only. */

import { VlaError } from '../base/errors.ts';
import type { Codec } from '../codec/policy-codec.ts';
import type { Dataset } from '../interfaces/episode.ts';

/** Throws the prompt's own error, with the dataset and the episode, for the first instruction that does not fit. */
export async function requireInstructions(datasets: readonly Dataset[], codec: Codec): Promise<void> {
  for (const dataset of datasets) {
    const seen = new Set<number>();
    for (const { index } of dataset.episodes) {
      const tasks = await dataset.column('task_index', index);
      for (const [frame, task] of tasks.entries()) {
        if (seen.has(task)) continue;
        seen.add(task);
        const instruction = await dataset.instruction(index, frame);
        try {
          codec.checkInstruction(instruction);
        } catch (cause) {
          if (!(cause instanceof VlaError)) throw cause;
          throw new VlaError(cause.code, `${dataset.name}, episode ${index}: "${instruction}": ${cause.message}`, {
            cause,
            ...(cause.hint === undefined ? {} : { hint: cause.hint }),
          });
        }
      }
    }
  }
}
