/** @file Hands numbered episodes to worker threads and passes their answers on in order, so that nothing depends on the workers. */

import { Worker } from 'node:worker_threads';
import { VlaError } from '../../base/errors.ts';
import { workerUrl } from '../../base/worker-url.ts';
import { fromPlainError } from '../../benchmarks/worker-messages.ts';
import type { RecordAnswer, Recorded, RecordWorkerData } from './record-worker.ts';

/** What is to be played, and by whom. */
export interface EpisodePool {
  readonly data: RecordWorkerData;
  readonly workers: number;
  readonly episodes: readonly number[];
  /** Aborting lets the episodes under way end. */
  readonly signal: AbortSignal;
  /** Called for one episode after the other, in the order of `episodes`. */
  readonly store: (recorded: Recorded, episode: number) => Promise<void> | void;
}

/** Plays all episodes; rejects with the first error of a worker. */
export async function playEpisodes({ data, workers: most, episodes, signal, store }: EpisodePool): Promise<void> {
  const workers = Array.from(
    { length: Math.min(most, episodes.length) },
    () => new Worker(workerUrl(import.meta.url, './record-worker'), { workerData: data }),
  );
  const waiting = new Map<number, Recorded>();
  let requested = 0;
  let stored = 0;
  try {
    await Promise.all(
      workers.map(async (worker) => {
        while (requested < episodes.length && !signal.aborted) {
          const place = requested++;
          waiting.set(place, await request(worker, episodes[place]!));
          while (waiting.has(stored)) {
            const next = waiting.get(stored)!;
            waiting.delete(stored);
            await store(next, episodes[stored++]!);
          }
        }
        worker.postMessage('close');
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Asks a worker for one episode. */
function request(worker: Worker, episode: number): Promise<Recorded> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      action();
    };
    const onMessage = (answer: RecordAnswer): void =>
      settle(() => ('error' in answer ? reject(fromPlainError(answer.error)) : resolve(answer.recorded)));
    const onError = (error: unknown): void =>
      settle(() => reject(error instanceof Error ? error : new Error(String(error))));
    const onExit = (code: number): void =>
      settle(() => {
        reject(
          new VlaError('unsupported', `record: a worker ended with code ${code} in episode ${episode}.`, {
            hint: 'It may have run out of memory: use fewer workers.',
          }),
        );
      });
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    worker.postMessage(episode);
  });
}
