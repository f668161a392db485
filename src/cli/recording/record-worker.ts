/** @file The worker of a recording: makes the environment once, then one demonstration per request, ready to be stored. */

import { parentPort, workerData } from 'node:worker_threads';
import { VlaError, invariant } from '../../base/errors.ts';
import { toPlainError, type PlainError } from '../../benchmarks/worker-messages.ts';
import { prepareEpisode, transferables, type EpisodeSpec, type PreparedEpisode } from '../../data/lerobot/prepare.ts';
import { createTabletop } from '../../simulation/tabletop/index.ts';
import { demonstrate } from './expert-episode.ts';
import { createActionNoise, recordingSeed, type RecordConfig } from './record-config.ts';

/** What the worker is started with. */
export interface RecordWorkerData {
  readonly config: RecordConfig;
  readonly spec: EpisodeSpec;
}

/** A demonstration, and how often the expert failed before it. */
export interface Recorded {
  readonly prepared: PreparedEpisode;
  readonly failures: number;
}

/** The answer to a request, which is the number of an episode. */
export type RecordAnswer =
  | { readonly episode: number; readonly recorded: Recorded }
  | { readonly episode: number; readonly error: PlainError };

invariant(parentPort !== null, 'the record worker runs outside a worker thread');
const port = parentPort;
const { config, spec } = workerData as RecordWorkerData;
const opened = createTabletop({ imageSize: config.imageSize });

async function record(episode: number): Promise<Recorded> {
  const environment = await opened;
  const task = config.tasks[episode % config.tasks.length]!;
  for (let attempt = 0; attempt < config.attempts; attempt++) {
    const seed = recordingSeed(config, episode, attempt);
    const noise = createActionNoise(config, episode, attempt);
    const { frames } = await demonstrate(environment, { task, seed, phrasing: 'train' }, noise);
    if (frames !== null) return { prepared: await prepareEpisode(spec, frames), failures: attempt };
  }
  throw new VlaError('unsupported', `record: the expert failed "${task}" ${config.attempts} times in a row.`, {
    hint: 'Raise record.attempts, or lower record.noise.sigma.',
  });
}

async function answer(episode: number): Promise<void> {
  try {
    const recorded = await record(episode);
    port.postMessage({ episode, recorded } satisfies RecordAnswer, transferables(recorded.prepared));
  } catch (error) {
    port.postMessage({ episode, error: toPlainError(error) } satisfies RecordAnswer);
  }
}

async function leave(): Promise<void> {
  await (await opened).close();
  port.close();
}

port.on('message', (message: number | 'close') => void (message === 'close' ? leave() : answer(message)));
