/** @file Reads recorded sessions back from MCAP files: episodes of ticks and inferences, whole files and ones that a crash cut off. */

import fs from 'node:fs';
import { McapStreamReader, type McapTypes } from '@mcap/core';
import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import { decodeCompressedImage, decodeRawImage, type ReadImage } from './foxglove-messages.ts';
import { EPISODE_TOPIC, INFERENCE_TOPIC, STATE_TOPIC, TICK_TOPIC, imageTopic } from './topics.ts';

/** A recorded picture: compressed as PNG or JPEG, or raw RGB. */
export type SessionImage =
  | { readonly kind: 'encoded'; readonly data: Uint8Array }
  | { readonly kind: 'rgb'; readonly width: number; readonly height: number; readonly data: Uint8Array };

/** One tick of a recorded session. */
export interface SessionTick {
  readonly tick: number;
  readonly time: number;
  readonly instruction: string | null;
  /** Null where nothing was seen yet. */
  readonly state: Float32Array | null;
  readonly images: Readonly<Record<string, SessionImage>>;
  readonly wanted: Float32Array | null;
  readonly action: Float32Array;
  readonly source: string;
}

/** One inference of a recorded session. */
export interface SessionInference {
  /** Null where the loop did not count. */
  readonly tick: number | null;
  readonly instruction: string;
  readonly state: Float32Array;
  readonly continuation: { readonly actions: Float32Array; readonly count: number; readonly committed: number } | null;
  readonly horizon: number;
  readonly dim: number;
  readonly chunk: Float32Array;
}

/** One episode of a recorded session. */
export interface SessionEpisode {
  readonly index: number;
  readonly seed: number | null;
  readonly ticks: readonly SessionTick[];
  readonly inferences: readonly SessionInference[];
}

/** A recorded session. */
export interface Session {
  /** As the recorder was told; not checked. */
  readonly embodiment: Embodiment;
  readonly about: Readonly<Record<string, string>>;
  readonly episodes: readonly SessionEpisode[];
  /** False when the recording was cut off. */
  readonly whole: boolean;
}

/** JSON has null where a number was not finite. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
const numbers = z.array(number);
const episodeMessage = z.object({ index: z.int(), seed: z.number().nullable() });
const scalarsMessage = z.object({ scalars: z.array(z.object({ value: number })) });
const tickMessage = z.object({
  episode: z.int(),
  tick: z.int(),
  time: z.number(),
  instruction: z.string().nullable(),
  wanted: numbers.nullable(),
  action: numbers,
  source: z.string(),
});
const inferenceMessage = z.object({
  episode: z.int(),
  tick: z.int().nullable(),
  instruction: z.string(),
  state: numbers,
  continuation: z.object({ actions: numbers, count: z.int(), committed: z.int() }).exactOptional(),
  horizon: z.int(),
  dim: z.int(),
  chunk: numbers,
});

const PIECE = 1 << 20;

/** Reads a session; `bad-data` for a file that is none, or that another program wrote. */
export function readSession(file: string): Session {
  return sessionFrom(piecesOf(file), file);
}

/** The session in the bytes of an MCAP file, piece by piece; `where` names it in errors. */
export function sessionFrom(pieces: Iterable<Uint8Array>, where: string): Session {
  const gathering = new Gathering(where);
  const whole = eachRecord(pieces, where, (record) => gathering.take(record));
  return gathering.session(whole);
}

/** Hands out the records of an MCAP file up to its end, or to where a crash cut it off; gives whether it was whole. */
export function forEachRecord(file: string, take: (record: McapTypes.TypedMcapRecord) => void): boolean {
  return eachRecord(piecesOf(file), file, take);
}

function eachRecord(
  pieces: Iterable<Uint8Array>,
  where: string,
  take: (record: McapTypes.TypedMcapRecord) => void,
): boolean {
  const reader = new McapStreamReader({ validateCrcs: true });
  try {
    for (const piece of pieces) {
      reader.append(piece);
      for (let record = reader.nextRecord(); record !== undefined; record = reader.nextRecord()) take(record);
      if (reader.done()) return true;
    }
    return false;
  } catch (cause) {
    if (cause instanceof VlaError) throw cause;
    throw new VlaError('bad-data', `${where}: expected an MCAP recording, got ${(cause as Error).message}.`, {
      cause,
      hint: 'The file is damaged or of another kind.',
    });
  }
}

/** A file's bytes; each piece lasts until the next one is asked for. */
function* piecesOf(file: string): Generator<Uint8Array> {
  let handle: number;
  try {
    handle = fs.openSync(file, 'r');
  } catch (cause) {
    throw fileError('read', file, cause);
  }
  try {
    const piece = Buffer.alloc(PIECE);
    for (let count = fs.readSync(handle, piece); count > 0; count = fs.readSync(handle, piece)) {
      yield piece.subarray(0, count);
    }
  } finally {
    fs.closeSync(handle);
  }
}

interface GatheredEpisode {
  seed: number | null;
  readonly ticks: SessionTick[];
  readonly inferences: SessionInference[];
}

/** What came on one topic, of the messages that belong together. */
type Together = Map<string, Uint8Array>;

