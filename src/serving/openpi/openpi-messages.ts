/**
 * @file What openpi's WebSocket protocol says: the server greets with its metadata; every observation has one answer. Ours adds one key
 * to the metadata and may find one in an observation, both `vlakit`; clients and servers that know nothing of it are not disturbed.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { ActionChunk } from '../../interfaces/action-chunk.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { ObservationMapping } from '../observation-mapping.ts';
import { isWristCamera } from '../wrist-camera.ts';
import { Float, type WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';

/** The key of what only vlakit understands. */
export const EXTENSION = 'vlakit';

const extension = z.strictObject({
  /** A new episode begins with this observation. */
  episode: z.int().min(0).optional(),
  tick: z.int().min(0).optional(),
  deadlineMs: z.number().positive().optional(),
});

/** What an observation may say beside the observation. */
export type Extension = z.infer<typeof extension>;

/** The extension of an observation; empty where there is none. Throws `bad-data`. */
export function extensionOf(message: WireMap): Extension {
  const parsed = extension.safeParse(Object.hasOwn(message, EXTENSION) ? message[EXTENSION] : {});
  if (parsed.success) return parsed.data;
  const { path, message: what } = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `${EXTENSION}: ${path.join('.') || 'the whole'}: ${what}.`, {
    hint: 'Use the same version of vlakit on both sides.',
  });
}

/** Times of one request, ms. */
export interface ServerTiming {
  readonly inferMs: number;
  /** Of the request before, with its sending; null for the first. */
  readonly prevTotalMs: number | null;
}

/** The answer: `actions` f4 [horizon, dim] and, as every openpi server has it, `server_timing`. */
export function answerMessage(chunk: ActionChunk, { inferMs, prevTotalMs }: ServerTiming): WireMap {
  const { horizon, dim, data, reasoning, progress } = chunk;
  return {
    actions: NumericArray.ofFloats(data, [horizon, dim]),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(progress === undefined ? {} : { progress: new Float(progress) }),
    server_timing: {
      infer_ms: new Float(inferMs),
      ...(prevTotalMs === null ? {} : { prev_total_ms: new Float(prevTotalMs) }),
    },
  };
}

/**
 * The fields of openpi's examples, and of ours: `observation/images/NAME`, `observation/NAME` and `images/NAME` are camera NAME; LIBERO's
 * `observation/image` and DROID's `observation/exterior_image_1_left` the first camera that is no wrist camera, their wrist images the only wrist camera.
 */
export function openpiMapping({ cameras }: Embodiment): ObservationMapping {
  const names = cameras.map(({ name }) => name);
  const wrists = names.filter(isWristCamera);
  const scene = names.find((name) => !wrists.includes(name));
  const images = Object.fromEntries(
    names.map((name) => [
      name,
      [
        `observation/images/${name}`,
        `observation/${name}`,
        `images/${name}`,
        name,
        ...(name === scene ? ['observation/image', 'observation/exterior_image_1_left'] : []),
        ...(wrists.length === 1 && name === wrists[0]
          ? ['observation/wrist_image', 'observation/wrist_image_left']
          : []),
      ],
    ]),
  );
  return {
    images,
    state: [['observation/state'], ['state'], ['observation/joint_position', 'observation/gripper_position']],
    instruction: ['prompt', 'instruction'],
  };
}
