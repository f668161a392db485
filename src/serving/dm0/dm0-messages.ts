/**
 * @file What dexbotic's servers (DM0 and its kin) are asked: `POST /process_frame` with a multipart form of `text`, `image` (files, one per camera), `states`
 * (JSON) and `batch_size`; the answer is `{"response": …}` in JSON.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { ActionChunk } from '../../interfaces/action-chunk.ts';
import { actionAt } from '../../interfaces/action-chunk.ts';
import type { FormData } from '../wire/form-data.ts';

/** The one path. */
export const DM0_PATH = '/process_frame';
const MOST_EXAMPLES = 16;
const HINT = 'Send text, one image per camera and states, as dexbotic’s clients do.';

/** One observation of a request, images not decoded. */
export interface Dm0Example {
  readonly text: string;
  readonly images: readonly Uint8Array[];
  /** Left out: zeros, as dexbotic's server has it. */
  readonly state: readonly number[] | null;
}

/** A request, taken apart. */
export interface Dm0Request {
  readonly examples: readonly Dm0Example[];
  /** Whether the client asked for a batch, and expects its answer as one. */
  readonly batched: boolean;
  readonly firstFrame: boolean;
}

const vector = z.array(z.number()).max(4096);
const states = z.union([vector.transform((state) => [state]), z.array(vector).max(MOST_EXAMPLES)]);

/** A request from a form; `bad-data` for what is none. */
export function dm0Request({ fields, files }: FormData): Dm0Request {
  const images = files.get('image') ?? [];
  const count = fields.get('batch_size')?.at(-1);
  const size = Number(count ?? 1);
  if (!Number.isInteger(size) || size < 1 || size > MOST_EXAMPLES || images.length % size !== 0) {
    throw bad(
      `batch_size: expected a divisor of ${images.length} images, at most ${MOST_EXAMPLES}, got ${count?.slice(0, 20)}`,
    );
  }
  const vectors = readStates(fields.get('states') ?? [], size);
  const texts = fields.get('text') ?? [''];
  if (texts.length !== 1 && texts.length !== size) throw bad(`text: expected one, got ${texts.length}`);
  const each = images.length / size;
  const examples = Array.from({ length: size }, (_, i) => ({
    text: texts[i % texts.length]!,
    images: images.slice(i * each, (i + 1) * each),
    state: vectors?.[i] ?? null,
  }));
  const firstFrame = /^true$/i.test(fields.get('episode_first_frame')?.at(-1) ?? '');
  return { examples, batched: count !== undefined, firstFrame };
}

/** `[0.5, 1]`, or one such list per observation: in one field, or in a field each. */
function readStates(texts: readonly string[], size: number): readonly (readonly number[])[] | null {
  if (texts.length === 0) return null;
  let content: unknown;
  try {
    const values = texts.map((text) => JSON.parse(text) as unknown);
    content = values.length === 1 ? values[0] : values;
  } catch {
    throw bad('states: expected numbers in JSON, got something else');
  }
  const parsed = states.safeParse(content);
  if (!parsed.success || parsed.data.length !== size) throw bad(`states: expected ${size} lists of numbers`);
  return parsed.data;
}

function bad(what: string): VlaError {
  return new VlaError('bad-data', `${what}.`, { hint: HINT });
}

/** The answer: a list of actions, or one such list per observation of a batch. */
export function dm0Answer(chunks: readonly ActionChunk[], batched: boolean): string {
  const lists = chunks.map((chunk) => Array.from({ length: chunk.horizon }, (_, i) => [...actionAt(chunk, i)]));
  return JSON.stringify({ response: batched ? lists : lists[0] });
}

const actions = z.array(z.array(z.number()).min(1)).min(1).max(4096);
const response = z.object({
  response: z.union([actions, z.tuple([actions]).transform(([first]) => first)]),
});

/** The chunk in an answer: `[[…]]`, or `[[[…]]]` as DM0's own server answers; `bad-data` for what is none. `where` names the server. */
export function dm0Chunk(text: string, dim: number, where: string): ActionChunk {
  let content: unknown = null;
  try {
    content = JSON.parse(text);
  } catch {
    // Refused below.
  }
  const parsed = response.safeParse(content);
  const rows = parsed.success ? parsed.data.response : null;
  if (rows === null || !rows.every((row) => row.length === dim)) {
    throw new VlaError('bad-data', `${where}: expected actions of ${dim} numbers, got ${text.slice(0, 80)}.`, {
      hint: 'The server must be made for this robot; text answers are not actions.',
    });
  }
  return { horizon: rows.length, dim, data: Float32Array.from(rows.flat()) };
}
