/** @file A client's side of a WebSocket on which every question has one answer. Node only. */

import { WebSocket, type RawData } from 'ws';
import { VlaError } from '../base/errors.ts';
import { apiKey } from './access.ts';

/** Whom to ask. */
export interface WebSocketLineOptions {
  /** `ws://host:port` or `wss://…`. */
  readonly url: string;
  readonly token: string | null;
  readonly connectMs: number;
  /** Bytes of one answer. */
  readonly messageBytes: number;
}

/** A connection. */
export interface WebSocketLine {
  /** Why nothing can be asked any more. */
  readonly lost: VlaError | null;
  /**
   * Sends a message, or nothing where the server speaks first, and waits for the next one. Rejects with `io` when the connection is lost or nothing comes
   * in time, `interrupted` by the signal; the connection is of no use then.
   */
  ask(message: Uint8Array | null, answerMs: number, signal?: AbortSignal): Promise<Uint8Array | string>;
  /** Sends a message that has no answer; throws when the connection is lost. */
  send(message: Uint8Array): void;
  /** What came without a question, once; null: nothing did. */
  takeUnasked(): Uint8Array | string | null;
  close(): void;
}

interface Waiting {
  resolve(answer: Uint8Array | string): void;
  reject(error: Error): void;
}

/** Connects; rejects with `io`, or `bad-argument` where the server does not let us in. */
export function openWebSocketLine(options: WebSocketLineOptions): Promise<WebSocketLine> {
  const { url, token, connectMs, messageBytes } = options;
  const socket = new WebSocket(url, {
    maxPayload: messageBytes,
    perMessageDeflate: false,
    handshakeTimeout: connectMs,
    ...(token === null ? {} : { headers: { authorization: apiKey(token) } }),
  });
  let lost: VlaError | null = null;
  let waiting: Waiting | null = null;
  /** What came before it was waited for: a greeting. */
  let early: Uint8Array | string | null = null;
  const lose = (error: VlaError): void => {
    lost ??= error;
    waiting?.reject(lost);
    waiting = null;
    socket.terminate();
  };
  const broken = (message: string, cause?: unknown): void =>
    lose(new VlaError('io', `${url}: ${message}.`, { cause, hint: 'Check that the server runs there.' }));
  socket.on('message', (data: RawData, binary) => {
    const bytes = data as Buffer;
    const answer = binary ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes.toString('utf8');
    if (waiting === null) {
      if (early !== null) return broken('the server answered what was not asked');
      early = answer;
      return;
    }
    waiting.resolve(answer);
    waiting = null;
  });
  socket.on('close', (code, reason) => {
    const why = reason.length > 0 ? `: ${reason.toString('utf8').slice(0, 200)}` : '';
    broken(`the server ended the connection (${code}${why})`);
  });
  const line: WebSocketLine = {
    get lost() {
      return lost;
    },
    async ask(message, answerMs, signal) {
      if (early !== null && message === null) {
        const answer = early;
        early = null;
        return answer;
      }
      if (lost !== null) throw lost;
      if (waiting !== null) throw new VlaError('bad-argument', `${url}: expected one question at a time.`);
      const late = setTimeout(() => broken(`no answer within ${answerMs} ms`), answerMs);
      const stop = (): void =>
        lose(new VlaError('interrupted', `${url}: the question was taken back.`, { cause: signal?.reason }));
      signal?.addEventListener('abort', stop, { once: true });
      try {
        return await new Promise<Uint8Array | string>((resolve, reject) => {
          waiting = { resolve, reject };
          if (signal?.aborted === true) stop();
          else if (message !== null) socket.send(message);
        });
      } finally {
        clearTimeout(late);
        signal?.removeEventListener('abort', stop);
      }
    },
    send(message) {
      if (lost !== null) throw lost;
      socket.send(message);
    },
    takeUnasked() {
      const unasked = early;
      early = null;
      return unasked;
    },
    close() {
      lost ??= new VlaError('bad-argument', `${url}: expected an open connection, got a closed one.`);
      socket.close();
      setTimeout(() => socket.terminate(), 1000).unref();
    },
  };
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(line));
    socket.on('unexpected-response', (_, { statusCode }) => {
      const refused = statusCode === 401 || statusCode === 403;
      const what = refused
        ? 'expected the server’s token, got another or none'
        : `the server answered with status ${statusCode}`;
      reject(
        new VlaError(refused ? 'bad-argument' : 'io', `${url}: ${what}.`, {
          hint: refused ? 'Set VLAKIT_TOKEN to what the server has.' : 'Check the address.',
        }),
      );
      socket.terminate();
    });
    socket.on('error', (cause) => {
      broken(`cannot be reached (${cause.message || (cause as NodeJS.ErrnoException).code})`, cause);
      reject(lost!);
    });
  });
}
