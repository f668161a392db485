/** @file WebSocket connections of a policy server: pings, silence, one request at a time, sessions that end with them. Node only. */

import type http from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { VlaError } from '../base/errors.ts';
import type { PolicyService } from './policy-service.ts';
import type { AdapterOptions } from './protocol-adapter.ts';

/** Status codes of RFC 6455 and its registry. */
export const CLOSE = { goingAway: 1001, policyViolation: 1008, internalError: 1011, tryAgainLater: 1013 } as const;

const PING_MS = 15_000;
/** So many pings in a row without an answer or a message, and a client counts as gone: Python clients that compile a scene are silent for long. */
const MOST_UNANSWERED = 4;
/** Messages that may lie here while one is being answered. */
const MOST_UNREAD = 4;
const REASON_BYTES = 120;

/** What a protocol does with one client. */
export interface ClientHandler {
  /** One message, in order, the next one after the promise settles. What it rejects with ends the connection. */
  hear(message: Uint8Array, binary: boolean): Promise<void>;
  /** The connection has ended. */
  leave(): Promise<void>;
}

/** One connection. */
export interface WebSocketClient {
  readonly name: string;
  /** Aborted when the connection ends. */
  readonly signal: AbortSignal;
  /** Resolves when the message is on its way; a client that does not take it in time is let go. */
  send(message: Uint8Array | string): Promise<void>;
  /** Ends the connection. */
  dismiss(code: number, reason: string): void;
}

/** Greets a client; messages that come before it resolves wait. What it rejects with ends the connection. */
export type Greet = (client: WebSocketClient) => Promise<ClientHandler>;

/** All clients of a server. */
export interface WebSocketClients {
  upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): Promise<void>;
}

/** Takes in clients of a protocol; `greet` is called for each. */
export function webSocketClients(
  protocol: string,
  service: PolicyService,
  options: Pick<AdapterOptions, 'limits' | 'onEvent'>,
  greet: Greet,
): WebSocketClients {
  const { limits } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.messageBytes, perMessageDeflate: false });
  const clients = new Set<Client>();
  return {
    upgrade(request, socket, head) {
      if (clients.size >= limits.connections) {
        service.metrics.noteRefusal('connections');
        socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
        return;
      }
      sockets.handleUpgrade(request, socket, head, (opened) => {
        service.metrics.noteConnection(protocol);
        const { remoteAddress = '?', remotePort = 0 } = request.socket;
        const client = new Client(opened, options, `${protocol} client ${remoteAddress}:${remotePort}`, greet);
        clients.add(client);
        void client.gone.then(() => clients.delete(client));
      });
    },
    async close() {
      for (const client of clients) client.dismiss(CLOSE.goingAway, 'the server ends');
      await Promise.all([...clients].map(({ gone }) => gone));
      sockets.close();
    },
  };
}

class Client implements WebSocketClient {
  readonly name: string;
  readonly gone: Promise<void>;
  private readonly socket: WebSocket;
  private readonly options: Pick<AdapterOptions, 'limits' | 'onEvent'>;
  private readonly ended = new AbortController();
  private readonly unread: { message: Uint8Array; binary: boolean }[] = [];
  private work: Promise<void>;
  private busy = true;
  private handler: ClientHandler | null = null;
  private heard = performance.now();
  private unanswered = 0;

  constructor(socket: WebSocket, options: Pick<AdapterOptions, 'limits' | 'onEvent'>, name: string, greet: Greet) {
    [this.socket, this.options, this.name] = [socket, options, name];
    socket.on('message', (data, binary) => this.hear(data, binary));
    socket.on('pong', () => (this.unanswered = 0));
    socket.on('error', () => socket.terminate());
    const watch = setInterval(() => this.watch(), Math.min(PING_MS, options.limits.idleSeconds * 1000));
    options.onEvent?.(`${name} came`);
    this.gone = new Promise<void>((resolve) =>
      socket.once('close', () => {
        clearInterval(watch);
        this.ended.abort(new VlaError('interrupted', 'connection: the client went.', { hint: 'Connect again.' }));
        void this.leave().then(resolve);
      }),
    );
    this.work = this.begin(greet);
  }

  get signal(): AbortSignal {
    return this.ended.signal;
  }

  send(message: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.readyState !== this.socket.OPEN) return resolve();
      const late = setTimeout(() => this.socket.terminate(), this.options.limits.transferSeconds * 1000);
      this.socket.send(message, { binary: typeof message !== 'string' }, () => {
        clearTimeout(late);
        resolve();
      });
    });
  }

  dismiss(code: number, reason: string): void {
    this.socket.close(
      code,
      Buffer.from(reason)
        .subarray(0, REASON_BYTES)
        .toString('utf8')
        .replace(/\uFFFD+$/, ''),
    );
    setTimeout(() => this.socket.terminate(), 1000).unref();
  }

  private async begin(greet: Greet): Promise<void> {
    try {
      const handler = await greet(this);
      if (this.signal.aborted) await handler.leave();
      else this.handler = handler;
      this.busy = false;
      this.next();
    } catch (error) {
      this.fail(error);
    }
  }

  private hear(data: RawData, binary: boolean): void {
    [this.heard, this.unanswered] = [performance.now(), 0];
    if (this.unread.length >= MOST_UNREAD) return this.dismiss(CLOSE.policyViolation, 'expected one request at a time');
    const buffer = data as Buffer;
    // A Buffer would hand out Buffers.
    this.unread.push({ message: new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength), binary });
    this.next();
  }

  private next(): void {
    if (this.busy || this.handler === null) return;
    const first = this.unread.shift();
    if (first === undefined) return;
    this.busy = true;
    this.work = this.answer(this.handler, first);
  }

  private async answer(
    handler: ClientHandler,
    { message, binary }: { message: Uint8Array; binary: boolean },
  ): Promise<void> {
    try {
      await handler.hear(message, binary);
      this.busy = false;
      this.heard = performance.now();
      this.next();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (!this.signal.aborted)
      this.options.onEvent?.(`${this.name}: ${error instanceof Error ? error.message : String(error)}`);
    this.dismiss(CLOSE.internalError, 'the server failed');
  }

  private async leave(): Promise<void> {
    await this.work;
    await this.handler?.leave();
    this.options.onEvent?.(`${this.name} went`);
  }

  private watch(): void {
    if (this.unanswered >= MOST_UNANSWERED) {
      this.options.onEvent?.(`${this.name} answered none of ${MOST_UNANSWERED} pings`);
      return this.socket.terminate();
    }
    const { idleSeconds } = this.options.limits;
    if (!this.busy && performance.now() - this.heard > idleSeconds * 1000) {
      return this.dismiss(CLOSE.goingAway, `nothing was asked for ${idleSeconds} seconds`);
    }
    this.unanswered++;
    this.socket.ping();
  }
}
