/**
 * @file A dataset whose pictures are all decoded once, in parallel, into shared memory: for small pictures or few
 * episodes, after which samples cost next to nothing.
 */

import os from 'node:os';
import { VlaError } from '../base/errors.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { Dataset } from '../interfaces/episode.ts';
import type { Image } from '../interfaces/observation.ts';
import type { LeRobotDataset } from './lerobot/reader.ts';
import type { CacheRequest, CacheWorkerData } from './image-cache-worker.ts';
import type { ImageSize } from './samples.ts';
import { startThreadPool } from './thread-pool.ts';

/** Which pictures are held in memory, and how large. */
export interface ImageCacheOptions {
  /** Features to hold; default all cameras. */
  readonly cameras?: readonly string[];
  /** Resize to this size while loading (Pillow's bilinear filter); null keeps the recorded size. */
  readonly imageSize: ImageSize | null;
  /** Worker threads; default one per core, at most 8. */
  readonly workers?: number;
  /** The most bytes to hold; more is refused. */
  readonly limitBytes: number;
  /** Aborting ends the decoding with the error `interrupted`. */
  readonly signal?: AbortSignal;
  /** Called as pictures arrive; what it throws stops the loading. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Bytes that the pictures of `cameras` need in memory. */
export function imageCacheBytes(dataset: Dataset, cameras: readonly string[], imageSize: ImageSize | null): number {
  const frames = dataset.episodes.reduce((sum, episode) => sum + episode.length, 0);
  return cameras.reduce((sum, camera) => sum + frames * frameBytes(sizeOf(dataset, camera, imageSize)), 0);
}

/** Decodes all pictures and gives the same dataset with them in memory. Close it to release them. */
export async function cacheImages(dataset: LeRobotDataset, options: ImageCacheOptions): Promise<Dataset> {
  const cameras = options.cameras ?? dataset.cameras;
  const bytes = imageCacheBytes(dataset, cameras, options.imageSize);
  if (bytes > options.limitBytes) {
    throw new VlaError(
      'bad-argument',
      `${dataset.name}: expected pictures of at most ${megabytes(options.limitBytes)} to hold in memory, got ${megabytes(bytes)}.`,
      { hint: 'Choose a smaller image size or fewer episodes, raise the limit, or load from disk with workers.' },
    );
  }
  const frames = dataset.episodes.reduce((sum, episode) => sum + episode.length, 0);
  const first = new Map<number, number>();
  let next = 0;
  for (const episode of dataset.episodes) {
    first.set(episode.index, next);
    next += episode.length;
  }
  const shared: Record<string, SharedArrayBuffer> = {};
  for (const camera of cameras) {
    shared[camera] = new SharedArrayBuffer(frames * frameBytes(sizeOf(dataset, camera, options.imageSize)));
  }
  const workerData: CacheWorkerData = {
    root: dataset.root,
    episodes: dataset.episodes.map((episode) => episode.index),
    imageSize: options.imageSize,
  };
  const size = Math.max(1, options.workers ?? Math.min(8, os.availableParallelism()));
  const pool = startThreadPool<CacheRequest, null>(
    workerUrl(import.meta.url, './image-cache-worker'),
    size,
    workerData,
  );
  const stop = (): void => void pool.close();
  options.signal?.addEventListener('abort', stop);
  let done = 0;
  try {
    options.signal?.throwIfAborted();
    await Promise.all(
      cameras.flatMap((camera) =>
        dataset.episodes.map(async ({ index, length }) => {
          await pool.run({ camera, episode: index, length, first: first.get(index)!, pixels: shared[camera]! });
          done += length;
          options.onProgress?.(done, frames * cameras.length);
        }),
      ),
    );
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await pool.close();
  }
  return withImages(dataset, options.imageSize, shared, first);
}

function withImages(
  dataset: Dataset,
  imageSize: ImageSize | null,
  shared: Record<string, SharedArrayBuffer>,
  first: ReadonlyMap<number, number>,
): Dataset {
  const lengths = new Map(dataset.episodes.map((episode) => [episode.index, episode.length]));
  const features = { ...dataset.features };
  for (const camera of Object.keys(shared)) {
    const { width, height } = sizeOf(dataset, camera, imageSize);
    features[camera] = { ...features[camera]!, shape: [height, width, 3] };
  }
  return {
    ...dataset,
    features,
    async image(camera, episode, frame): Promise<Image> {
      const pixels = shared[camera];
      const start = first.get(episode);
      // What is not held, and every mistake, is the dataset's own business.
      const inside = Number.isInteger(frame) && frame >= 0 && frame < (lengths.get(episode) ?? 0);
      if (pixels === undefined || start === undefined || !inside) {
        return dataset.image(camera, episode, frame);
      }
      const size = sizeOf(dataset, camera, imageSize);
      const bytes = frameBytes(size);
      return { ...size, data: new Uint8Array(pixels, (start + frame) * bytes, bytes) };
    },
    async close() {
      for (const camera of Object.keys(shared)) delete shared[camera];
      await dataset.close();
    },
  };
}

function sizeOf(dataset: Dataset, camera: string, imageSize: ImageSize | null): ImageSize {
  const [height, width] = dataset.features[camera]!.shape as [number, number];
  return imageSize ?? { width, height };
}

function frameBytes({ width, height }: ImageSize): number {
  return width * height * 3;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