class Gathering {
  private readonly file: string;
  private readonly channels = new Map<number, { topic: string; schema: string }>();
  private readonly schemas = new Map<number, string>();
  private embodiment: Embodiment | null = null;
  private about: Record<string, string> = {};
  private readonly episodes = new Map<number, GatheredEpisode>();
  private together: Together = new Map();
  private sequence = -1;

  constructor(file: string) {
    this.file = file;
  }

  take(record: McapTypes.TypedMcapRecord): void {
    if (record.type === 'Schema') this.schemas.set(record.id, record.name);
    else if (record.type === 'Channel') {
      this.channels.set(record.id, { topic: record.topic, schema: this.schemas.get(record.schemaId) ?? '' });
    } else if (record.type === 'Metadata' && record.name === 'vlakit') {
      this.about = Object.fromEntries(record.metadata);
    } else if (record.type === 'Attachment' && record.name === 'embodiment.json') {
      this.embodiment = JSON.parse(Buffer.from(record.data).toString('utf8')) as Embodiment;
    } else if (record.type === 'Message') this.message(record.sequence, record.channelId, record.data);
  }

  session(whole: boolean): Session {
    const { embodiment, about } = this;
    if (embodiment === null) {
      throw new VlaError('bad-data', `${this.file}: expected a session that vlakit recorded, got another MCAP file.`, {
        hint: 'Sessions hold embodiment.json as an attachment; vlakit run --mcap writes some.',
      });
    }
    const episodes = [...this.episodes].map(([index, episode]) => ({ index, ...episode }));
    return { embodiment, about, episodes, whole };
  }

  private message(sequence: number, channelId: number, data: Uint8Array): void {
    const topic = this.channels.get(channelId)?.topic ?? '';
    if (sequence !== this.sequence) this.together = new Map();
    this.sequence = sequence;
    // The reader uses its memory again.
    this.together.set(topic, data.slice());
    if (topic === EPISODE_TOPIC) {
      const { index, seed } = this.parsed(episodeMessage, topic, data);
      this.episodeOf(index).seed = seed;
    } else if (topic === TICK_TOPIC) this.tick(data);
    else if (topic === INFERENCE_TOPIC) this.inference(data);
  }

  /** The tick's own message comes behind its state and its pictures. */
  private tick(data: Uint8Array): void {
    const { episode, tick, time, instruction, wanted, action, source } = this.parsed(tickMessage, TICK_TOPIC, data);
    const state = this.together.get(STATE_TOPIC);
    this.episodeOf(episode).ticks.push({
      tick,
      time,
      instruction,
      state:
        state === undefined
          ? null
          : Float32Array.from(this.parsed(scalarsMessage, STATE_TOPIC, state).scalars, ({ value }) => value),
      images: this.images(),
      wanted: wanted === null ? null : Float32Array.from(wanted),
      action: Float32Array.from(action),
      source,
    });
  }

  private inference(data: Uint8Array): void {
    const { episode, tick, instruction, state, continuation, horizon, dim, chunk } = this.parsed(
      inferenceMessage,
      INFERENCE_TOPIC,
      data,
    );
    this.episodeOf(episode).inferences.push({
      tick,
      instruction,
      state: Float32Array.from(state),
      continuation:
        continuation === undefined ? null : { ...continuation, actions: Float32Array.from(continuation.actions) },
      horizon,
      dim,
      chunk: Float32Array.from(chunk),
    });
  }

  private images(): Record<string, SessionImage> {
    const schemas = new Map([...this.channels.values()].map(({ topic, schema }) => [topic, schema]));
    return Object.fromEntries(
      (this.embodiment?.cameras ?? []).flatMap(({ name }): [string, SessionImage][] => {
        const topic = imageTopic(name);
        const data = this.together.get(topic);
        if (data === undefined) return [];
        const raw = schemas.get(topic) === 'foxglove.RawImage';
        const image = raw ? decodeRawImage(data) : decodeCompressedImage(data);
        return [[name, raw ? this.rawImage(topic, image) : { kind: 'encoded', data: image.data }]];
      }),
    );
  }

  private rawImage(topic: string, { width, height, format, step, data }: ReadImage): SessionImage {
    if (format === 'rgb8' && step === width * 3 && data.length === step * height) {
      return { kind: 'rgb', width, height, data };
    }
    throw new VlaError(
      'bad-data',
      `${this.file}: ${topic}: expected rgb8 of ${width} × ${height}, got ${format} with ${data.length} bytes.`,
      { hint: 'The file is damaged, or another program wrote it.' },
    );
  }

  private episodeOf(index: number): GatheredEpisode {
    const known = this.episodes.get(index);
    if (known !== undefined) return known;
    const episode: GatheredEpisode = { seed: null, ticks: [], inferences: [] };
    this.episodes.set(index, episode);
    return episode;
  }

  private parsed<T>(schema: z.ZodType<T>, topic: string, data: Uint8Array): T {
    try {
      return schema.parse(JSON.parse(Buffer.from(data).toString('utf8')));
    } catch (cause) {
      throw new VlaError('bad-data', `${this.file}: ${topic}: expected a message that vlakit wrote, got another.`, {
        cause,
        hint: 'Replay reads sessions that vlakit recorded, for example with vlakit run --mcap.',
      });
    }
  }
}
