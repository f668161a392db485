/** @file A server of environments: each client gets some of its own, which are closed when it goes. Node only. */

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { VlaError, lookUp } from '../base/errors.ts';
import type { EnvironmentPool } from '../interfaces/environment-pool.ts';
import { checkAccess, mayEnter } from './access.ts';
import {
  LARGEST_MESSAGE,
  PROTOCOL,
  bytesFloats,
  decodeRequest,
  encodeMessage,
  mapSlots,
  packError,
  packObservation,
  packResult,
  type EnvironmentAnswer,
  type EnvironmentRequest,
} from './environment-messages.ts';

/** What is served, and to whom. */
export interface EnvironmentServerOptions {
  /** Where to listen; beyond this machine only with a token. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly token: string | null;
  /** Most environments, of all clients together. */
  readonly count: number;
  /** The tasks that clients may play; null: all of the environment's. */
  readonly tasks: readonly string[] | null;
  /** Opens this many environments for one client. */
  open(size: number): Promise<EnvironmentPool>;
  /** A client that says nothing for this long is let go. */
  readonly idleSeconds: number;
  /** Who came and went, a line each. */
  readonly onEvent?: (line: string) => void;
}

/** A running server. */
export interface EnvironmentServer {
  /** For clients on this machine: `ws://127.0.0.1:8400`. */
  readonly address: string;
  /** Lets all clients go and closes their environments. */
  close(): Promise<void>;
}

const PING_MS = 15_000;
/** So many pings in a row without an answer or a message, and a client counts as gone: Python clients that compile a scene are silent for long. */
const MOST_UNANSWERED = 4;
/** Status codes of RFC 6455. */
const PROTOCOL_ERROR = 1002;
const GOING_AWAY = 1001;
const REASON_LENGTH = 100;

