/** @file Dexdata to LeRobot v3.0: every file of robot frames becomes an episode. */

import fs from 'node:fs';
import { VlaError } from '../../base/errors.ts';
import type { Feature } from '../../interfaces/episode.ts';
import { featureSize } from '../lerobot/info.ts';
import type { EpisodeFrames, EpisodeImages } from '../lerobot/prepare.ts';
import type { Existing } from '../lerobot/recording-folder.ts';
import { createLeRobotWriter } from '../lerobot/writer.ts';
import type { Dexdata, PlacedRecord } from './reader.ts';
import type { DexImage } from './record.ts';
import { readRobotInfo } from './robot-info.ts';

/** How to convert. */
export interface ToLeRobotOptions {
  /** The new dataset's folder. */
  readonly out: string;
  readonly existing: Existing;
  /** Frames per second; null = what the dataset's dexdata.json says. */
  readonly fps: number | null;
  /** Names of the cameras `images_1`, `images_2` …; null = what dexdata.json says, or image_1, image_2 … */
  readonly cameras: readonly string[] | null;
  /** How pictures are stored: as they are, or as video (smaller, not exact). */
  readonly pictures: 'image' | 'video';
  /** What the action of a frame is where lines have none: nothing (an error), or the state of the next frame, as DM0's code makes it. */
  readonly action: 'stored' | 'next-state';
  readonly signal: AbortSignal;
  /** Called after every file. */
  readonly onFile?: (done: number, total: number) => void;
}

/** What was converted. */
export interface ToLeRobotSummary {
  readonly episodes: number;
  readonly frames: number;
  /** Files of conversations, which have no place in LeRobot. */
  readonly conversationFiles: number;
  /** Frames with an answer or a conversation, which has no place in LeRobot. */
  readonly answers: number;
}

const STATE = 'observation.state';
const ACTION = 'action';

/** Converts all files of robot frames, in the order of their names. */
export async function dexdataToLerobot(dataset: Dexdata, options: ToLeRobotOptions): Promise<ToLeRobotSummary> {
  const plan = await planFeatures(dataset, options);
  const writer = createLeRobotWriter({
    root: options.out,
    fps: plan.fps,
    robotType: plan.robotType,
    features: plan.features,
    existing: options.existing,
    settings: { action: options.action, files: dataset.files.length },
  });
  let [episodes, conversationFiles, answers] = [0, 0, 0];
  try {
    for (const [file, { name }] of dataset.files.entries()) {
      if (options.signal.aborted) {
        throw new VlaError('interrupted', `convert: stopped after ${file} of ${dataset.files.length} files.`, {
          hint: 'Run the same command again to go on.',
        });
      }
      const frames = [...dataset.records(file)];
      requireLines(name, frames.length);
      const isRobot = frames.filter(({ record }) => record.isRobot).length;
      if (isRobot === 0) conversationFiles++;
      else {
        requireWhole(name, isRobot, frames.length);
        answers += frames.filter(({ record }) => (record.answer ?? record.conversations) !== undefined).length;
        // What a conversion that was interrupted has stored already is the first episodes.
        if (episodes++ >= writer.episodes) await writer.addEpisode(await episodeOf(dataset, frames, plan));
      }
      options.onFile?.(file + 1, dataset.files.length);
    }
    await writer.finish();
  } catch (error) {
    writer.close();
    throw error;
  }
  return { episodes, frames: writer.frames, conversationFiles, answers };
}

interface Plan {
  readonly fps: number;
  readonly robotType: string | null;
  readonly features: Readonly<Record<string, Feature>>;
  /** Key of a picture in a record → LeRobot's feature. */
  readonly cameras: Readonly<Record<string, string>>;
  /** Features in `extra.features`. */
  readonly others: readonly string[];
  readonly action: ToLeRobotOptions['action'];
}

/** Reads the first robot frame: what it has, all must have. */
async function planFeatures(dataset: Dexdata, options: ToLeRobotOptions): Promise<Plan> {
  const info = readRobotInfo(dataset.root);
  const first = firstRobotFrame(dataset);
  const fps = options.fps ?? info?.fps;
  if (fps === undefined) {
    throw new VlaError(
      'bad-argument',
      `${dataset.root}: expected the frames per second, which Dexdata does not tell.`,
      {
        hint: 'Name them: --fps <n>.',
      },
    );
  }
  const { state, images } = first.record;
  if (state === undefined) throw missingField(first.where, 'state', 'LeRobot needs one; was this robot data?');
  const keys = Object.keys(images).sort((a, b) => (a < b ? -1 : 1));
  const names = options.cameras?.map((camera) => `observation.images.${camera}`) ?? info?.cameras;
  if (names !== undefined && names.length !== keys.length) {
    throw new VlaError('bad-argument', `${first.where}: expected ${names.length} pictures, got ${keys.length}.`, {
      hint: `Name a camera for each of ${keys.map((key) => `images_${key}`).join(', ')}: --cameras <names>.`,
    });
  }
  const cameras = Object.fromEntries(
    keys.map((key, i) => [key, names?.[i] ?? `observation.images.image_${key || '0'}`]),
  );
  const features: Record<string, Feature> = {};
  for (const [key, feature] of Object.entries(cameras)) {
    const { width, height } = await dataset.image(images[key]!, first.where);
    features[feature] = { dtype: options.pictures, shape: [height, width, 3], names: ['height', 'width', 'channels'] };
  }
  const vector = (size: number): Feature => ({ dtype: 'float32', shape: [size], names: null });
  const action = actionOf(first, state, options.action);
  features[STATE] = info?.features[STATE] ?? vector(state.length);
  features[ACTION] = info?.features[ACTION] ?? vector(action.length);
  const others = Object.keys(info?.features ?? {}).filter((name) => name !== STATE && name !== ACTION);
  for (const name of others) features[name] = info!.features[name]!;
  return { fps, robotType: info?.robotType ?? null, features, cameras, others, action: options.action };
}

