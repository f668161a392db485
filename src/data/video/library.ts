/** @file Loads node-av (FFmpeg inside Node), the optional package that reads and writes video. */

import type * as Constants from 'node-av/constants';
import type * as Library from 'node-av/lib';
import { loadOptional } from '../../base/optional.ts';

/** The loaded video library and its constants. */
export interface VideoLibrary {
  readonly av: typeof Library;
  readonly constants: typeof Constants;
}

let loaded: Promise<VideoLibrary> | undefined;

/**
 * Keeps the AV1 encoder from printing its settings for every file. It reads the process's environment, which only the
 * main thread can set: call this there before workers encode.
 */
export function quietEncoder(): void {
  process.env['SVT_LOG'] ??= '1';
}

/** FFmpeg's objects and constants; loaded once. */
export function videoLibrary(purpose: string): Promise<VideoLibrary> {
  loaded ??= loadOptional('node-av', purpose, async () => {
    const [av, constants] = await Promise.all([import('node-av/lib'), import('node-av/constants')]);
    quietEncoder();
    av.Log.setLevel(constants.AV_LOG_QUIET);
    return { av, constants };
  });
  return loaded;
}

/** One name per codec, whatever encoder or decoder a file or a metadata entry speaks of. */
export function codecName(name: string): string {
  const lower = name.toLowerCase();
  if (/av0?1|aom/.test(lower)) return 'av1';
  if (/264|avc/.test(lower)) return 'h264';
  if (/265|hevc|hev1|hvc1/.test(lower)) return 'hevc';
  return lower;
}
