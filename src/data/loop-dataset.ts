/**
 * @file A running loop as a LeRobot dataset: each tick that saw something is a frame, with the action that the robot was told. The frames of
 * an episode are evenly spaced, so where a tick is missing (a silent sensor, a recorder that was too slow) an episode ends and another begins.
 */

import { workerUrl } from '../base/worker-url.ts';
import { VlaError } from '../base/errors.ts';
import type { LoopSession, LoopSink } from '../interfaces/loop-listener.ts';
import type { TickRecord } from '../interfaces/tick-record.ts';
import { createLeRobotWriter, type LeRobotWriter } from './lerobot/writer.ts';
import type { Existing } from './lerobot/recording-folder.ts';
import { embodimentFeatures, recordEpisode, type EpisodeRecorder } from './record.ts';

/** Where and how. */
export interface LoopDatasetOptions {
  readonly root: string;
  readonly existing: Existing;
  readonly cameras: 'image' | 'video';
  /** Episodes of fewer frames are left out; default 1. */
  readonly shortest?: number;
}

/** Names this sink for a recorder. */
export function datasetSink(options: LoopDatasetOptions): {
  name: string;
  module: string;
  options: LoopDatasetOptions;
} {
  return { name: 'dataset', module: workerUrl(import.meta.url, './loop-dataset').href, options };
}

/** The entry that a recorder's thread opens. */
export async function openSink(options: LoopDatasetOptions, { embodiment }: LoopSession): Promise<LoopSink> {
  const { root, existing, cameras } = options;
  const features = embodimentFeatures(embodiment, cameras);
  const writer = createLeRobotWriter({
    root,
    fps: embodiment.controlHz,
    robotType: embodiment.name,
    features,
    existing,
  });
  return new LoopDataset(writer, () => recordEpisode(features), options.shortest ?? 1);
}

class LoopDataset implements LoopSink {
  readonly notes: readonly string[] = [];
  private readonly writer: LeRobotWriter;
  private readonly begin: () => EpisodeRecorder;
  private readonly shortest: number;
  private recorder: EpisodeRecorder;
  private last: { readonly epoch: number; readonly tick: number } | null = null;
  private failed = false;

  constructor(writer: LeRobotWriter, begin: () => EpisodeRecorder, shortest: number) {
    [this.writer, this.begin, this.shortest] = [writer, begin, shortest];
    this.recorder = begin();
  }

  /** A new episode's first tick has another epoch, or another tick than the one that follows. */
  episode(): void {}

  async tick({ tick, epoch, observation, action }: TickRecord): Promise<void> {
    const follows = this.last?.epoch === epoch && this.last.tick + 1 === tick;
    if (observation === null || !follows) await this.end();
    if (observation === null) return;
    this.last = { epoch, tick };
    await this.guarded(() => this.recorder.add(observation, action));
  }

  inference(): void {}

  measurement(): void {}

  lost(): Promise<void> {
    return this.end();
  }

  /** Makes the dataset whole; where something failed, what is stored can be resumed. */
  async close(): Promise<void> {
    if (this.failed) return this.writer.close();
    await this.end();
    if (this.writer.episodes === 0) {
      this.writer.close();
      throw new VlaError('bad-data', 'dataset: expected at least one frame, got none.', {
        hint: 'Did the loop run, and did every sensor speak?',
      });
    }
    await this.writer.finish();
  }

  private async end(): Promise<void> {
    this.last = null;
    if (this.recorder.length === 0) return;
    const { recorder } = this;
    this.recorder = this.begin();
    if (recorder.length >= this.shortest) await this.guarded(() => this.writer.addEpisode(recorder.episode()));
  }

  private async guarded<T>(work: () => T | Promise<T>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }
}