function firstRobotFrame(dataset: Dexdata): PlacedRecord {
  for (const file of dataset.files.keys()) {
    for (const placed of dataset.records(file)) {
      if (placed.record.isRobot) return placed;
      break;
    }
  }
  throw new VlaError('bad-data', `${dataset.root}: expected robot frames, got conversations alone.`, {
    hint: 'LeRobot holds robot episodes; conversations are trained on as they are.',
  });
}

function requireLines(name: string, lines: number): void {
  if (lines > 0) return;
  throw new VlaError('bad-data', `${name}: expected at least one line, got an empty file.`, {
    hint: 'It was cut off: fetch it again, or take it away.',
  });
}

function requireWhole(name: string, robot: number, lines: number): void {
  if (robot === lines) return;
  throw new VlaError('bad-data', `${name}: expected robot frames alone, got ${robot} of ${lines} lines.`, {
    hint: 'An episode is one file: put conversations into files of their own.',
  });
}

async function episodeOf(dataset: Dexdata, frames: readonly PlacedRecord[], plan: Plan): Promise<EpisodeFrames> {
  const columns: Record<string, number[]> = Object.fromEntries(
    [STATE, ACTION, ...plan.others].map((name) => [name, []]),
  );
  const tasks: string[] = [];
  // The states first: the action of a frame may be the next one's state.
  const states = frames.map(({ record, where }) => {
    if (record.state === undefined) throw missingField(where, 'state', 'All frames of a dataset have the same fields.');
    return sized(record.state, plan, STATE, where);
  });
  for (const [i, placed] of frames.entries()) {
    const { record, where } = placed;
    if (record.prompt === undefined) {
      throw missingField(where, 'prompt', 'LeRobot needs an instruction for every frame.');
    }
    columns[STATE]!.push(...states[i]!);
    columns[ACTION]!.push(...sized(actionOf(placed, states[i + 1] ?? states[i]!, plan.action), plan, ACTION, where));
    for (const name of plan.others) columns[name]!.push(...sized(otherFeature(placed, name), plan, name, where));
    tasks.push(record.prompt);
  }
  const images: Record<string, EpisodeImages> = {};
  for (const [key, feature] of Object.entries(plan.cameras)) images[feature] = await picturesOf(dataset, frames, key);
  return { length: frames.length, task: tasks, columns, images };
}

function sized(values: readonly number[], plan: Plan, name: string, where: string): readonly number[] {
  const size = featureSize(plan.features[name]!);
  if (values.length === size) return values;
  throw new VlaError('bad-data', `${where}, "${name}": expected ${size} numbers, got ${values.length}.`, {
    hint: 'All frames of a dataset have the same numbers: correct the line, or leave its file out.',
  });
}

function actionOf({ record, where }: PlacedRecord, next: readonly number[], from: Plan['action']): readonly number[] {
  if (record.action !== undefined) return record.action;
  if (from === 'next-state') return next;
  throw missingField(
    where,
    'action',
    'If the action is the next frame’s state, as in DM0’s sets: --action next-state.',
  );
}

function otherFeature({ record, where }: PlacedRecord, name: string): readonly number[] {
  const values = (record.extra?.['features'] as Record<string, unknown> | undefined)?.[name];
  if (Array.isArray(values) && values.every((value) => typeof value === 'number')) return values;
  throw missingField(where, `extra.features.${name}`, 'dexdata.json promises it: convert the dataset again.');
}

/** Files stay as they are, byte for byte; frames of videos are decoded. */
async function picturesOf(dataset: Dexdata, frames: readonly PlacedRecord[], key: string): Promise<EpisodeImages> {
  const references = frames.map(({ record, where }): DexImage => {
    const reference = record.images[key];
    if (reference !== undefined) return reference;
    throw missingField(where, `images_${key}`, 'All frames of a dataset have the same cameras.');
  });
  if (references.every(({ type }) => type === 'image')) {
    const encoded = references.map(({ url }, i) => fs.readFileSync(dataset.resolve(url, frames[i]!.where)));
    return { encoded };
  }
  const decoded: Uint8Array[] = [];
  for (const [i, reference] of references.entries())
    decoded.push((await dataset.image(reference, frames[i]!.where)).data);
  return { rgb: Buffer.concat(decoded) };
}

function missingField(where: string, field: string, hint: string): VlaError {
  return new VlaError('bad-data', `${where}: expected "${field}", got a line without it.`, { hint });
}
