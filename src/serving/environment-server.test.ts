/** @file Environments over a socket: as in this process, for several clients, with a server that dies and comes back, and bad company. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { WebSocket } from 'ws';
import { workerUrl } from '../base/worker-url.ts';
import type { EnvironmentPool } from '../interfaces/environment-pool.ts';
import type { EpisodeSpec } from '../interfaces/environment.ts';
import { VectorEnvironment } from '../simulation/vector.ts';
import { connectEnvironments, type EnvironmentClientOptions } from './environment-client.ts';
import { serveEnvironments, type EnvironmentServer, type EnvironmentServerOptions } from './environment-server.ts';
import { joinPools } from './joined-pool.ts';

const module = workerUrl(import.meta.url, '../../tests/flatland/flatland').href;
const open = (size: number): Promise<EnvironmentPool> =>
  VectorEnvironment.open({ module, options: { imageSize: 16 }, size, workers: 1 });

type Context = { after(f: () => Promise<void>): void };
async function serve(t: Context, change: Partial<EnvironmentServerOptions> = {}): Promise<EnvironmentServer> {
  const server = await serveEnvironments({
    host: '127.0.0.1',
    port: 0,
    token: null,
    count: 5,
    tasks: null,
    open,
    idleSeconds: 60,
    ...change,
  });
  t.after(() => server.close());
  return server;
}
async function connect(t: Context, server: EnvironmentServer, change: Partial<EnvironmentClientOptions> = {}) {
  const { address } = server;
  const pool = await connectEnvironments({
    address,
    token: null,
    size: 2,
    answerSeconds: 20,
    connectSeconds: 0,
    ...change,
  });
  t.after(() => pool.close());
  return pool;
}

/** Two episodes, one of them to its end and begun anew. */
async function play(pool: EnvironmentPool): Promise<unknown[]> {
  const episodes: EpisodeSpec[] = Array.from({ length: pool.size }, (_, i) => ({ task: 'touch', seed: 3 + i }));
  const seen: unknown[] = [pool.embodiment, pool.tasks, pool.perturbations, await pool.reset(episodes)];
  const block = (x: number): Float32Array => Float32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? x : 1 - x));
  let over = false;
  for (let i = 0; i < 9; i++) {
    const results = await pool.play(
      episodes.map((_, slot) => (slot === 1 && over ? null : block(slot === 0 ? 1 : -0.3))),
    );
    seen.push(results);
    over ||= results[1]!.outcome !== 'running';
    if (results[0]!.outcome === 'running') continue;
    const again = episodes.map((_, slot) => (slot === 0 ? { task: 'stay', seed: 9, perturbation: 'wind' } : null));
    seen.push(await pool.reset(again));
  }
  return seen;
}

test('a pool on a server is the pool in this process, for two clients at once, and for two servers joined', async (t) => {
  const local = await open(2);
  t.after(() => local.close());
  const expected = await play(local);
  const outcomes = expected.flat().map((entry) => (entry as { outcome?: string } | null)?.outcome);
  assert.ok(outcomes.includes('failure') || outcomes.includes('success') || outcomes.includes('wrong'));
  const server = await serve(t);
  const clients = [await connect(t, server), await connect(t, server)];
  for (const seen of await Promise.all(clients.map(play))) assert.deepEqual(seen, expected);
  const other = await serve(t);
  const joined = joinPools([await connect(t, other, { size: 1 }), await connect(t, other, { size: 1 })]);
  assert.deepEqual(await play(joined), expected);
});

test('an episode is out of time after its task’s longest length, in the middle of a block', async (t) => {
  const pool = await connect(t, await serve(t), { size: 1 });
  await pool.reset([{ task: 'touch', seed: 1 }]);
  const still = new Float32Array(2 * 50);
  assert.equal((await pool.play([still]))[0]!.outcome, 'running');
  const [last] = await pool.play([still]);
  assert.deepEqual([last!.outcome, last!.ticks], ['timeout', 10]);
  await assert.rejects(pool.play([still]), { code: 'bad-argument' });
});

test('environments are given back when a client goes, and no more are given than there are', async (t) => {
  const server = await serve(t, { count: 2 });
  const first = await connect(t, server);
  await assert.rejects(connect(t, server, { size: 1 }), { code: 'unsupported', message: /at most 0 environments/ });
  await first.close();
  const second = await connectUntil(() => connect(t, server));
  assert.equal(second.size, 2);
});

