/**
 * @file Batches of training samples, prefetched and in an order that is a pure function of (seed, step). With workers,
 * reading and decoding happen there; without, in this thread (for datasets whose pictures are in memory).
 */

import { VlaError } from '../base/errors.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { TrainingSample } from '../codec/sample.ts';
import type { Dataset } from '../interfaces/episode.ts';
import type { LeRobotDataset } from './lerobot/reader.ts';
import { unpackSamples, type PackedSamples } from './packed-samples.ts';
import { shuffledFrames } from './order.ts';
import { createSampleReader, type SampleSpec } from './samples.ts';
import { startThreadPool } from './thread-pool.ts';
import type { LoaderRequest, LoaderWorkerData } from './loader-worker.ts';

/** What a loader draws, and how far ahead. */
export interface LoaderOptions {
  readonly sample: SampleSpec;
  readonly batchSize: number;
  readonly seed: number;
  /** Batches kept ready ahead of the one asked for. */
  readonly prefetch: number;
}

/** Batches of samples as a pure function of the step. */
export interface Loader {
  /** Frames of an epoch. */
  readonly frames: number;
  /**
   * The batch of step `step` (from 0). Asking for steps in order finds them prefetched. Samples may share memory with
   * the loader: do not write into them.
   */
  batch(step: number): Promise<readonly TrainingSample[]>;
  close(): Promise<void>;
}

/** Loads in this thread. `dataset` stays open when the loader closes. */
export function createLoader(dataset: Dataset, options: LoaderOptions): Loader {
  const reader = createSampleReader(dataset, options.sample);
  return prefetching(dataset, options, (places) =>
    Promise.all(places.map(({ episode, frame }) => reader.read(episode, frame))),
  );
}

/** Loads in `workers` threads, each with its own files and decoders. */
export function createWorkerLoader(
  dataset: LeRobotDataset,
  options: LoaderOptions & { readonly workers: number },
): Loader {
  // Fails here, in the caller's stack, when the dataset lacks a feature.
  createSampleReader(dataset, options.sample);
  const workerData: LoaderWorkerData = {
    root: dataset.root,
    episodes: dataset.episodes.map((episode) => episode.index),
    sample: options.sample,
  };
  const pool = startThreadPool<LoaderRequest, PackedSamples>(
    workerUrl(import.meta.url, './loader-worker'),
    Math.max(1, options.workers),
    workerData,
  );
  const loader = prefetching(dataset, options, async (places) => unpackSamples(await pool.run({ places })));
  return {
    ...loader,
    async close() {
      await loader.close();
      await pool.close();
    },
  };
}

type Places = LoaderRequest['places'];

function prefetching(
  dataset: Dataset,
  options: LoaderOptions,
  load: (places: Places) => Promise<readonly TrainingSample[]>,
): Loader {
  const { batchSize, seed, prefetch } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new VlaError('bad-argument', `loader: expected a batch size of at least 1, got ${batchSize}.`, {
      hint: 'Raise samplesPerStep.',
    });
  }
  const order = shuffledFrames(
    dataset.episodes.map((episode) => episode.length),
    seed,
  );
  const ready = new Map<number, Promise<readonly TrainingSample[]>>();
  let closed = false;
  const start = (step: number): Promise<readonly TrainingSample[]> => {
    const places = Array.from({ length: batchSize }, (_, i) => {
      const place = order.at(step * batchSize + i);
      return { episode: dataset.episodes[place.episode]!.index, frame: place.frame };
    });
    const batch = load(places);
    // A failure is reported to whoever asks for the step, not to the process.
    batch.catch(() => undefined);
    ready.set(step, batch);
    return batch;
  };
  return {
    frames: order.frames,
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
    async close() {
      closed = true;
      ready.clear();
    },
  };
}
