/** @file The worker of a recording: makes the environment once, then one demonstration per request, ready to be stored. */

import { parentPort, workerData } from 'node:worker_threads';
import { VlaError, invariant } from '../../base/errors.ts';
import { toPlainError, type PlainError } from '../../benchmarks/worker-messages.ts';
import { annotationLines } from '../../data/lerobot/annotations.ts';
import { prepareEpisode, transferables, type EpisodeSpec, type PreparedEpisode } from '../../data/lerobot/prepare.ts';
import { watchFrames } from './annotated-frames.ts';
import { demonstrate } from './expert-episode.ts';
import { openRecordedWorld } from './open-world.ts';
import { createActionNoise, recordingSeed, worldOf } from './record-config.ts';
import type { RecordConfig } from '../../../recipes/recording.ts';

/** What the worker is started with: what to play, and what to make of it. */
export interface RecordWorkerData {
  readonly config: RecordConfig;
  readonly product: { readonly kind: 'episodes'; readonly spec: EpisodeSpec } | { readonly kind: 'annotations' };
}

/** A demonstration, and how often the expert failed before it. */
export type Recorded =
  | { readonly kind: 'episode'; readonly prepared: PreparedEpisode; readonly failures: number }
  /** The text of its annotation file, and its actions, by which the episode is known again; row-major. */
  | { readonly kind: 'annotations'; readonly text: string; readonly actions: Float32Array };

/** The answer to a request, which is the number of an episode. */
export type RecordAnswer =
  | { readonly episode: number; readonly recorded: Recorded }
  | { readonly episode: number; readonly error: PlainError };

invariant(parentPort !== null, 'the record worker runs outside a worker thread');
const port = parentPort;
const { config, product } = workerData as RecordWorkerData;
const annotated = product.kind === 'annotations' || config.annotations === true;
const opened = openRecordedWorld(worldOf(config));

async function record(episode: number): Promise<Recorded> {
  const environment = await opened;
  const task = config.tasks[episode % config.tasks.length]!;
  for (let attempt = 0; attempt < config.attempts; attempt++) {
    const seed = recordingSeed(config, episode, attempt);
    const noise = createActionNoise(config, episode, attempt);
    const annotator = annotated ? watchFrames(environment) : null;
    const watch = (): void => annotator?.watch();
    const { frames } = await demonstrate(environment, { task, seed, phrasing: 'train' }, noise, watch);
    if (frames === null) continue;
    const annotations = annotator?.annotations();
    if (product.kind === 'annotations') {
      const actions = Float32Array.from(frames.columns['action'] as ArrayLike<number>);
      return { kind: 'annotations', text: annotationLines(annotations!), actions };
    }
    const known = annotations === undefined ? {} : { annotations };
    const prepared = await prepareEpisode(product.spec, { ...frames, ...known });
    return { kind: 'episode', prepared, failures: attempt };
  }
  throw new VlaError('unsupported', `record: the expert failed "${task}" ${config.attempts} times in a row.`, {
    hint: 'Raise record.attempts, or lower record.noise.sigma.',
  });
}

async function answer(episode: number): Promise<void> {
  try {
    const recorded = await record(episode);
    const transfer = recorded.kind === 'episode' ? transferables(recorded.prepared) : [];
    port.postMessage({ episode, recorded } satisfies RecordAnswer, transfer);
  } catch (error) {
    port.postMessage({ episode, error: toPlainError(error) } satisfies RecordAnswer);
  }
}

async function leave(): Promise<void> {
  await (await opened).close();
  port.close();
}

port.on('message', (message: number | 'close') => void (message === 'close' ? leave() : answer(message)));
