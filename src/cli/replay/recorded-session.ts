/** @file What a replay asks a policy again: the questions of a recorded session, from an MCAP file or a LeRobot dataset. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { decodeImage } from '../../base/png.ts';
import { cameraFeature } from '../../data/record.ts';
import { openLeRobot } from '../../data/lerobot/reader.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Dataset } from '../../interfaces/episode.ts';
import type { Image, Observation } from '../../interfaces/observation.ts';
import type { InferenceOptions } from '../../interfaces/policy.ts';
import {
  readSession,
  type SessionEpisode,
  type SessionImage,
  type SessionInference,
} from '../../recording/session-file.ts';

/** One thing that a policy was asked, or might have been, and what the recording says to it. */
export interface Question {
  readonly tick: number;
  readonly ask: () => Promise<{ readonly observation: Observation; readonly options: InferenceOptions }>;
  /** Recorded actions for this tick and those behind it, row-major [rows, dim]. */
  readonly recorded: Float32Array;
}

/** One recorded episode. */
export interface RecordedEpisode {
  readonly index: number;
  /** Null: the recording does not say. */
  readonly seed: number | null;
  readonly questions: readonly Question[];
  /** Inferences that cannot be asked again: their tick's pictures were dropped. */
  readonly missing: number;
}

/** A recorded session, opened. */
export interface RecordedSession {
  readonly name: string;
  /** Null: the recording does not say. */
  readonly embodiment: Embodiment | null;
  /** `inferences`: what the policy was asked then; `frames`: every n-th frame. */
  readonly kind: 'inferences' | 'frames';
  readonly notes: readonly string[];
  readonly episodes: readonly RecordedEpisode[];
  close(): Promise<void>;
}

/** What is asked where a recording holds no inferences. */
export interface FrameQuestions {
  /** Every n-th frame; its chunk is compared with the n actions from there on. */
  readonly every: number;
  /** The cameras that the policy wants. */
  readonly cameras: readonly string[];
}

/** Opens a session; `episodes`: which ones. */
export async function openRecording(
  session: string,
  episodes: readonly number[] | 'all',
  frames: FrameQuestions,
): Promise<RecordedSession> {
  if (!fs.existsSync(session)) {
    throw new VlaError('not-found', `${session}: expected an MCAP file or a LeRobot dataset, got no such file.`, {
      hint: 'Record one with vlakit run --mcap FILE or --dataset FOLDER.',
    });
  }
  if (fs.statSync(session).isDirectory()) return openDataset(session, episodes, frames);
  return openMcap(session, episodes, frames);
}

function openMcap(file: string, wanted: readonly number[] | 'all', frames: FrameQuestions): RecordedSession {
  const { embodiment, whole, about, episodes } = readSession(file);
  const chosen = wanted === 'all' ? episodes : wanted.map((index) => episodeOf(file, episodes, index));
  const asked = chosen.some(({ inferences }) => inferences.length > 0);
  return {
    name: path.basename(file),
    embodiment,
    kind: asked ? 'inferences' : 'frames',
    notes: [
      ...(about['policy'] === undefined ? [] : [`Recorded with ${about['policy']}.`]),
      ...(about['checkpoint'] === undefined ? [] : [`Its checkpoint: ${about['checkpoint']}.`]),
      ...(whole ? [] : ['The recording was cut off; it is read up to its last whole chunk.']),
    ],
    episodes: chosen.map((episode) =>
      asked ? inferenceQuestions(file, episode) : tickQuestions(file, episode, frames),
    ),
    close: async () => {},
  };
}

function episodeOf(file: string, episodes: readonly SessionEpisode[], index: number): SessionEpisode {
  const found = episodes.find((episode) => episode.index === index);
  if (found !== undefined) return found;
  const known = episodes.map((episode) => episode.index).join(', ') || 'none';
  throw new VlaError('not-found', `${file}: expected one of the episodes ${known}, got ${index}.`, {
    hint: 'Choose others with --episodes, or leave it out for all.',
  });
}