/** Starts a server; rejects when it cannot listen. */
export async function serveEnvironments(options: EnvironmentServerOptions): Promise<EnvironmentServer> {
  const { host, port, token } = options;
  checkAccess(host, token);
  const server = http.createServer((request, response) => {
    const healthy = request.url === '/healthz';
    response.writeHead(healthy ? 200 : 404, { 'content-type': 'text/plain' }).end(healthy ? 'OK\n' : 'not found\n');
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE, perMessageDeflate: false });
  const clients = new Set<Client>();
  const taken = (): number => [...clients].reduce((sum, client) => sum + client.size, 0);
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (!mayEnter(request, token)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const client = new Client(opened, options, taken, `client ${request.socket.remoteAddress ?? '?'}`);
      clients.add(client);
      void client.gone.then(() => clients.delete(client));
    });
  });
  await listening(server, host, port);
  const at = server.address() as AddressInfo;
  return {
    address: `ws://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`,
    async close() {
      for (const client of clients) client.dismiss(GOING_AWAY, 'the server ends');
      await Promise.all([...clients].map(({ gone }) => gone));
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listening(server: http.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
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
}

/** One connection and its environments. */
class Client {
  /** Environments that it has, or has asked for. */
  size = 0;
  /** Resolves when the connection has ended and its environments are closed. */
  readonly gone: Promise<void>;
  private readonly socket: WebSocket;
  private readonly options: EnvironmentServerOptions;
  private readonly taken: () => number;
  private readonly name: string;
  private pool: EnvironmentPool | null = null;
  private busy: Promise<void> | null = null;
  private heard = Date.now();
  private unanswered = 0;

  constructor(socket: WebSocket, options: EnvironmentServerOptions, taken: () => number, name: string) {
    [this.socket, this.options, this.taken, this.name] = [socket, options, taken, name];
    socket.on('message', (data, binary) => this.hear(data, binary));
    socket.on('pong', () => (this.unanswered = 0));
    socket.on('error', () => socket.terminate());
    const watch = setInterval(() => this.watch(), Math.min(PING_MS, options.idleSeconds * 1000));
    this.gone = this.leave(new Promise((resolve) => socket.once('close', resolve)), watch);
  }

  /** When the connection has ended: closes what the client had. */
  private async leave(ended: Promise<unknown>, watch: NodeJS.Timeout): Promise<void> {
    await ended;
    clearInterval(watch);
    await this.busy;
    await this.pool?.close();
    if (this.size > 0) this.options.onEvent?.(`${this.name} went, ${this.size} environments are free again`);
    this.size = 0;
  }

  /** Ends the connection. */
  dismiss(code: number, reason: string): void {
    this.socket.close(code, reason.slice(0, REASON_LENGTH));
    setTimeout(() => this.socket.terminate(), 1000).unref();
  }

  private watch(): void {
    if (this.unanswered >= MOST_UNANSWERED) {
      this.options.onEvent?.(`${this.name} answered none of ${MOST_UNANSWERED} pings`);
      return this.socket.terminate();
    }
    if (this.busy === null && Date.now() - this.heard > this.options.idleSeconds * 1000) {
      return this.dismiss(GOING_AWAY, `nothing was asked for ${this.options.idleSeconds} seconds`);
    }
    this.unanswered++;
    this.socket.ping();
  }

  private hear(data: RawData, binary: boolean): void {
    [this.heard, this.unanswered] = [Date.now(), 0];
    let request: EnvironmentRequest;
    try {
      if (!binary || this.busy !== null) {
        throw new VlaError('bad-data', binary ? 'expected one request at a time' : 'expected binary messages');
      }
      request = decodeRequest(data as Buffer);
    } catch (error) {
      this.dismiss(PROTOCOL_ERROR, (error as Error).message);
      return;
    }
    this.busy = this.answer(request);
  }

  private async answer(request: EnvironmentRequest): Promise<void> {
    const answer = await this.obey(request);
    this.busy = null;
    try {
      if (this.socket.readyState === this.socket.OPEN) this.socket.send(encodeMessage(answer));
    } catch {
      this.socket.terminate();
    }
  }

  private async obey(request: EnvironmentRequest): Promise<EnvironmentAnswer> {
    try {
      return request.kind === 'open' ? await this.openPool(request) : await this.usePool(request);
    } catch (error) {
      return packError(request.id, error);
    }
  }

  private async openPool({ id, protocol, size }: EnvironmentRequest & { kind: 'open' }): Promise<EnvironmentAnswer> {
    if (protocol !== PROTOCOL) {
      throw new VlaError('unsupported', `expected protocol ${PROTOCOL}, got ${protocol}.`, {
        hint: 'Use the same version of vlakit on both sides.',
      });
    }
    if (this.pool !== null) throw new VlaError('bad-argument', 'expected one open on a connection, got another.');
    const free = this.options.count - this.taken();
    if (size > free) {
      throw new VlaError('unsupported', `expected at most ${free} environments that are free, got ${size}.`, {
        hint: 'Start the server with a larger --count, or another server.',
      });
    }
    this.size = size;
    try {
      this.pool = await this.options.open(size);
    } catch (error) {
      this.size = 0;
      throw error;
    }
    this.options.onEvent?.(`${this.name} has ${size} environments`);
    const { embodiment, tasks, perturbations } = this.pool;
    return {
      kind: 'opened',
      id,
      embodiment: embodiment as unknown as Extract<EnvironmentAnswer, { kind: 'opened' }>['embodiment'],
      tasks: [...(this.options.tasks ?? tasks)],
      perturbations: [...perturbations],
    };
  }

  private async usePool(request: Exclude<EnvironmentRequest, { kind: 'open' }>): Promise<EnvironmentAnswer> {
    const { pool } = this;
    if (pool === null) throw new VlaError('bad-argument', 'expected "open" before anything else.');
    if (request.kind === 'play') {
      const results = await pool.play(mapSlots(request.blocks, bytesFloats));
      return { kind: 'played', id: request.id, results: mapSlots(results, packResult) };
    }
    const { tasks } = this.options;
    for (const episode of request.episodes) {
      if (tasks !== null && episode !== null) {
        lookUp('task', episode.task, Object.fromEntries(tasks.map((task) => [task, task])));
      }
    }
    const episodes = mapSlots(request.episodes, ({ task, seed, ...rest }) => ({
      task,
      seed,
      ...(rest.perturbation === undefined ? {} : { perturbation: rest.perturbation }),
      ...(rest.phrasing === undefined ? {} : { phrasing: rest.phrasing }),
      ...(rest.instructionTarget === undefined ? {} : { instructionTarget: rest.instructionTarget }),
    }));
    const observations = await pool.reset(episodes);
    return { kind: 'seen', id: request.id, observations: mapSlots(observations, packObservation) };
  }
}
