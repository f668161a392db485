/**
 * @file Records demonstrations into a LeRobot dataset with several workers. Episodes are stored in their order, so the
 * dataset is the same whatever the number of workers, and an interrupted recording goes on where it stopped.
 */

import { Worker } from 'node:worker_threads';
import { VlaError } from '../../base/errors.ts';
import { startProgress } from '../../base/progress.ts';
import { workerUrl } from '../../base/worker-url.ts';
import { fromPlainError } from '../../benchmarks/worker-messages.ts';
import { createLeRobotWriter, type LeRobotWriter } from '../../data/lerobot/writer.ts';
import { createTabletop } from '../../simulation/tabletop/index.ts';
import { recordingFeatures } from './expert-episode.ts';
import { checkRecordConfig, type RecordConfig } from './record-config.ts';
import type { RecordAnswer, RecordWorkerData, Recorded } from './record-worker.ts';

/** Where and how to record. */
export interface RecordOptions {
  readonly config: RecordConfig;
  /** The dataset's folder. */
  readonly root: string;
  /** What to do with what the folder holds; see the LeRobot writer. */
  readonly existing: 'refuse' | 'resume' | 'replace';
  readonly workers: number;
  /** The exact command, for info.json. */
  readonly command: string;
  /** Aborting stops after the episodes under way; the recording can then be resumed. */
  readonly signal: AbortSignal;
}

/** What was recorded, resumed episodes included. */
export interface RecordSummary {
  readonly episodes: number;
  readonly frames: number;
  /** Demonstrations that failed and were done again, in this process. */
  readonly failures: number;
}

/** Records until `config.episodes` are stored. */
export async function recordDataset(options: RecordOptions): Promise<RecordSummary> {
  const { config, root, existing, command, signal } = options;
  const sample = await createTabletop({ imageSize: config.imageSize });
  const { embodiment, subtasks } = sample;
  for (const task of config.tasks) sample.maxSteps(task);
  await sample.close();
  checkRecordConfig(config, embodiment.action.names.length);
  const writer = createLeRobotWriter({
    root,
    fps: embodiment.controlHz,
    robotType: embodiment.name,
    features: recordingFeatures(embodiment),
    existing,
    settings: { tasks: config.tasks, seed: config.seed, noise: config.noise },
    extra: { vlakit: { subtasks, embodiment, record: config, command } },
  });
  try {
    if (writer.episodes > config.episodes) {
      throw new VlaError(
        'mismatch',
        `${root}: expected at most ${config.episodes} episodes, got ${writer.episodes} of the interrupted recording.`,
        { hint: 'Record at least as many, or replace the recording.' },
      );
    }
    const failures = await recordRest(writer, options);
    if (signal.aborted) {
      throw new VlaError('interrupted', `record: stopped after ${writer.episodes} of ${config.episodes} episodes.`, {
        hint: 'Run the same command again to go on.',
      });
    }
    const { episodes, frames } = writer;
    await writer.finish();
    return { episodes, frames, failures };
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** Hands episodes to workers and stores the answers in order; resolves with the number of failed demonstrations. */
async function recordRest(writer: LeRobotWriter, options: RecordOptions): Promise<number> {
  const { config, signal } = options;
  const total = config.episodes;
  const progress = startProgress({ label: 'record', total, unit: 'episodes', alreadyDone: writer.episodes });
  const count = Math.min(options.workers, total - writer.episodes);
  const data: RecordWorkerData = { config, spec: writer.spec };
  const workers = Array.from(
    { length: count },
    () => new Worker(workerUrl(import.meta.url, './record-worker'), { workerData: data }),
  );
  const waiting = new Map<number, Recorded>();
  let requested = writer.episodes;
  let stored = writer.episodes;
  let failures = 0;
  try {
    await Promise.all(
      workers.map(async (worker) => {
        // A worker may run ahead of the slowest one, but not so far that its episodes fill the memory.
        while (requested < total && !signal.aborted) {
          const episode = requested++;
          const recorded = await request(worker, episode);
          waiting.set(episode, recorded);
          while (waiting.has(stored)) {
            const next = waiting.get(stored)!;
            waiting.delete(stored++);
            failures += next.failures;
            await writer.addEpisode(next.prepared);
            progress.update(writer.episodes, `${writer.frames} frames`);
          }
        }
        worker.postMessage('close');
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  progress.finish(`${writer.episodes} episodes, ${writer.frames} frames, ${failures} demonstrations done again`);
  return failures;
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
