/** @file Worker of the loader: reads the samples of a batch and posts them in a few large buffers. */

import { workerData } from 'node:worker_threads';
import { openLeRobot } from './lerobot/reader.ts';
import type { FramePlace } from './order.ts';
import { packSamples } from './packed-samples.ts';
import { createSampleReader, type SampleSpec } from './samples.ts';
import { answerRequests } from './thread-pool.ts';

/** What a loader's worker is started with. */
export interface LoaderWorkerData {
  readonly root: string;
  readonly episodes: readonly number[];
  readonly sample: SampleSpec;
}

/** Which samples a worker is to read. */
export interface LoaderRequest {
  /** Episodes by the dataset's own index. */
  readonly places: readonly FramePlace[];
}

const { root, episodes, sample } = workerData as LoaderWorkerData;
const reader = openLeRobot(root, { episodes }).then((dataset) => createSampleReader(dataset, sample));
// Reported with the first request.
reader.catch(() => undefined);

answerRequests<LoaderRequest>(async ({ places }) => {
  const { read } = await reader;
  const samples = [];
  for (const { episode, frame, end, delay } of places) samples.push(await read(episode, frame, end, delay));
  const packed = packSamples(samples);
  return { value: packed, transfer: packed.buffers };
});
