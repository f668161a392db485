/** @file Listens to the episodes that `vlakit run` plays: an MCAP file, a LeRobot dataset, a live view in Foxglove. */

import process from 'node:process';
import { systemClock } from '../../base/clock.ts';
import { workerUrl } from '../../base/worker-url.ts';
import type { ModuleCall, OpenListener, PlayListener } from '../../benchmarks/player.ts';
import { datasetSink } from '../../data/loop-dataset.ts';
import type { Environment } from '../../interfaces/environment.ts';
import type { LoopListener, LoopSession } from '../../interfaces/loop-listener.ts';
import type { Policy } from '../../interfaces/policy.ts';
import type { ImageKind } from '../../recording/image-encoder.ts';
import { recordedPolicy } from '../../recording/recorded-policy.ts';
import type { SinkCall } from '../../recording/recorder-messages.ts';
import { liveSink, mcapSink } from '../../recording/sinks.ts';
import { startRecorder, type Recorder, type RecorderProblem } from '../../recording/recorder.ts';

/** Where the episodes go; null: not there. */
export interface PlayRecordingOptions {
  readonly mcap: { readonly file: string; readonly images: ImageKind } | null;
  readonly dataset: string | null;
  readonly live: { readonly host: string; readonly port: number; readonly token: string | null } | null;
  /** What else the recording says of itself, for example the checkpoint. */
  readonly about: Readonly<Record<string, string>>;
}

/** Names this listener for `evaluate`; undefined where nothing listens. */
export function playRecording(options: PlayRecordingOptions): ModuleCall | undefined {
  const { mcap, dataset, live } = options;
  if (mcap === null && dataset === null && live === null) return undefined;
  return { module: workerUrl(import.meta.url, './play-recording').href, options };
}

/** The entry that the playing worker opens. Where somebody looks on, the episodes are played in the robot's own time. */
export const openListener: OpenListener<PlayRecordingOptions> = async (options, environment, policy) => {
  const recorders = await openRecorders(options, sessionOf(environment, policy, options.about));
  const recording = options.mcap !== null || options.dataset !== null;
  return new PlayRecorder(recorders, recording, options.live !== null, environment, policy);
};

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Starts what records: one recorder for the files, one for the live view, which shows what is now. */
export async function openRecorders(
  { mcap, dataset, live }: Omit<PlayRecordingOptions, 'about'>,
  session: LoopSession,
): Promise<Recorder[]> {
  const onProblem = ({ sink, error }: RecorderProblem): void =>
    say(`warning: ${sink} recording ended: ${error.message}`);
  const sinks: SinkCall[] = [
    ...(mcap === null ? [] : [mcapSink({ ...mcap, existing: 'refuse' })]),
    ...(dataset === null ? [] : [datasetSink({ root: dataset, existing: 'refuse', cameras: 'image' })]),
  ];
  const recorders: Recorder[] = [];
  try {
    if (sinks.length > 0) recorders.push(await startRecorder({ session, sinks, onProblem }));
    if (live !== null) {
      const view = liveSink({ ...live, images: 'jpeg' });
      recorders.push(await startRecorder({ session, sinks: [view], mostWaiting: 2, onProblem }));
    }
  } catch (error) {
    await Promise.all(recorders.map((recorder) => recorder.close()));
    throw error;
  }
  for (const note of recorders.flatMap(({ notes }) => notes)) say(note);
  return recorders;
}

function sessionOf({ embodiment, name }: Environment, policy: Policy, about: LoopSession['about']): LoopSession {
  return { embodiment, zero: Date.now() / 1000, about: { policy: policy.name, environment: name, ...about } };
}

class PlayRecorder implements PlayListener {
  readonly policy: Policy;
  private readonly recorders: readonly Recorder[];
  private readonly recording: boolean;
  private readonly paced: boolean;
  private readonly controlHz: number;
  private readonly began = systemClock.now();
  private epoch = -1;
  /** Control steps of all episodes: the loop's clock. */
  private steps = 0;

  constructor(
    recorders: readonly Recorder[],
    recording: boolean,
    paced: boolean,
    environment: Environment,
    policy: Policy,
  ) {
    [this.recorders, this.recording, this.paced] = [recorders, recording, paced];
    this.controlHz = environment.embodiment.controlHz;
    this.policy = recordedPolicy(policy, this.listener(recorders));
  }

  async acting(...[tick, observation, action, age]: Parameters<PlayListener['acting']>): Promise<void> {
    const time = this.steps++ / this.controlHz;
    const { epoch } = this;
    const record = { tick, epoch, time, late: 0, observation, wanted: action, action, source: 'chunk', age } as const;
    for (const recorder of this.recorders) recorder.tick({ ...record, interventions: [] });
    if (this.paced) await systemClock.sleepUntil(this.began + time);
    // A simulator that is faster than the disk waits for it: no robot does.
    else await this.recorders[0]!.settled();
  }

  async finish(): Promise<readonly Error[]> {
    const summaries = await Promise.all(this.recorders.map((recorder) => recorder.close()));
    const [first] = summaries;
    if (this.recording) process.stderr.write(`recorded ${first!.told} records, dropped ${first!.lost}\n`);
    return summaries.flatMap(({ problems }) => problems.map(({ error }) => error));
  }

  private listener(recorders: readonly Recorder[]): LoopListener {
    const all = (tell: (recorder: Recorder) => void): void => recorders.forEach(tell);
    return {
      episode: (start) => {
        this.epoch = start.index;
        all((recorder) => recorder.episode(start));
      },
      tick: (record) => all((recorder) => recorder.tick(record)),
      inference: (record) => all((recorder) => recorder.inference(record)),
      measurement: (measurement) => all((recorder) => recorder.measurement(measurement)),
    };
  }
}
