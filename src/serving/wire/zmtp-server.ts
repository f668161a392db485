/**
 * @file A ZeroMQ REP socket over TCP: one answer per message. Unlike libzmq's, which takes turns, clients are served side by side, and one that
 * stalls is let go. docs/decisions/more-protocols.md says why this is not the `zeromq` package. Node only.
 */

import net from 'node:net';
import { VlaError } from '../../base/errors.ts';
import type { WireLimits } from './limits.ts';
import { ZmtpReader, greeting, messagePieces, ready } from './zmtp-frames.ts';

/** What is done with one client's messages. */
export interface ReplyClient {
  /** The answer to a message. Rejects: the connection ends. `signal` aborts when the client goes. */
  answer(message: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** The client went; called once. */
  gone(): Promise<void>;
}

/** Where to listen, and what to do with clients. */
export interface ReplyServerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly limits: WireLimits;
  /** A client finished its handshake. */
  connected(name: string): ReplyClient;
  /** A client was refused or let go, and why. */
  refused?(reason: string, message: string): void;
}

/** A running server. */
export interface ReplyServer {
  /** `tcp://127.0.0.1:5555`. */
  readonly address: string;
  close(): Promise<void>;
}

const WATCH_MS = 500;
/** Answers to pings that a client leaves unread before more of its pings are ignored, bytes. */
const MOST_UNREAD = 65_536;

/** Starts listening; rejects with `io` when it cannot. */
export async function serveReplies(options: ReplyServerOptions): Promise<ReplyServer> {
  const { host, port, limits } = options;
  const connections = new Set<Connection>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (connections.size >= limits.connections) {
      options.refused?.('connections', `expected at most ${limits.connections} connections`);
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, options);
    connections.add(connection);
    void connection.ended.then(() => connections.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new VlaError('io', `${host}:${port}: cannot listen: ${cause.message}.`, {
          cause,
          hint: 'Choose another --port, or end what listens there.',
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const watch = setInterval(() => connections.forEach((connection) => connection.watch()), WATCH_MS);
  const at = server.address() as net.AddressInfo;
  return {
    address: `tcp://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`,
    async close() {
      clearInterval(watch);
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of connections) connection.end();
      await Promise.all([...connections].map(({ ended }) => ended));
      await closed;
    },
  };
}

class Connection {
  /** Resolves when the socket is closed and the client's things are put away. */
  readonly ended: Promise<void>;
  private readonly socket: net.Socket;
  private readonly options: ReplyServerOptions;
  private readonly reader: ZmtpReader;
  private readonly abort = new AbortController();
  private readonly waiting: Uint8Array[][] = [];
  private client: ReplyClient | null = null;
  private working: Promise<void> | null = null;
  private heard = Date.now();
  /** Since when the client has been sending one message, or leaving an answer unread. */
  private slowSince: number | null = Date.now();

  constructor(socket: net.Socket, options: ReplyServerOptions) {
    [this.socket, this.options] = [socket, options];
    this.reader = new ZmtpReader('REP', options.limits);
    socket.on('data', (chunk: Buffer) => this.hear(chunk));
    socket.write(Buffer.concat([greeting(), ready('REP')]));
    this.ended = this.leave(new Promise((resolve) => socket.once('close', resolve)));
  }

  /** Cuts the connection. */
  end(): void {
    this.socket.destroy();
  }

  /** Called now and then: lets clients go that are too slow or say nothing. */
  watch(): void {
    const { limits } = this.options;
    const now = Date.now();
    const slow = (this.reader.inside && this.working === null) || this.socket.writableLength > 0;
    this.slowSince = slow ? (this.slowSince ?? now) : null;
    if (this.slowSince !== null && now - this.slowSince > limits.transferSeconds * 1000) {
      this.refuse('slow', `expected a whole message within ${limits.transferSeconds} seconds`);
    } else if (this.working === null && now - this.heard > limits.idleSeconds * 1000) {
      this.refuse('idle', `nothing was asked for ${limits.idleSeconds} seconds`);
    }
  }

  private async leave(closed: Promise<unknown>): Promise<void> {
    await closed;
    this.abort.abort();
    await this.working;
    await this.client?.gone();
  }

  private refuse(reason: string, message: string): void {
    this.options.refused?.(reason, message);
    this.end();
  }

  private hear(chunk: Uint8Array): void {
    this.heard = Date.now();
    try {
      for (const event of this.reader.push(chunk)) {
        if (event.kind === 'message') this.waiting.push(event.frames);
        else if (event.kind === 'ready') {
          this.client = this.options.connected(`client ${this.socket.remoteAddress ?? '?'}`);
        } else if (this.socket.writableLength < MOST_UNREAD) this.socket.write(event.bytes);
      }
    } catch (error) {
      if (!(error instanceof VlaError)) throw error;
      this.refuse('message', error.message);
      return;
    }
    if (this.waiting.length === 0) return;
    // A REQ socket waits for its answer; of one that does not, no more is read meanwhile.
    if (this.working !== null || this.waiting.length > 1) this.socket.pause();
    this.working ??= this.work();
  }

  /** Answers what waits, one after the other. */
  private async work(): Promise<void> {
    for (let frames = this.waiting.shift(); frames !== undefined; frames = this.waiting.shift()) {
      if (this.abort.signal.aborted) break;
      try {
        await this.reply(frames);
      } catch (error) {
        this.refuse('message', (error as Error).message);
      }
    }
    this.working = null;
    this.heard = Date.now();
    this.socket.resume();
  }

  /** Everything up to the first empty frame is the way back, which the answer takes. */
  private async reply(frames: Uint8Array[]): Promise<void> {
    const empty = frames.findIndex(({ length }) => length === 0);
    if (empty < 0 || frames.length !== empty + 2) {
      throw new VlaError('bad-data', 'ZeroMQ: expected an empty frame and one with the message.', {
        hint: 'Clients need a REQ socket.',
      });
    }
    const answer = await this.client!.answer(frames[empty + 1]!, this.abort.signal);
    if (this.socket.destroyed) return;
    this.socket.cork();
    for (const piece of messagePieces([...frames.slice(0, empty + 1), answer])) this.socket.write(piece);
    this.socket.uncork();
  }
}
