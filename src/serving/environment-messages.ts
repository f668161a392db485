/**
 * @file What environment servers and their clients say to each other: MessagePack maps in binary WebSocket frames, pictures and numbers as
 * raw bytes (float32, little-endian). A client asks, one request at a time, and every request has one answer with its number.
 */

import { decode, encode } from '@msgpack/msgpack';
import { z } from 'zod';
import { VlaError, isErrorCode } from '../base/errors.ts';
import type { BlockResult } from '../interfaces/environment-pool.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { EpisodeSpec } from '../interfaces/environment.ts';
import type { Observation } from '../interfaces/observation.ts';

/** Changes with anything that old and new sides would understand differently. */
export const PROTOCOL = 'vlakit-environments-1';
/** Bytes of one message: 128 environments with two cameras of 224 pixels need 40 million. */
export const LARGEST_MESSAGE = 256 * 2 ** 20;
/** Environments of one client, and values of one block of actions. */
export const MOST_ENVIRONMENTS = 4096;
const LONGEST_BLOCK = 65_536;
const LONGEST_TEXT = 10_000;

const id = z.int().min(0);
const text = z.string().max(LONGEST_TEXT);
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes');
/** Slot by slot; null leaves an environment alone. */
const slots = <T extends z.ZodType>(entry: T) => z.array(entry.nullable()).min(1).max(MOST_ENVIRONMENTS);

const episode = z.strictObject({
  task: text,
  seed: z.int().min(0),
  perturbation: text.optional(),
  phrasing: z.enum(['train', 'held-out']).optional(),
  instructionTarget: z.enum(['true', 'other']).optional(),
});

const request = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('open'), id, protocol: text, size: z.int().min(1).max(MOST_ENVIRONMENTS) }),
  z.strictObject({ kind: z.literal('reset'), id, episodes: slots(episode) }),
  z.strictObject({ kind: z.literal('play'), id, blocks: slots(bytes) }),
]);

/** From a client. `play` has blocks of float32 actions. */
export type EnvironmentRequest = z.infer<typeof request>;

const observation = z.strictObject({
  images: z.record(text, z.strictObject({ width: z.int().min(1), height: z.int().min(1), data: bytes })),
  state: bytes,
  instruction: text,
});
type WireObservation = z.infer<typeof observation>;

const outcome = z.enum(['running', 'success', 'wrong', 'failure', 'timeout']);
const vector = z.looseObject({ names: z.array(text), convention: z.looseObject({}) });
const embodiment = z.looseObject({
  name: text,
  cameras: z.array(z.strictObject({ name: text, width: z.int().min(1), height: z.int().min(1) })),
  state: vector,
  action: vector,
  controlHz: z.number().positive(),
});

const answer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('opened'),
    id,
    embodiment,
    tasks: z.array(text),
    perturbations: z.array(text),
  }),
  z.strictObject({ kind: z.literal('seen'), id, observations: slots(observation) }),
  z.strictObject({
    kind: z.literal('played'),
    id,
    results: slots(z.strictObject({ outcome, ticks: z.int().min(0), observation })),
  }),
  z.strictObject({ kind: z.literal('error'), id, code: text.nullable(), message: text, hint: text.nullable() }),
]);

/** From a server. */
export type EnvironmentAnswer = z.infer<typeof answer>;

/** The bytes of a message. */
export function encodeMessage(message: EnvironmentRequest | EnvironmentAnswer): Uint8Array {
  return encode(message, { ignoreUndefined: true });
}

/** A request from its bytes; `bad-data` for what is none. */
export function decodeRequest(data: Uint8Array): EnvironmentRequest {
  return read(request, data, 'request');
}

/** An answer from its bytes; `bad-data` for what is none. */
export function decodeAnswer(data: Uint8Array): EnvironmentAnswer {
  return read(answer, data, 'answer');
}

function read<T>(schema: z.ZodType<T>, data: Uint8Array, what: string): T {
  let content: unknown;
  try {
    // A Buffer would hand out Buffers.
    content = decode(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } catch (cause) {
    throw new VlaError('bad-data', `environments: expected a ${what} in MessagePack, got something else.`, { cause });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `environments: ${what}: ${issue.path.join('.') || 'the whole'}: ${issue.message}.`, {
    hint: 'Server and client must be of versions that speak the same protocol.',
  });
}

/** Numbers as bytes. */
export const floatBytes = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Bytes as numbers, in memory of their own (MessagePack does not align them); `bad-data` for a length that is no float32's. */
export function bytesFloats(data: Uint8Array): Float32Array {
  if (data.byteLength % 4 !== 0 || data.byteLength > 4 * LONGEST_BLOCK) {
    throw new VlaError(
      'bad-data',
      `environments: expected float32 values, at most ${LONGEST_BLOCK}, got ${data.byteLength} bytes.`,
    );
  }
  return new Float32Array(new Uint8Array(data).buffer);
}

/** An observation as it travels, and back. */
export function packObservation({ images, state, instruction }: Observation): WireObservation {
  return { images: { ...images }, state: floatBytes(state), instruction };
}

/** Throws `bad-data` for a picture of another length than its size says. */
export function unpackObservation({ images, state, instruction }: WireObservation): Observation {
  for (const [camera, { width, height, data }] of Object.entries(images)) {
    if (data.byteLength === width * height * 3) continue;
    throw new VlaError(
      'bad-data',
      `environments: ${camera}: expected ${width}×${height}×3 bytes, got ${data.byteLength}.`,
    );
  }
  return { images, state: bytesFloats(state), instruction };
}

/** Slot by slot. */
export function mapSlots<A, B>(entries: readonly (A | null)[], f: (entry: A) => B): (B | null)[] {
  return entries.map((entry) => (entry === null ? null : f(entry)));
}

/** A result as it travels, and back. */
export const packResult = ({ outcome: ended, ticks, observation: seen }: BlockResult) => ({
  outcome: ended,
  ticks,
  observation: packObservation(seen),
});
export const unpackResult = (result: ReturnType<typeof packResult>): BlockResult => ({
  ...result,
  observation: unpackObservation(result.observation),
});

/** An episode without fields that are undefined, which strict schemas would not let pass. */
export const plainEpisode = (spec: EpisodeSpec): EpisodeSpec => JSON.parse(JSON.stringify(spec)) as EpisodeSpec;

/** The robot of an `opened` message. */
export const asEmbodiment = (value: z.infer<typeof embodiment>): Embodiment => value as unknown as Embodiment;

/** An error as it travels: without its stack, which is the server's own business. */
export function packError(request: number, error: unknown): EnvironmentAnswer {
  const known = error instanceof VlaError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: 'error',
    id: request,
    code: known?.code ?? null,
    message: message.slice(0, LONGEST_TEXT),
    hint: known?.hint?.slice(0, LONGEST_TEXT) ?? null,
  };
}

/** The error of an answer; one that a client cannot name is `unsupported`. */
export function unpackError(
  { code, message, hint }: Extract<EnvironmentAnswer, { kind: 'error' }>,
  where: string,
): VlaError {
  // `io` is for the connection to the server itself.
  const known = code !== null && code !== 'io' && isErrorCode(code) ? code : 'unsupported';
  return new VlaError(known, `${where}: ${message}`, hint === null ? {} : { hint });
}
