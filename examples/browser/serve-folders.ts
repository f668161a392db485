/** @file A small web server for this machine alone, with the headers that let pages use WebAssembly with threads. */

import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};

/** Cross-origin isolation: without it a browser offers no shared memory, and WebAssembly one thread. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cache-Control': 'no-cache',
};

/** A running server. */
export interface Server {
  /** Such as `http://127.0.0.1:8080/`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves folders (path such as `/assets/` → folder) on the loopback address; port 0 takes any that is free. */
export async function serveFolders(folders: Readonly<Record<string, string>>, port: number): Promise<Server> {
  const server = http.createServer((request, response) => {
    const file = fileOf(folders, decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    if (file === null) {
      response.writeHead(404, { ...HEADERS, 'Content-Type': 'text/plain' }).end('not found');
      return;
    }
    const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': fs.statSync(file).size });
    fs.createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The file that a path names, below the folder with the longest fitting prefix; null when there is none. */
function fileOf(folders: Readonly<Record<string, string>>, pathname: string): string | null {
  const [prefix, folder] =
    Object.entries(folders)
      .filter(([prefix]) => pathname.startsWith(prefix))
      .sort(([a], [b]) => b.length - a.length)[0] ?? [];
  if (prefix === undefined || folder === undefined) return null;
  const rest = pathname.slice(prefix.length);
  const file = path.resolve(folder, rest === '' ? 'index.html' : rest);
  if (!file.startsWith(path.resolve(folder) + path.sep)) return null;
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ? file : null;
}
