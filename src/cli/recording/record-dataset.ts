/**
 * @file Records demonstrations into a LeRobot dataset with several workers. Episodes are stored in their order, so the
 * dataset is the same whatever the number of workers, and an interrupted recording goes on where it stopped.
 */

import { VlaError, invariant } from '../../base/errors.ts';
import { startProgress } from '../../base/progress.ts';
import { createLeRobotWriter, type LeRobotWriter } from '../../data/lerobot/writer.ts';
import { recordingFeatures } from './demonstration-frames.ts';
import { playEpisodes } from './episode-pool.ts';
import { openRecordedWorld } from './open-world.ts';
import { checkRecordConfig, worldOf } from './record-config.ts';
import type { RecordConfig } from '../../../recipes/recording.ts';

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
  const sample = await openRecordedWorld(worldOf(config));
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
    settings: {
      ...(config.world === undefined ? {} : { world: config.world }),
      tasks: config.tasks,
      seed: config.seed,
      noise: config.noise,
      ...(config.annotations === true ? { annotations: true } : {}),
    },
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
  let failures = 0;
  await playEpisodes({
    data: { config, product: { kind: 'episodes', spec: writer.spec } },
    workers: options.workers,
    episodes: Array.from({ length: total - writer.episodes }, (_, i) => writer.episodes + i),
    signal,
    async store(recorded) {
      invariant(recorded.kind === 'episode', 'the record worker prepared no episode');
      failures += recorded.failures;
      await writer.addEpisode(recorded.prepared);
      progress.update(writer.episodes, `${writer.frames} frames`);
    },
  });
  progress.finish(`${writer.episodes} episodes, ${writer.frames} frames, ${failures} demonstrations done again`);
  return failures;
}
