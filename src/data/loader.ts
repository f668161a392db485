/**
 * @file Batches of training samples, prefetched and in an order that is a pure function of (seed, step). With workers,
 * reading and decoding happen there; without, in this thread (for datasets whose pictures are in memory).
 */

import { Random } from '../base/random.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { TrainingSample } from '../codec/sample.ts';
import type { Dataset } from '../interfaces/episode.ts';
import type { FrameSelection } from './frame-selection.ts';
import type { LeRobotDataset } from './lerobot/reader.ts';
import { unpackSamples, type PackedSamples } from './packed-samples.ts';
import { recordedFrames, shuffledFrames } from './order.ts';
import { prefetchBatches } from './prefetching.ts';
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
  /** Only these frames start samples; default all. One entry per episode of the dataset. */
  readonly selection?: FrameSelection;
  /** `recorded`: one frame after the other, and `seed` does not matter. Default `shuffled`. */
  readonly order?: 'shuffled' | 'recorded';
  /** State and actions of every sample come 0 to this many actions later than its images, each delay equally often; default 0. */
  readonly longestDelay?: number;
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
    Promise.all(places.map(({ episode, frame, end, delay }) => reader.read(episode, frame, end, delay))),
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

/** The stream of a sample's delay: one per (seed, position in the order). */
const DELAY = 0x64656c61;

type Places = LoaderRequest['places'];

function prefetching(
  dataset: Dataset,
  options: LoaderOptions,
  load: (places: Places) => Promise<readonly TrainingSample[]>,
): Loader {
  const { batchSize, seed, longestDelay = 0 } = options;
  const lengths = dataset.episodes.map((episode) => episode.length);
  const order =
    options.order === 'recorded'
      ? recordedFrames(lengths, options.selection)
      : shuffledFrames(lengths, seed, options.selection);
  const batches = prefetchBatches(options, (first) =>
    load(
      Array.from({ length: batchSize }, (_, i) => {
        const place = order.at(first + i);
        const delay = longestDelay === 0 ? {} : { delay: new Random(seed, first + i, DELAY).integer(longestDelay + 1) };
        return { ...place, ...delay, episode: dataset.episodes[place.episode]!.index };
      }),
    ),
  );
  return {
    frames: order.frames,
    batch: (step) => batches.batch(step),
    async close() {
      batches.close();
    },
  };
}
