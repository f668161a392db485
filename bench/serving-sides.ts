/** @file The servers of bench/serving.ts, each in a process of its own, and what is asked of them. */

import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { connectOpenpi, type OpenpiConnection } from '../src/serving/openpi/openpi-connection.ts';
import { NumericArray } from '../src/base/numeric-array.ts';

const CONNECT_MS = 60_000;
const SIDE = 224;

/** A server that runs. */
export interface ServingSide {
  readonly name: string;
  readonly address: string;
  /** MiB that its process holds (Linux; 0 elsewhere). */
  rss(): number;
  end(): void;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** `vlakit serve` with the bench's policy, or the one that is named. */
export async function ours(policy: string | null, sessions: number): Promise<ServingSide> {
  const port = await freePort();
  const program = [here('../src/cli/main.js'), 'serve', policy ?? here('./serving-policy.js')];
  const options = ['--port', String(port), '--sessions', String(sessions), '--quiet'];
  return side(
    'vlakit',
    port,
    spawn(process.execPath, [...program, ...options], { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
}

/** openpi's own. `server` is its websocket_policy_server.py. */
export async function stock(python: string, server: string): Promise<ServingSide> {
  const port = await freePort();
  const script = path.join(here('.').replace(/dist\/bench\/?$/, 'bench'), 'openpi_stock_server.py');
  return side(
    'openpi',
    port,
    spawn(python, [script, server, String(port)], { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
}

function side(name: string, port: number, child: ChildProcess): ServingSide {
  return {
    name,
    address: `ws://127.0.0.1:${port}`,
    rss() {
      try {
        const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
        return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
      } catch {
        return 0;
      }
    },
    end: () => void child.kill(),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** A client of it; waits until it is warm. */
export async function clientOf({ address }: ServingSide): Promise<OpenpiConnection> {
  const until = performance.now() + CONNECT_MS;
  for (;;) {
    try {
      return await connectOpenpi({ address, token: null }, CONNECT_MS);
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Three images, a state and a text; `k` makes them differ. */
export function observationOf(k: number): Record<string, unknown> {
  const image = (camera: number): NumericArray =>
    NumericArray.ofBytes(new Uint8Array(SIDE * SIDE * 3).fill((k + camera) % 80), [SIDE, SIDE, 3]);
  return {
    'observation/images/front': image(0),
    'observation/images/left': image(1),
    'observation/images/right': image(2),
    'observation/state': NumericArray.ofFloats(Float32Array.of(0, k), [2]),
    prompt: 'go',
  };
}
