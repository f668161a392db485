/** @file Batches made ahead of the step that asks for them: what all loaders share. */

import { VlaError } from '../base/errors.ts';

/** How many samples a batch has, and how many batches are kept ready ahead of the one asked for. */
export interface PrefetchOptions {
  readonly batchSize: number;
  readonly prefetch: number;
}

/** Batches by step. */
export interface Prefetcher<Sample> {
  batch(step: number): Promise<readonly Sample[]>;
  close(): void;
}

/** `load` makes the batch of the samples at the positions [first, first + batchSize) of the loader's order. */
export function prefetchBatches<Sample>(
  { batchSize, prefetch }: PrefetchOptions,
  load: (first: number) => Promise<readonly Sample[]>,
): Prefetcher<Sample> {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new VlaError('bad-argument', `loader: expected a batch size of at least 1, got ${batchSize}.`, {
      hint: 'Raise samplesPerStep.',
    });
  }
  const ready = new Map<number, Promise<readonly Sample[]>>();
  let closed = false;
  const start = (step: number): Promise<readonly Sample[]> => {
    const batch = load(step * batchSize);
    // A failure is reported to whoever asks for the step, not to the process.
    batch.catch(() => undefined);
    ready.set(step, batch);
    return batch;
  };
  return {
    async batch(step) {
      if (closed) {
        throw new VlaError('bad-argument', 'loader: expected an open loader, got a closed one.', {
          hint: 'Open another loader; a closed one has let its threads and pictures go.',
        });
      }
      const wanted = ready.get(step) ?? start(step);
      ready.delete(step);
      // Whatever lies behind or far ahead belongs to another walk: let it go, memory stays bounded.
      for (const other of ready.keys()) if (other < step || other > step + prefetch) ready.delete(other);
      for (let ahead = step + 1; ahead <= step + prefetch; ahead++) if (!ready.has(ahead)) void start(ahead);
      return wanted;
    },
    close() {
      closed = true;
      ready.clear();
    },
  };
}
