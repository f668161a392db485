/** @file Environments on a server, as a pool: a lost connection is an `io` error, and a pool that is begun anew as a whole connects again. Node only. */

import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, type RawData } from 'ws';
import { VlaError } from '../base/errors.ts';
import type { BlockResult, EnvironmentPool } from '../interfaces/environment-pool.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { EpisodeSpec } from '../interfaces/environment.ts';
import type { Observation } from '../interfaces/observation.ts';
import { bearer } from './access.ts';
import {
  LARGEST_MESSAGE,
  PROTOCOL,
  asEmbodiment,
  decodeAnswer,
  encodeMessage,
  floatBytes,
  mapSlots,
  plainEpisode,
  unpackError,
  unpackObservation,
  unpackResult,
  type EnvironmentAnswer,
  type EnvironmentRequest,
} from './environment-messages.ts';

/** Which server, and how long to wait. */
export interface EnvironmentClientOptions {
  /** `ws://host:port`, or `wss://` behind a proxy with a certificate. */
  readonly address: string;
  readonly token: string | null;
  readonly size: number;
  /** The longest that one answer may take. */
  readonly answerSeconds: number;
  /** How long to try to connect, at first and again. */
  readonly connectSeconds: number;
}

type Question = EnvironmentRequest extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never;
type Answered<K extends EnvironmentAnswer['kind']> = Extract<EnvironmentAnswer, { kind: K }>;

const RETRY_MS = 500;

/** Connects and takes `size` environments. Rejects with `io` when the server cannot be reached, or what it answers. */
export async function connectEnvironments(options: EnvironmentClientOptions): Promise<EnvironmentPool> {
  if (!/^wss?:\/\/[^/]+\/?$/.test(options.address)) {
    throw new VlaError('bad-argument', `environments: expected ws://host:port, got "${options.address}".`, {
      hint: 'vlakit serve-environments prints its address.',
    });
  }
  let connection = await open(options);
  const { embodiment, tasks, perturbations } = connection.opened;
  const ready = async (fresh: boolean): Promise<Connection> => {
    if (connection.lost !== null && fresh) {
      const again = await open(options);
      if (JSON.stringify(again.opened) !== JSON.stringify(connection.opened)) {
        again.close();
        throw new VlaError(
          'mismatch',
          `${options.address}: expected the same environments after connecting again, got others.`,
        );
      }
      connection = again;
    }
    return connection;
  };
  return {
    size: options.size,
    embodiment,
    tasks,
    perturbations,
    async reset(episodes: readonly (EpisodeSpec | null)[]): Promise<(Observation | null)[]> {
      requireSize(episodes, options);
      const on = await ready(!episodes.includes(null));
      const answer = await on.ask({ kind: 'reset', episodes: mapSlots(episodes, plainEpisode) }, 'seen');
      return mapSlots(answer.observations, unpackObservation);
    },
    async play(blocks: readonly (Float32Array | null)[]): Promise<(BlockResult | null)[]> {
      requireSize(blocks, options);
      const on = await ready(false);
      const answer = await on.ask({ kind: 'play', blocks: mapSlots(blocks, floatBytes) }, 'played');
      return mapSlots(answer.results, unpackResult);
    },
    async close() {
      connection.close();
    },
  };
}

function requireSize(entries: readonly unknown[], { size }: EnvironmentClientOptions): void {
  if (entries.length === size) return;
  throw new VlaError('bad-shape', `environments: expected ${size} entries, got ${entries.length}.`);
}

interface Opened {
  readonly embodiment: Embodiment;
  readonly tasks: readonly string[];
  readonly perturbations: readonly string[];
}

/** A connection that has its environments. */
interface Connection {
  readonly opened: Opened;
  /** Why it can do nothing any more. */
  readonly lost: VlaError | null;
  ask<K extends EnvironmentAnswer['kind']>(question: Question, kind: K): Promise<Answered<K>>;
  close(): void;
}