function inferenceQuestions(file: string, { index, seed, ticks, inferences }: SessionEpisode): RecordedEpisode {
  const seen = new Map(ticks.map((tick) => [tick.tick, tick]));
  const questions = inferences.flatMap((inference): Question[] => {
    const tick = inference.tick === null ? undefined : seen.get(inference.tick);
    if (tick === undefined || tick.state === null) return [];
    return [
      {
        tick: tick.tick,
        recorded: inference.chunk,
        ask: async () => ({
          observation: {
            images: await decoded(file, tick.images),
            state: inference.state,
            instruction: inference.instruction,
            tick: tick.tick,
          },
          options: continuationOf(inference),
        }),
      },
    ];
  });
  return { index, seed, questions, missing: inferences.length - questions.length };
}

function continuationOf({ continuation }: SessionInference): InferenceOptions {
  return continuation === null ? {} : { continuation };
}

function tickQuestions(file: string, { index, seed, ticks }: SessionEpisode, frames: FrameQuestions): RecordedEpisode {
  const seen = ticks.filter(({ state }) => state !== null);
  const starts = seen.filter((_, i) => i % frames.every === 0);
  const questions = starts.map((start, i): Question => {
    const rows = seen.slice(i * frames.every, (i + 1) * frames.every);
    return {
      tick: start.tick,
      recorded: Float32Array.from(rows.flatMap(({ wanted, action }) => [...(wanted ?? action)])),
      ask: async () => ({
        observation: {
          images: await decoded(file, start.images),
          state: start.state!,
          instruction: start.instruction ?? '',
          tick: start.tick,
        },
        options: {},
      }),
    };
  });
  return { index, seed, questions, missing: 0 };
}

async function decoded(file: string, images: Readonly<Record<string, SessionImage>>): Promise<Record<string, Image>> {
  const entries = Object.entries(images).map(async ([camera, image]): Promise<[string, Image]> => {
    if (image.kind === 'rgb') return [camera, image];
    return [camera, await decodeImage(image.data, `${file}: camera "${camera}"`)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function openDataset(
  root: string,
  episodes: readonly number[] | 'all',
  frames: FrameQuestions,
): Promise<RecordedSession> {
  const dataset = await openLeRobot(root, { episodes });
  try {
    const recorded: RecordedEpisode[] = [];
    for (const { index, length } of dataset.episodes) {
      const actions = await dataset.column('action', index);
      const dim = actions.length / length;
      const starts = Array.from({ length: Math.ceil(length / frames.every) }, (_, i) => i * frames.every);
      recorded.push({
        index,
        seed: null,
        missing: 0,
        questions: starts.map((frame) => ({
          tick: frame,
          recorded: actions.slice(frame * dim, Math.min(length, frame + frames.every) * dim),
          ask: async () => ({ observation: await frameOf(dataset, index, frame, frames.cameras), options: {} }),
        })),
      });
    }
    return {
      name: dataset.name,
      embodiment: null,
      kind: 'frames',
      notes: [`A dataset holds no inferences: the policy is asked at every ${frames.every}. frame.`],
      episodes: recorded,
      close: () => dataset.close(),
    };
  } catch (error) {
    await dataset.close();
    throw error;
  }
}

async function frameOf(
  dataset: Dataset,
  episode: number,
  frame: number,
  cameras: readonly string[],
): Promise<Observation> {
  const states = await dataset.column('observation.state', episode);
  const { length } = dataset.episodes.find(({ index }) => index === episode)!;
  const dim = states.length / length;
  const images = cameras.map(async (camera): Promise<[string, Image]> => [
    camera,
    await dataset.image(cameraFeature(camera), episode, frame),
  ]);
  return {
    images: Object.fromEntries(await Promise.all(images)),
    state: states.slice(frame * dim, (frame + 1) * dim),
    instruction: await dataset.instruction(episode, frame),
    tick: frame,
  };
}
