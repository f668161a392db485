/** @file Worker of the image cache: decodes the pictures of one camera of one episode into shared memory. */

import { workerData } from 'node:worker_threads';
import { openLeRobot } from './lerobot/reader.ts';
import { createImageResizer, type ImageSize } from './samples.ts';
import { answerRequests } from './thread-pool.ts';

/** What a worker that fills the image cache is started with. */
export interface CacheWorkerData {
  readonly root: string;
  readonly episodes: readonly number[];
  readonly imageSize: ImageSize | null;
}

/** Decode frames [0, length) of an episode to the places from `first` on. */
export interface CacheRequest {
  readonly camera: string;
  readonly episode: number;
  readonly length: number;
  readonly first: number;
  readonly pixels: SharedArrayBuffer;
}

const { root, episodes, imageSize } = workerData as CacheWorkerData;
// Each episode is read once, front to back: what is decoded need not be kept.
const opened = openLeRobot(root, { episodes, imageCacheBytes: 0 });
// Reported with the first request.
opened.catch(() => undefined);
const resize = createImageResizer();

answerRequests<CacheRequest>(async ({ camera, episode, length, first, pixels }) => {
  const dataset = await opened;
  for (let frame = 0; frame < length; frame++) {
    const { data } = resize(await dataset.image(camera, episode, frame), imageSize);
    new Uint8Array(pixels, (first + frame) * data.length, data.length).set(data);
  }
  return { value: null, transfer: [] };
});
