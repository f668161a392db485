/** @file One connection to a server that speaks openpi's protocol: its metadata, then one answer for every observation. Node only. */

import { WebSocket, type RawData } from 'ws';
import { VlaError } from '../../base/errors.ts';
import { bearer } from '../access.ts';
import { errorOfText } from '../error-text.ts';
import { isMap } from '../observation-mapping.ts';
import { ARRAY_DIALECTS, arrayMessages } from '../wire/array-dialects.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import type { WireMap } from '../wire/message-pack.ts';

/** Where the server is. */
export interface OpenpiAddress {
  /** `ws://host:port`, or `wss://`. */
  readonly address: string;
  readonly token: string | null;
  /** Certificate of an authority that signed the server's, in PEM; null: the system's. */
  readonly certificate?: Uint8Array | null;
}

/** A connection that was greeted. */
export interface OpenpiConnection {
  readonly metadata: WireMap;
  /** Why it can do nothing any more. */
  readonly lost: VlaError | null;
  /** One at a time. Rejects with the server's error, with `io` when the connection is lost, with the reason of `signal`. */
  ask(observation: WireMap, timeoutMs: number, signal?: AbortSignal): Promise<WireMap>;
  close(): void;
}

interface Expected {
  resolve(message: WireMap): void;
  reject(error: Error): void;
}

const messages = arrayMessages(ARRAY_DIALECTS.openpi, DEFAULT_WIRE_LIMITS);

/** Connects and waits for the greeting, for at most `timeoutMs`. Rejects with `io` where the server cannot be reached. */
export async function connectOpenpi(to: OpenpiAddress, timeoutMs: number): Promise<OpenpiConnection> {
  const { address, token, certificate = null } = to;
  const socket = new WebSocket(address, {
    maxPayload: DEFAULT_WIRE_LIMITS.messageBytes,
    perMessageDeflate: false,
    handshakeTimeout: timeoutMs,
    ...(certificate === null ? {} : { ca: Buffer.from(certificate) }),
    // The stock client asks by `Api-Key`; ours and servers behind proxies know `Bearer`.
    ...(token === null ? {} : { headers: { authorization: bearer(token) } }),
  });
  let lost: VlaError | null = null;
  let expected: Expected | null = null;
  const lose = (message: string, cause?: unknown): void => {
    lost ??= new VlaError('io', `${address}: ${message}.`, { cause, hint: 'Check that the server runs, and its log.' });
    const waiting = expected;
    expected = null;
    waiting?.reject(lost);
    socket.terminate();
  };
  socket.on('message', (data, binary) => {
    const waiting = expected;
    expected = null;
    if (waiting === null) return lose('the server answered what was not asked');
    try {
      waiting.resolve(read(data, binary, address));
    } catch (error) {
      waiting.reject(error as Error);
    }
  });
  socket.on('close', (code, reason) =>
    lose(`the server ended the connection (${code}${reason.length > 0 ? `: ${reason}` : ''})`),
  );
  socket.on('unexpected-response', (_, { statusCode }) => {
    if (statusCode !== 401) return lose(`the server answered with status ${statusCode}`);
    lost = new VlaError('bad-argument', `${address}: expected the server’s token, got another or none.`, {
      hint: 'Set VLAKIT_TOKEN to what the server has.',
    });
    lose('');
  });
  socket.on('error', (cause) =>
    lose(`cannot be reached (${cause.message || (cause as NodeJS.ErrnoException).code})`, cause),
  );
  const answer = (milliseconds: number, signal?: AbortSignal): Promise<WireMap> =>
    new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const timer = setTimeout(
        () => lose(`the server gave no answer within ${milliseconds / 1000} seconds`),
        milliseconds,
      );
      // The protocol cannot take a question back, and its late answer would be taken for the next one's.
      const abort = (): void => {
        lost ??=
          signal!.reason instanceof VlaError
            ? signal!.reason
            : new VlaError('interrupted', `${address}: the request was cancelled.`, { hint: 'Ask again.' });
        lose('');
      };
      expected = {
        resolve: (message) => finish(() => resolve(message)),
        reject: (error) => finish(() => reject(error)),
      };
      if (lost !== null) return lose('');
      if (signal?.aborted === true) return abort();
      signal?.addEventListener('abort', abort, { once: true });
    });
  const metadata = await answer(timeoutMs);
  return {
    metadata,
    get lost() {
      return lost;
    },
    ask(observation, milliseconds, signal) {
      const answered = answer(milliseconds, signal);
      if (lost === null) socket.send(messages.encode(observation));
      return answered;
    },
    close() {
      lost ??= new VlaError('bad-argument', `${address}: expected an open connection, got a closed one.`, {
        hint: 'Connect again.',
      });
      socket.close();
      setTimeout(() => socket.terminate(), 1000).unref();
    },
  };
}

function read(data: RawData, binary: boolean, where: string): WireMap {
  const { buffer, byteOffset, byteLength } = data as Buffer;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  if (!binary) throw errorOfText(new TextDecoder().decode(bytes), where);
  const message = messages.decode(bytes);
  if (isMap(message)) return message;
  throw new VlaError('bad-data', `${where}: expected a map, got another message.`, {
    hint: 'Is this a server with openpi’s protocol?',
  });
}
