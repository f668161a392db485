/** @file Training samples from a dataset: which features are cameras, state and action, and the sample of one frame. */

import { VlaError, lookUp } from '../base/errors.ts';
import { createResizer, type Resizer } from '../codec/resize.ts';
import type { TrainingSample } from '../codec/sample.ts';
import type { Dataset } from '../interfaces/episode.ts';
import type { Image } from '../interfaces/observation.ts';
import { windowAt, type WindowSpec } from './windows.ts';

/** The size of a picture. */
export interface ImageSize {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** What a sample is made of; plain data, so that it travels to workers. */
export interface SampleSpec {
  /** The codec's camera name → the dataset's feature. */
  readonly cameras: Readonly<Record<string, string>>;
  readonly state: string;
  readonly action: string;
  /** The chunk of actions behind a frame. */
  readonly window: WindowSpec;
  /** Resize pictures to this size (as Pillow's bilinear filter does); null leaves them as recorded. */
  readonly imageSize: ImageSize | null;
}

/** What samples of annotated frames have beside the dataset's own supervision: how far the task is before and after the chunk. */
const CHUNK_PROGRESS = 'supervision.chunk_progress';

const CAMERA_PREFIX = 'observation.images.';

/** The usual names: cameras `observation.images.*` (or `observation.image`), `observation.state`, `action`. */
export function sampleSpec(dataset: Dataset, window: WindowSpec, imageSize: ImageSize | null = null): SampleSpec {
  const cameras: Record<string, string> = {};
  for (const feature of dataset.cameras) cameras[cameraName(feature)] = feature;
  for (const name of ['observation.state', 'action']) lookUp(`${dataset.name}: feature`, name, dataset.features);
  return { cameras, state: 'observation.state', action: 'action', window, imageSize };
}

/** "observation.images.front" → "front". */
export function cameraName(feature: string): string {
  return feature.startsWith(CAMERA_PREFIX)
    ? feature.slice(CAMERA_PREFIX.length)
    : feature.replace(/^observation\./, '');
}

/** Reads samples of a dataset. */
export interface SampleReader {
  /**
   * The sample at a frame of an episode (the dataset's own episode index). Actions from frame `end` on (default: the
   * end of the episode) are padding. State and actions are those `delay` actions later (default 0): what a policy must know that starts
   * its chunk when its inference ends. Behind the last frame the state is the last one.
   */
  read(episode: number, frame: number, end?: number, delay?: number): Promise<TrainingSample>;
}

/** Checks that the dataset has what `spec` names, and reads from it. */
export function createSampleReader(dataset: Dataset, spec: SampleSpec): SampleReader {
  for (const feature of [...Object.values(spec.cameras), spec.state, spec.action]) {
    lookUp(`${dataset.name}: feature`, feature, dataset.features);
  }
  if (!Number.isInteger(spec.window.horizon) || spec.window.horizon < 1) {
    throw new VlaError('bad-argument', `samples: expected a horizon of at least 1, got ${spec.window.horizon}.`, {
      hint: 'Raise the horizon: a sample has at least one action.',
    });
  }
  const size = (feature: string): number => dataset.features[feature]!.shape.reduce((product, n) => product * n, 1);
  const [stateSize, actionSize] = [size(spec.state), size(spec.action)];
  const supervised = Object.entries(dataset.features)
    .filter(([name, { dtype }]) => name.startsWith('supervision.') && !['image', 'video', 'string'].includes(dtype))
    .map(([name]) => name);
  const cameras = Object.entries(spec.cameras);
  const resize = createImageResizer();
  return {
    async read(episode, frame, end, delay = 0) {
      const images: Record<string, Image> = {};
      for (const [name, feature] of cameras) {
        images[name] = resize(await dataset.image(feature, episode, frame), spec.imageSize);
      }
      const state = await dataset.column(spec.state, episode);
      const last = (end ?? state.length / stateSize) - 1;
      const start = frame + delay * spec.window.stride;
      const now = Math.min(last, Math.round(start));
      const window = windowAt(await dataset.column(spec.action, episode), actionSize, start, spec.window, end);
      const supervision: Record<string, Float32Array> = {};
      for (const name of supervised) {
        const width = size(name);
        supervision[name] = (await dataset.column(name, episode)).slice(frame * width, (frame + 1) * width);
      }
      const annotation = await dataset.annotation(episode, frame);
      if (annotation?.progress !== undefined) {
        const { horizon, stride } = spec.window;
        const before = delay === 0 ? annotation : await dataset.annotation(episode, now);
        const after = await dataset.annotation(episode, Math.min(last, Math.round(start + horizon * stride)));
        if (before?.progress !== undefined && after?.progress !== undefined) {
          supervision[CHUNK_PROGRESS] = Float32Array.of(before.progress, after.progress);
        }
      }
      return {
        images,
        state: state.slice(now * stateSize, (now + 1) * stateSize),
        instruction: await dataset.instruction(episode, frame),
        actions: window.values,
        actionIsPad: window.isPad,
        supervision,
        ...(annotation === undefined ? {} : { annotation }),
      };
    },
  };
}

/** Resizes images; keeps one resizer per pair of sizes. */
export function createImageResizer(): (image: Image, size: ImageSize | null) => Image {
  const resizers = new Map<string, Resizer>();
  return (image, size) => {
    if (size === null || (size.width === image.width && size.height === image.height)) return image;
    const key = `${image.width} ${image.height} ${size.width} ${size.height}`;
    let resizer = resizers.get(key);
    if (resizer === undefined) {
      resizer = createResizer(image.width, image.height, size.width, size.height, 'bilinear');
      resizers.set(key, resizer);
    }
    const data = new Uint8Array(size.width * size.height * 3);
    resizer(image.data, data);
    return { ...size, data };
  };
}