/** The server closes environments a moment after their client has gone. */
async function connectUntil(attempt: () => Promise<EnvironmentPool>): Promise<EnvironmentPool> {
  for (let i = 0; ; i++) {
    try {
      return await attempt();
    } catch (error) {
      if (i === 400) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test('mistakes are told with their codes, and the connection lives on', async (t) => {
  const pool = await connect(t, await serve(t, { tasks: ['touch'] }), { size: 1 });
  assert.deepEqual(pool.tasks, ['touch']);
  await assert.rejects(pool.reset([{ task: 'stay', seed: 1 }]), { code: 'not-found' });
  await assert.rejects(pool.play([new Float32Array(2)]), { code: 'bad-argument' });
  await pool.reset([{ task: 'touch', seed: 1 }]);
  await assert.rejects(pool.play([new Float32Array(3)]), { code: 'bad-shape' });
  await assert.rejects(pool.play([Float32Array.of(Number.NaN, 0)]), { code: 'not-finite' });
  await assert.rejects(pool.play([]), { code: 'bad-shape' });
  assert.equal((await pool.play([Float32Array.of(0, 0)]))[0]!.outcome, 'running');
});

test('a server that dies is an io error; when it is back, a pool that is begun anew goes on', async (t) => {
  const first = await serve(t);
  const port = Number(new URL(first.address).port);
  const pool = await connect(t, first, { connectSeconds: 10 });
  const episodes = [
    { task: 'touch', seed: 1 },
    { task: 'touch', seed: 2 },
  ];
  const seen = await pool.reset(episodes);
  await first.close();
  await assert.rejects(pool.play([new Float32Array(2), null]), { code: 'io', message: /ended the connection/ });
  await assert.rejects(pool.reset([episodes[0]!, null]), { code: 'io' }, 'half a pool cannot be had again');
  const again = pool.reset(episodes);
  await serve(t, { port });
  assert.deepEqual(await again, seen);
});

test('a server that is not there is an io error, and one beyond this machine needs a token', async (t) => {
  const gone = await serve(t);
  await gone.close();
  await assert.rejects(connect(t, gone), { code: 'io' });
  await assert.rejects(connect(t, { ...gone, address: 'http://127.0.0.1:1' }), { code: 'bad-argument' });
  await assert.rejects(serve(t, { host: '0.0.0.0' }), { code: 'bad-argument', message: /token/ });
  await assert.rejects(serve(t, { token: 'short' }), { code: 'bad-argument' });
});

test('without the token, and from web pages, nobody comes in', async (t) => {
  const token = 'a-token-of-some-length';
  const server = await serve(t, { token });
  await assert.rejects(connect(t, server), { code: 'bad-argument', message: /token/ });
  await assert.rejects(connect(t, server, { token: `${token}r` }), { code: 'bad-argument' });
  assert.equal((await connect(t, server, { token })).size, 2);
  const open = await serve(t);
  const refused = await new Promise((resolve) => {
    const socket = new WebSocket(open.address, { origin: 'http://127.0.0.1' });
    socket.on('unexpected-response', (_, { statusCode }) => {
      resolve(statusCode);
      socket.terminate();
    });
    socket.on('error', () => undefined);
  });
  assert.equal(refused, 401);
});

test('what is no request ends the connection with the reason, and nothing else', async (t) => {
  const server = await serve(t);
  for (const message of ['text', Buffer.from([0xc1]), Buffer.from([0x81, 0xa1, 0x61, 0x01])]) {
    const [code, reason] = await new Promise<[number, string]>((resolve) => {
      const socket = new WebSocket(server.address);
      socket.on('open', () => socket.send(message));
      socket.on('close', (status, text) => resolve([status, text.toString()]));
    });
    assert.equal(code, 1002);
    assert.match(reason, /expected|environments: request/);
  }
  assert.equal((await connect(t, server)).size, 2);
  const health = await fetch(`${server.address.replace('ws', 'http')}/healthz`);
  assert.equal(await health.text(), 'OK\n');
});

test('a client that says nothing is let go', async (t) => {
  const server = await serve(t, { idleSeconds: 0.5 });
  // On a busy machine half a second may pass before the first word.
  const pool = await connectUntil(() => connect(t, server));
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await assert.rejects(pool.play([new Float32Array(2), null]), { code: 'io', message: /nothing was asked/ });
});
