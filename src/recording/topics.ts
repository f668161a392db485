/**
 * @file What of a loop goes on which topic, in an MCAP file and in a live view. Topics and the schema of numbers are those of LeRobot's own
 * Foxglove view (lerobot 0.6, utils/foxglove_visualization.py), so that layouts made for it fit.
 */

import type { Embodiment } from '../interfaces/embodiment.ts';
import type { EpisodeStart, InferenceRecord, LoopSession } from '../interfaces/loop-listener.ts';
import type { Image } from '../interfaces/observation.ts';
import type { Measurement } from '../interfaces/robot.ts';
import type { TickRecord } from '../interfaces/tick-record.ts';
import { descriptorSet, type FoxgloveMessage } from './foxglove-descriptors.ts';
import { encodeLog, type Nanoseconds } from './foxglove-messages.ts';
import type { ImageEncoder } from './image-encoder.ts';

/** What a topic carries. */
export interface Topic {
  readonly topic: string;
  readonly encoding: 'json' | 'protobuf';
  readonly schemaName: string;
  readonly schemaEncoding: 'jsonschema' | 'protobuf';
  readonly schema: Uint8Array;
}

/** One message of a topic. */
export interface Message {
  readonly topic: string;
  readonly time: Nanoseconds;
  readonly data: Uint8Array;
}

/** LeRobot's topic of proprioception. */
export const STATE_TOPIC = '/observation/state';
/** LeRobot's topic of what the robot was told. */
export const ACTION_TOPIC = '/action/state';
/** One message per control period. */
export const TICK_TOPIC = '/tick';
/** One message per answer of a policy. */
export const INFERENCE_TOPIC = '/inference';
/** One message when an episode begins. */
export const EPISODE_TOPIC = '/episode';
/** What the gate did, and what the recorder could not. */
export const LOG_TOPIC = '/log';
/** `/observation/images/front` */
export const imageTopic = (camera: string): string => `/observation/images/${safe(camera)}`;
/** Where a sensor's measurements go as they come, on no common timeline. */
export const sensorTopic = (sensor: string): string => `/sensors/${safe(sensor)}`;
/** A dot separates fields in Foxglove's paths. */
const safe = (name: string): string => name.replaceAll('.', '_');

/** JSON knows −0, but JSON.stringify does not: it goes through as a word that no name or sentence is. */
const MINUS_ZERO = '\u0000-0';
const text = (value: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(value).replaceAll(JSON.stringify(MINUS_ZERO), '-0'));
const exact = (value: number): number | string => (Object.is(value, -0) ? MINUS_ZERO : value);
/** Numbers that a reader gets back bit for bit; what is not finite becomes null. */
const list = (values: Float32Array): (number | string)[] => Array.from(values, exact);
const numbers = { type: 'array', items: { type: 'number' } } as const;
const schemaOf = (title: string, properties: Readonly<Record<string, unknown>>): Uint8Array =>
  text({ type: 'object', title, properties });

const SCHEMAS = {
  'lerobot.Scalars': schemaOf('lerobot.Scalars', {
    scalars: {
      type: 'array',
      items: { type: 'object', properties: { label: { type: 'string' }, value: { type: 'number' } } },
    },
  }),
  'vlakit.Tick': schemaOf('vlakit.Tick', {
    episode: { type: 'integer' },
    tick: { type: 'integer' },
    epoch: { type: 'integer' },
    time: { type: 'number' },
    late: { type: 'number' },
    instruction: { type: 'string' },
    wanted: numbers,
    action: numbers,
    source: { type: 'string' },
    age: { type: 'integer' },
    interventions: { type: 'array', items: { type: 'string' } },
  }),
  'vlakit.Inference': schemaOf('vlakit.Inference', {
    episode: { type: 'integer' },
    tick: { type: 'integer' },
    instruction: { type: 'string' },
    state: numbers,
    continuation: {
      type: 'object',
      properties: { actions: numbers, count: { type: 'integer' }, committed: { type: 'integer' } },
    },
    horizon: { type: 'integer' },
    dim: { type: 'integer' },
    chunk: numbers,
    seconds: { type: 'number' },
  }),
  'vlakit.Episode': schemaOf('vlakit.Episode', { index: { type: 'integer' }, seed: { type: 'integer' } }),
} as const;

const json = (topic: string, schemaName: keyof typeof SCHEMAS): Topic => ({
  topic,
  encoding: 'json',
  schemaName,
  schemaEncoding: 'jsonschema',
  schema: SCHEMAS[schemaName],
});

const foxglove = (topic: string, message: FoxgloveMessage): Topic => ({
  topic,
  encoding: 'protobuf',
  schemaName: `foxglove.${message}`,
  schemaEncoding: 'protobuf',
  schema: descriptorSet(message),
});

