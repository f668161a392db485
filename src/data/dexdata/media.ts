/**
 * @file From a url of a record to a picture. A dataset must not make us read elsewhere: files are looked for in the dataset's folder and in the
 * one that the caller names, links followed, and nowhere else.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import type { Image } from '../../interfaces/observation.ts';
import { decodeImage } from '../../base/png.ts';
import { openVideo, type VideoFile } from '../video/decode.ts';
import { videoLibrary } from '../video/library.ts';
import type { DexImage } from './record.ts';

/** Pictures of a dataset. */
export interface DexMedia {
  /** The file that a url names; throws VlaError where it is none that may be read. */
  resolve(url: string, where: string): string;
  /** The decoded picture; `where` (file and line) names it in errors. */
  image(reference: DexImage, where: string): Promise<Image>;
  close(): void;
}

/** Open videos; each holds a decoder of some megabytes. */
const OPEN_VIDEOS = 8;
/** Where DM0's own sets keep their videos. */
const USUAL_FOLDERS = ['.', 'video'];

/** `media`: the folder from which relative urls go (`data_path_prefix` of DM0's code); default the dataset's own, or `video` in it. */
export function openMedia(root: string, media: string | undefined): DexMedia {
  const bases = media === undefined ? USUAL_FOLDERS.map((name) => path.resolve(root, name)) : [path.resolve(media)];
  const allowed = [root, ...(media === undefined ? [] : [media])].flatMap(realPath);
  const known = new Map<string, string>();
  const videos = new Map<string, VideoFile>();

  const resolve = (url: string, where: string): string => {
    const found = known.get(url);
    if (found !== undefined) return found;
    const file = find(url, bases, where);
    const real = realPath(file)[0] ?? file;
    if (!allowed.some((folder) => isInside(real, folder))) {
      throw new VlaError('bad-data', `${where}: expected a file inside ${root}, got "${url}", which lies elsewhere.`, {
        hint: 'If the pictures are meant to lie in another folder, name it: --media <folder>.',
      });
    }
    // A bounded memory of what was found: urls repeat while a video's frames are read.
    if (known.size > 100_000) known.clear();
    known.set(url, real);
    return real;
  };

  const video = async (file: string): Promise<VideoFile> => {
    const found = videos.get(file);
    if (found !== undefined) {
      videos.delete(file);
      videos.set(file, found);
      return found;
    }
    const library = await videoLibrary('Reading video');
    // Another call may have opened it meanwhile.
    const other = videos.get(file);
    if (other !== undefined) return other;
    if (videos.size >= OPEN_VIDEOS) {
      const [oldest, used] = videos.entries().next().value!;
      used.close();
      videos.delete(oldest);
    }
    const opened = openVideo(library, file);
    videos.set(file, opened);
    return opened;
  };

  return {
    resolve,
    async image(reference, where) {
      const file = resolve(reference.url, where);
      if (reference.type === 'image') return decodeImage(readBytes(file), `${where}: ${file}`);
      const opened = await video(file);
      return opened.frameAtIndex(reference.frame);
    },
    close() {
      for (const opened of videos.values()) opened.close();
      videos.clear();
    },
  };
}

/** The first place where the file is. */
function find(url: string, bases: readonly string[], where: string): string {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(url)) {
    throw new VlaError('unsupported', `${where}: expected a file's path, got the address "${url}".`, {
      hint: 'Fetch the pictures into the dataset’s folder, and name them by their paths in it.',
    });
  }
  if (url.includes('\0')) {
    throw new VlaError('bad-data', `${where}: expected a file's path, got one with a zero byte.`, {
      hint: 'The line is damaged: correct it, or leave its file out.',
    });
  }
  const places = path.isAbsolute(url) ? [url] : bases.map((base) => path.resolve(base, url));
  return places.find((place) => fs.existsSync(place)) ?? missing(url, places, where);
}

function missing(url: string, places: readonly string[], where: string): never {
  throw new VlaError('not-found', `${where}: expected the file "${url}", but it is not there.`, {
    hint: `Looked for ${places.join(' and ')}. If urls go from another folder, name it: --media <folder>.`,
  });
}

function readBytes(file: string): Uint8Array {
  try {
    return fs.readFileSync(file);
  } catch (cause) {
    throw fileError('read', file, cause);
  }
}

function realPath(file: string): string[] {
  try {
    return [fs.realpathSync(file)];
  } catch {
    return [];
  }
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
