/** @file The HTTP side that servers of policies share: health, metrics, who may come in, TLS. Node only. */

import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { VlaError } from '../base/errors.ts';
import { checkAccess, mayEnter } from './access.ts';
import type { PolicyService } from './policy-service.ts';
import type { AdapterOptions } from './protocol-adapter.ts';

/** What a protocol does beyond health and metrics. Requests are from clients that may come in. */
export interface HttpFrontOptions extends Pick<AdapterOptions, 'host' | 'port' | 'token' | 'tls' | 'limits'> {
  /** Left out: every other path is 404. */
  readonly onRequest?: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  /** Left out: upgrades are refused. */
  readonly onUpgrade?: (request: http.IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** A server that listens. */
export interface HttpFront {
  /** `http`, `ws`, … to `http://127.0.0.1:8000`; with TLS an s is added. */
  address(scheme: string): string;
  /** Ends all connections. */
  close(): Promise<void>;
}

const HEADERS_MS = 10_000;
/** For health and metrics when all places are taken. */
const SPARE_CONNECTIONS = 16;

/**
 * Listens. `/healthz` answers everybody, 200 once the policy is warm and 503 otherwise; `/metrics` and the rest need the token where
 * there is one. Rejects with `bad-argument` where nothing would keep strangers out, with `io` where it cannot listen.
 */
export async function startHttpFront(service: PolicyService, options: HttpFrontOptions): Promise<HttpFront> {
  const { host, port, token, tls, limits } = options;
  checkAccess(host, token);
  const settings = { headersTimeout: HEADERS_MS, requestTimeout: limits.transferSeconds * 1000 };
  const server = openServer(tls, settings);
  server.maxConnections = limits.connections + SPARE_CONNECTIONS;
  server.on('drop', () => service.metrics.noteRefusal('connections'));
  server.on('request', (request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/healthz' || path === '/health') return health(service, response);
    if (!mayEnter(request, token)) {
      service.metrics.noteRefusal('token');
      return send(response, 401, 'expected the server’s token\n');
    }
    if (path === '/metrics')
      return send(response, 200, service.metrics.render(), 'text/plain; version=0.0.4; charset=utf-8');
    if (options.onRequest === undefined) return send(response, 404, 'not found\n');
    options.onRequest(request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const allowed = mayEnter(request, token);
    if (allowed && options.onUpgrade !== undefined) return options.onUpgrade(request, socket, head);
    if (!allowed) service.metrics.noteRefusal('token');
    socket.end(`HTTP/1.1 ${allowed ? '404 Not Found' : '401 Unauthorized'}\r\nConnection: close\r\n\r\n`);
  });
  await listening(server, host, port);
  const at = server.address() as AddressInfo;
  const place = `${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`;
  return {
    address: (scheme) => `${scheme}${tls === null ? '' : 's'}://${place}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function openServer(tls: AdapterOptions['tls'], settings: http.ServerOptions): http.Server {
  if (tls === null) return http.createServer(settings);
  try {
    const { cert, key } = tls;
    return https.createServer({ ...settings, cert: Buffer.from(cert), key: Buffer.from(key), minVersion: 'TLSv1.2' });
  } catch (cause) {
    throw new VlaError(
      'bad-argument',
      `tls: expected a certificate and its key in PEM, got ${(cause as Error).message}.`,
      {
        cause,
        hint: 'For example: openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost',
      },
    );
  }
}

function health(service: PolicyService, response: http.ServerResponse): void {
  const { state } = service;
  if (state === 'ready') send(response, 200, 'OK\n');
  else send(response, 503, `${state}\n`);
}

function send(response: http.ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type }).end(text);
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
