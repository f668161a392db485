/** @file A ZeroMQ REQ socket over TCP: one message, one answer, each with a deadline. A missed answer ends the connection. Node only. */

import net from 'node:net';
import { VlaError } from '../../base/errors.ts';
import { ZmtpReader, greeting, messagePieces, ready } from './zmtp-frames.ts';

/** Whom to ask. */
export interface RequesterOptions {
  readonly host: string;
  readonly port: number;
  /** The longest that connecting and the handshake may take. */
  readonly connectMs: number;
  /** Bytes of one answer. */
  readonly messageBytes: number;
}

/** A connection to a REP socket. */
export interface Requester {
  /** Why nothing can be asked any more. */
  readonly lost: VlaError | null;
  /** One message at a time. Rejects with `io` when the connection is lost or no answer comes in time, `interrupted` by the signal. */
  ask(message: Uint8Array, answerMs: number, signal?: AbortSignal): Promise<Uint8Array>;
  close(): void;
}

interface Waiting {
  resolve(answer: Uint8Array): void;
  reject(error: Error): void;
}

/** Connects; rejects with `io` when nobody answers as ZeroMQ does. */
export function connectRequester({ host, port, connectMs, messageBytes }: RequesterOptions): Promise<Requester> {
  const where = `tcp://${host}:${port}`;
  const socket = net.connect({ host, port, noDelay: true });
  const reader = new ZmtpReader('REQ', { messageBytes });
  let lost: VlaError | null = null;
  let waiting: Waiting | null = null;
  let opened: { resolve(): void; reject(error: Error): void } | null = null;
  const lose = (error: VlaError): void => {
    lost ??= error;
    opened?.reject(error);
    waiting?.reject(error);
    waiting = opened = null;
    socket.destroy();
  };
  const broken = (message: string, cause?: unknown): void =>
    lose(new VlaError('io', `${where}: ${message}.`, { cause, hint: 'Check that the server runs there.' }));
  const hear = (frames: Uint8Array[]): void => {
    if (waiting === null || frames.length !== 2 || frames[0]!.length !== 0) {
      return broken('the server sent what is no answer');
    }
    waiting.resolve(frames[1]!);
    waiting = null;
  };
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const event of reader.push(chunk)) {
        if (event.kind === 'answer') socket.write(event.bytes);
        else if (event.kind === 'message') hear(event.frames);
        else opened?.resolve();
      }
    } catch (cause) {
      broken((cause as Error).message, cause);
    }
  });
  socket.on('error', (cause) => broken(`cannot be reached (${cause.message})`, cause));
  socket.on('close', () => broken('the server ended the connection'));
  socket.write(Buffer.concat([greeting(), ready('REQ')]));
  const requester: Requester = {
    get lost() {
      return lost;
    },
    async ask(message, answerMs, signal) {
      if (lost !== null) throw lost;
      if (waiting !== null) throw new VlaError('bad-argument', `${where}: expected one question at a time.`);
      const late = setTimeout(() => broken(`no answer within ${answerMs} ms`), answerMs);
      const stop = (): void =>
        lose(new VlaError('interrupted', `${where}: the question was taken back.`, { cause: signal?.reason }));
      signal?.addEventListener('abort', stop, { once: true });
      try {
        return await new Promise<Uint8Array>((resolve, reject) => {
          waiting = { resolve, reject };
          if (signal?.aborted === true) return stop();
          socket.cork();
          for (const piece of messagePieces([new Uint8Array(0), message])) socket.write(piece);
          socket.uncork();
        });
      } finally {
        clearTimeout(late);
        signal?.removeEventListener('abort', stop);
      }
    },
    close() {
      lose(new VlaError('bad-argument', `${where}: expected an open connection, got a closed one.`));
    },
  };
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => broken(`no connection within ${connectMs} ms`), connectMs);
    opened = {
      resolve() {
        clearTimeout(late);
        opened = null;
        resolve(requester);
      },
      reject(error) {
        clearTimeout(late);
        reject(error);
      },
    };
  });
}