/** All topics of a robot; `images`: which message its pictures are. */
export function topicsOf(embodiment: Embodiment, images: ImageEncoder['message']): Topic[] {
  const cameras = embodiment.cameras.map(({ name }) => name);
  return [
    ...cameras.map((camera) => foxglove(imageTopic(camera), images)),
    json(STATE_TOPIC, 'lerobot.Scalars'),
    json(ACTION_TOPIC, 'lerobot.Scalars'),
    json(TICK_TOPIC, 'vlakit.Tick'),
    json(INFERENCE_TOPIC, 'vlakit.Inference'),
    json(EPISODE_TOPIC, 'vlakit.Episode'),
    foxglove(LOG_TOPIC, 'Log'),
    ...cameras.map((camera) => foxglove(sensorTopic(camera), images)),
    json(sensorTopic('state'), 'lerobot.Scalars'),
  ];
}

const scalars = (labels: readonly string[], values: Float32Array): Uint8Array =>
  text({ scalars: Array.from(values, (value, i) => ({ label: labels[i] ?? String(i), value: exact(value) })) });

/** Seconds on the loop's clock as nanoseconds since 1970: whole milliseconds exactly, the rest without drift. */
export function wallTime(session: Pick<LoopSession, 'zero'>, seconds: number): Nanoseconds {
  return BigInt(Math.round(session.zero * 1000)) * 1_000_000n + BigInt(Math.round(seconds * 1e9));
}

/** Turns what a loop tells into messages. `wanted` says which topics are worth the work; the time of what has none is the last tick's. */
export class Messages {
  private readonly session: LoopSession;
  private readonly images: ImageEncoder;
  private readonly wanted: (topic: string) => boolean;
  private now: Nanoseconds;
  private episodeIndex = -1;
  private epoch: number | null = null;
  /** An episode was told since the epoch last changed. */
  private told = false;

  constructor(session: LoopSession, images: ImageEncoder, wanted: (topic: string) => boolean = () => true) {
    [this.session, this.images, this.wanted] = [session, images, wanted];
    this.now = wallTime(session, 0);
  }

  episode({ index, seed }: EpisodeStart): Message[] {
    // Else it says more of one that a tick has begun already.
    if (index !== this.episodeIndex) this.told = true;
    this.episodeIndex = index;
    return this.only([{ topic: EPISODE_TOPIC, time: this.now, data: text({ index, seed }) }]);
  }

  async tick(record: TickRecord): Promise<Message[]> {
    const { observation, interventions, action, wanted, ...rest } = record;
    const { embodiment } = this.session;
    const time = wallTime(this.session, record.time);
    this.now = time;
    const begun = this.newEpoch(record.epoch);
    const said = {
      episode: this.episodeIndex,
      ...rest,
      instruction: observation?.instruction ?? null,
      wanted: wanted === null ? null : list(wanted),
      action: list(action),
      interventions,
    };
    const words = interventions.length === 0 ? [] : [this.log('WARNING', interventions.join('; '))];
    return [
      ...begun,
      ...(observation === null ? [] : await this.pictures(observation.images, time, imageTopic)),
      ...this.only([
        ...(observation === null
          ? []
          : [{ topic: STATE_TOPIC, time, data: scalars(embodiment.state.names, observation.state) }]),
        { topic: ACTION_TOPIC, time, data: scalars(embodiment.action.names, action) },
        { topic: TICK_TOPIC, time, data: text(said) },
        ...words,
      ]),
    ];
  }

  inference({ episode, observation, continuation, chunk, seconds }: InferenceRecord): Message[] {
    const { state, instruction, tick } = observation;
    const { data, ...rest } = chunk;
    const said = {
      episode,
      tick: tick ?? null,
      instruction,
      state: list(state),
      ...(continuation === undefined ? {} : { continuation: { ...continuation, actions: list(continuation.actions) } }),
      ...rest,
      chunk: list(data),
      seconds,
    };
    return this.only([{ topic: INFERENCE_TOPIC, time: this.now, data: text(said) }]);
  }

  async measurement({ sensor, time: seconds, value }: Measurement): Promise<Message[]> {
    const time = wallTime(this.session, seconds);
    if (!(value instanceof Float32Array)) return this.pictures({ [sensor]: value }, time, sensorTopic);
    const data = scalars(this.session.embodiment.state.names, value);
    return this.only([{ topic: sensorTopic(sensor), time, data }]);
  }

  /** A line for people. */
  log(level: 'INFO' | 'WARNING' | 'ERROR', message: string): Message {
    const name = this.session.embodiment.name;
    return { topic: LOG_TOPIC, time: this.now, data: encodeLog({ time: this.now, level, message, name }) };
  }

  /** A loop that tells no episodes has one per epoch; one that tells them may do so behind the first ticks of an epoch. */
  private newEpoch(epoch: number): Message[] {
    if (this.epoch === epoch) return [];
    const begun = this.told ? [] : this.episode({ index: this.episodeIndex + 1, seed: null });
    this.epoch = epoch;
    this.told = false;
    return begun;
  }

  private async pictures(
    images: Readonly<Record<string, Image>>,
    time: Nanoseconds,
    topicOf: (camera: string) => string,
  ): Promise<Message[]> {
    const wanted = Object.entries(images).filter(([camera]) => this.wanted(topicOf(camera)));
    return Promise.all(
      wanted.map(async ([camera, image]) => ({
        topic: topicOf(camera),
        time,
        data: await this.images.encode(camera, image, time),
      })),
    );
  }

  private only(messages: readonly Message[]): Message[] {
    return messages.filter(({ topic }) => this.wanted(topic));
  }
}
