/** @file Moving pictures of episodes: an episode is played again, filmed through a larger camera, and encoded as WebP. */

import { lookUp } from '../base/errors.ts';
import { loadOptional } from '../base/optional.ts';
import type { Environment } from '../interfaces/environment.ts';
import type { Image, Observation } from '../interfaces/observation.ts';
import type { Policy } from '../interfaces/policy.ts';
import { playEpisode, type PlayHooks, type PlayedEpisode } from './play-episode.ts';
import type { PlannedEpisode } from './protocol.ts';

/** How to film. */
export interface FilmOptions {
  /** Cameras, side by side; 'all' of the robot. */
  readonly cameras: readonly string[] | 'all';
  /** Frames per second of the robot's time, at most. */
  readonly fps: number;
  /** At most so many frames; longer episodes skip more control steps. */
  readonly maxFrames: number;
}

/** All cameras, 10 frames a second, at most 60. */
export const FILM: FilmOptions = { cameras: 'all', fps: 10, maxFrames: 60 };

/** An encoded film and what happened in it. */
export interface Film {
  readonly played: PlayedEpisode;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly webp: Uint8Array;
}

/**
 * Plays an episode of known `length` while `stage`, a second environment that repeats every action, provides the
 * pictures (null: the policy's own observations do). Returns null when it was stopped.
 */
export async function filmEpisode(
  environment: Environment,
  stage: Environment | null,
  policy: Policy,
  planned: PlannedEpisode,
  length: number,
  execute: number | 'half',
  film: FilmOptions,
  hooks: PlayHooks = {},
): Promise<Film | null> {
  const { controlHz } = environment.embodiment;
  const stride = Math.max(Math.ceil(controlHz / film.fps), Math.ceil(length / Math.max(1, film.maxFrames - 1)));
  const pictures: Image[] = [];
  const shoot = async (): Promise<void> => {
    pictures.push(sideBySide(await (stage ?? environment).observe(), film.cameras));
  };
  const played = await playEpisode(environment, policy, planned, execute, {
    ...hooks,
    async onTick(tick, action) {
      if (action === null) await stage?.reset(planned.spec);
      else await stage?.step(action);
      if (tick % stride === 0 || tick === length) await shoot();
    },
  });
  if (played === null) return null;
  const [{ width, height }] = pictures as [Image];
  const webp = await encodeWebp(pictures, (1000 * stride) / controlHz);
  return { played, width, height, frames: pictures.length, webp };
}

function sideBySide(observation: Observation, cameras: FilmOptions['cameras']): Image {
  const names = cameras === 'all' ? Object.keys(observation.images) : cameras;
  const images = names.map((name) => lookUp('film: camera', name, observation.images));
  const height = Math.max(...images.map((image) => image.height));
  const width = images.reduce((sum, image) => sum + image.width, 0);
  const data = new Uint8Array(width * height * 3);
  let left = 0;
  for (const image of images) {
    for (let y = 0; y < image.height; y++) {
      const source = image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3);
      data.set(source, (y * width + left) * 3);
    }
    left += image.width;
  }
  return { width, height, data };
}

/** An animated WebP that repeats for ever; the last frame stays for a second. All images have one size. */
export async function encodeWebp(images: readonly Image[], frameMs: number): Promise<Uint8Array> {
  const { default: sharp } = await loadOptional('sharp', 'Filming rollouts', () => import('sharp'));
  const { width, height } = images[0]!;
  const stacked = new Uint8Array(images.length * width * height * 3);
  for (const [i, image] of images.entries()) stacked.set(image.data, i * width * height * 3);
  const delay = images.map((_, i) => (i === images.length - 1 ? 1000 : Math.round(frameMs)));
  const raw = { width, height: height * images.length, channels: 3 as const, pageHeight: height };
  const encoded = sharp(stacked, { raw }).webp({ quality: 72, effort: 4, delay, loop: 0 });
  return new Uint8Array(await encoded.toBuffer());
}