/** Connects, again and again while nobody listens there. */
async function open(options: EnvironmentClientOptions): Promise<Connection> {
  const until = Date.now() + options.connectSeconds * 1000;
  for (;;) {
    try {
      const line = await dial(options, until);
      try {
        const { embodiment, tasks, perturbations } = await line.ask(
          { kind: 'open', protocol: PROTOCOL, size: options.size },
          'opened',
        );
        const opened = { embodiment: asEmbodiment(embodiment), tasks, perturbations };
        return {
          opened,
          get lost() {
            return line.lost;
          },
          ask: (question, kind) => line.ask(question, kind),
          close: () => line.close(),
        };
      } catch (error) {
        line.close();
        throw error;
      }
    } catch (error) {
      const unreachable = error instanceof VlaError && error.code === 'io';
      if (!unreachable || Date.now() + RETRY_MS > until) throw error;
      await sleep(RETRY_MS);
    }
  }
}

type Line = Omit<Connection, 'opened'>;

/** A connection without environments. */
function dial({ address, token, answerSeconds }: EnvironmentClientOptions, until: number): Promise<Line> {
  const socket = new WebSocket(address, {
    maxPayload: LARGEST_MESSAGE,
    perMessageDeflate: false,
    handshakeTimeout: Math.max(1000, until - Date.now()),
    ...(token === null ? {} : { headers: { authorization: bearer(token) } }),
  });
  let lost: VlaError | null = null;
  let waiting: { id: number; resolve(answer: EnvironmentAnswer): void; reject(error: Error): void } | null = null;
  let next = 0;
  const lose = (message: string, cause?: unknown): void => {
    lost ??= new VlaError('io', `${address}: ${message}.`, {
      cause,
      hint: 'Start the server again, and run the same command to continue.',
    });
    waiting?.reject(lost);
    waiting = null;
    socket.terminate();
  };
  const hear = (data: RawData, binary: boolean): void => {
    try {
      const answer = decodeAnswer(binary ? (data as Buffer) : new Uint8Array());
      if (waiting?.id !== answer.id) return lose('the server answered what was not asked');
      const { resolve, reject } = waiting;
      waiting = null;
      if (answer.kind === 'error') reject(unpackError(answer, address));
      else resolve(answer);
    } catch (cause) {
      lose('the server answered what is no answer', cause);
    }
  };
  socket.on('message', hear);
  socket.on('close', (code, reason) =>
    lose(`the server ended the connection (${code}${reason.length > 0 ? `: ${reason}` : ''})`),
  );
  const line: Line = {
    get lost() {
      return lost;
    },
    async ask<K extends EnvironmentAnswer['kind']>(question: Question, kind: K) {
      if (lost !== null) throw lost;
      const id = next++;
      const timer = setTimeout(
        () => lose(`the server gave no answer within ${answerSeconds} seconds`),
        answerSeconds * 1000,
      );
      try {
        const answer = await new Promise<EnvironmentAnswer>((resolve, reject) => {
          waiting = { id, resolve, reject };
          socket.send(encodeMessage({ ...question, id } as EnvironmentRequest));
        });
        if (answer.kind === kind) return answer as Answered<K>;
        throw new VlaError('bad-data', `${address}: expected "${kind}" as answer, got "${answer.kind}".`);
      } finally {
        clearTimeout(timer);
      }
    },
    close() {
      lost ??= new VlaError('bad-argument', 'environments: expected open ones, got closed ones.');
      socket.close();
      setTimeout(() => socket.terminate(), 1000).unref();
    },
  };
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(line));
    socket.on('unexpected-response', (_, { statusCode }) => {
      const refused = statusCode === 401;
      reject(
        new VlaError(
          refused ? 'bad-argument' : 'io',
          `${address}: ${refused ? 'expected the server’s token, got another or none' : `the server answered with status ${statusCode}`}.`,
          { hint: refused ? 'Set VLAKIT_TOKEN to what the server has.' : 'Check the address.' },
        ),
      );
      socket.terminate();
    });
    socket.on('error', (cause) => {
      lose(`cannot be reached (${cause.message || (cause as NodeJS.ErrnoException).code})`, cause);
      reject(lost!);
    });
  });
}
