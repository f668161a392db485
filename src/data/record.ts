/**
 * @file Records episodes frame by frame: for whoever holds one observation and one action at a time (a robot, a
 * simulator of one's own). The frames gather in memory; `episode()` gives what the writer stores.
 */

import { VlaError } from '../base/errors.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Feature } from '../interfaces/episode.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { EpisodeFrames } from './lerobot/prepare.ts';

const STATE = 'observation.state';
const ACTION = 'action';

/** The dataset's name of a camera: "front" → "observation.images.front". */
export function cameraFeature(camera: string): string {
  return `observation.images.${camera}`;
}

/** The features of a dataset recorded from a robot: its cameras (as pictures or as video), state and action. */
export function embodimentFeatures(embodiment: Embodiment, cameras: 'image' | 'video'): Record<string, Feature> {
  const vector = (names: readonly string[]): Feature => ({ dtype: 'float32', shape: [names.length], names });
  return {
    ...Object.fromEntries(
      embodiment.cameras.map(({ name, width, height }): [string, Feature] => [
        cameraFeature(name),
        { dtype: cameras, shape: [height, width, 3], names: ['height', 'width', 'channels'] },
      ]),
    ),
    [STATE]: vector(embodiment.state.names),
    [ACTION]: vector(embodiment.action.names),
  };
}

/** One episode that is being recorded. */
export interface EpisodeRecorder {
  /** Frames so far. */
  readonly length: number;
  /**
   * Adds a frame: what was seen, the action taken then, and values of further features of the dataset. Everything is
   * copied. A missing camera, a wrong size or a number that is none is a VlaError, and the frame is not added.
   */
  add(observation: Observation, action: ArrayLike<number>, further?: Readonly<Record<string, ArrayLike<number>>>): void;
  /** The frames as an episode for `LeRobotWriter.addEpisode`. */
  episode(): EpisodeFrames;
}

/** Starts an episode of a dataset with these features (as given to the writer). */
export function recordEpisode(features: Readonly<Record<string, Feature>>): EpisodeRecorder {
  const numeric = Object.entries(features).filter(([, { dtype }]) => !['image', 'video', 'string'].includes(dtype));
  const cameras = Object.entries(features).filter(([, { dtype }]) => dtype === 'image' || dtype === 'video');
  const columns: Record<string, number[]> = Object.fromEntries(numeric.map(([name]) => [name, []]));
  const pictures: Record<string, Uint8Array[]> = Object.fromEntries(cameras.map(([name]) => [name, []]));
  const tasks: string[] = [];
  return {
    get length() {
      return tasks.length;
    },
    add(observation, action, further = {}) {
      const where = `record: frame ${tasks.length}`;
      const values: Record<string, ArrayLike<number>> = { ...further, [STATE]: observation.state, [ACTION]: action };
      for (const [name, { shape }] of numeric) checkValues(`${where}, "${name}"`, values[name], shape);
      const seen = cameras.map(([name, { shape }]): [string, Uint8Array] => {
        const camera = name.replace(/^observation\.images\./, '');
        const image = observation.images[camera];
        const [height, width] = shape as [number, number];
        if (image?.width !== width || image.height !== height || image.data.length !== width * height * 3) {
          const got = image === undefined ? 'none' : `${image.width} × ${image.height} (${image.data.length} bytes)`;
          throw new VlaError(
            'bad-shape',
            `${where}: expected a picture of ${width} × ${height} from camera "${camera}", got ${got}.`,
            { hint: `Cameras of the observation: ${Object.keys(observation.images).join(', ') || 'none'}.` },
          );
        }
        return [name, image.data];
      });
      for (const [name] of numeric) columns[name]!.push(...Array.from(values[name]!));
      for (const [name, data] of seen) pictures[name]!.push(data.slice());
      tasks.push(observation.instruction);
    },
    episode: () => ({
      length: tasks.length,
      task: [...tasks],
      columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, [...values]])),
      images: Object.fromEntries(Object.entries(pictures).map(([name, frames]) => [name, { rgb: joined(frames) }])),
    }),
  };
}

function checkValues(where: string, values: ArrayLike<number> | undefined, shape: readonly number[]): void {
  const size = shape.reduce((product, n) => product * n, 1);
  if (values?.length !== size) {
    throw new VlaError('bad-shape', `${where}: expected ${size} values, got ${values?.length ?? 'none'}.`, {
      hint: 'Give every value that the feature’s shape names, in each frame.',
    });
  }
  for (let i = 0; i < size; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new VlaError('not-finite', `${where}, dimension ${i}: expected a finite number, got ${values[i]}.`, {
      hint: 'The frame was not added: is the sensor connected?',
    });
  }
}

function joined(frames: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    out.set(frame, at);
    at += frame.length;
  }
  return out;
}
