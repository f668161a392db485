/**
 * @file The page for driving in a browser, served to this machine alone. Whoever has its address, which holds a random word, may drive, one
 * page at a time; other sites' pages cannot know it, and a foreign host name or origin is refused.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { workerUrl } from '../../base/worker-url.ts';
import type { HumanInput } from './human-input.ts';
import { pageHtml } from './page-html.ts';
import { packPicture, type PageStatus } from './page-messages.ts';
import type { ShownTick } from './session.ts';
import { describe } from './terminal.ts';

/** A page under way. */
export interface PageServer {
  /** To be opened in a browser on this machine. */
  readonly address: string;
  show(shown: ShownTick): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** Modules that the page loads; nothing else is served. */
const MODULES = ['page-script', 'page-messages'];
const LARGEST_MESSAGE = 4096;
/** A page that takes pictures more slowly than they come misses some. */
const MOST_WAITING = 1_000_000;
const POLICY_VIOLATION = 1008;

const stateSchema = z.object({
  keys: z.array(z.string().max(20)).max(32),
  axes: z.array(z.number()).max(8),
  buttons: z.array(z.number().int().min(0).max(63)).max(32),
});

/** Starts the page; port 0 takes any that is free. Rejects with `io` when it cannot listen. */
export async function servePage(
  input: HumanInput,
  { port, help, now }: { readonly port: number; readonly help: readonly string[]; readonly now: () => number },
): Promise<PageServer> {
  const word = randomBytes(16).toString('hex');
  let driver: WebSocket | null = null;
  const server = http.createServer((request, response) => answer(request, response, word, help));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE, perMessageDeflate: false });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (!mayDrive(request, word) || request.headers.origin !== `http://${request.headers.host}`) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      driver?.close(POLICY_VIOLATION, 'Another page drives now.');
      driver = opened;
      opened.on('error', () => opened.terminate());
      opened.on('close', () => {
        if (driver === opened) driver = null;
      });
      opened.on('message', (data) => {
        if (driver === opened) hear(opened, data, input, now());
      });
    });
  });
  await listen(server, port);
  const { port: taken } = server.address() as AddressInfo;
  return {
    address: `http://${HOST}:${taken}/?word=${word}`,
    show(shown) {
      if (driver === null || driver.readyState !== driver.OPEN || driver.bufferedAmount > MOST_WAITING) return;
      const images = Object.entries(shown.observation.images);
      for (const [i, [, image]] of images.entries()) driver.send(packPicture(i, image));
      const { outcome, tick, kept, action } = shown;
      const cameras = images.map(([name]) => name);
      const told = [...(action ?? [])];
      const status: PageStatus = { kind: 'status', line: describe(shown), outcome, tick, kept, told, cameras };
      driver.send(JSON.stringify(status));
    },
    async close() {
      driver?.close(1000, 'The session has ended.');
      sockets.close();
      await new Promise((resolve) => setTimeout(resolve, 50));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: http.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new VlaError('io', `${HOST}:${port}: cannot listen: ${cause.message}.`, {
          cause,
          hint: 'Choose another port.',
        }),
      ),
    );
    server.listen(port, HOST, resolve);
  });
}

/** Whether a request is to this very server by its own name, and knows the word. */
function mayDrive({ url = '/', headers, socket }: http.IncomingMessage, word: string): boolean {
  const name = `:${socket.localPort}`;
  if (headers.host !== `${HOST}${name}` && headers.host !== `localhost${name}`) return false;
  const given = new URL(url, 'http://page').searchParams.get('word') ?? '';
  return given.length === word.length && timingSafeEqual(Buffer.from(given), Buffer.from(word));
}

function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  word: string,
  help: readonly string[],
): void {
  const { pathname } = new URL(request.url ?? '/', 'http://page');
  const send = (code: number, type: string, text: string): void =>
    void response
      .writeHead(code, {
        'content-type': `${type}; charset=utf-8`,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      })
      .end(text);
  const module = MODULES.find((name) => pathname === `/${name}.js`);
  if (module !== undefined) {
    return send(200, 'text/javascript', fs.readFileSync(workerUrl(import.meta.url, `./${module}`), 'utf8'));
  }
  if (pathname === '/' && mayDrive(request, word)) return send(200, 'text/html', pageHtml(help));
  send(pathname === '/' ? 403 : 404, 'text/plain', pathname === '/' ? 'use the address that was printed' : 'not found');
}

function hear(page: WebSocket, data: RawData, input: HumanInput, now: number): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse((data as Buffer).toString('utf8'));
  } catch {
    parsed = null;
  }
  const state = stateSchema.safeParse(parsed);
  if (state.success) input.set(state.data, now);
  else page.close(POLICY_VIOLATION, 'That was no input.');
}
