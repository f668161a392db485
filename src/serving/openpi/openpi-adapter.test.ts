/** @file openpi's protocol on real sockets: metadata, answers, errors, health, limits, tokens, TLS, dropped connections and bad company. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import type net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import test from 'node:test';
import { WebSocket } from 'ws';
import { serverFor, serviceFor, toy, type TestContext } from '../../../tests/serving/serve-for-test.ts';
import { contractOfMessage } from '../contract-message.ts';
import { ARRAY_DIALECTS, arrayMessages } from '../wire/array-dialects.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { openpiAdapter } from './openpi-adapter.ts';

const messages = arrayMessages(ARRAY_DIALECTS.openpi, DEFAULT_WIRE_LIMITS);

/** A client that shows every frame: maps, texts, and how the connection ended. */
async function connect(t: TestContext, address: string, settings: object = {}) {
  const socket = new WebSocket(address, { perMessageDeflate: false, ...settings });
  t.after(async () => socket.terminate());
  const frames: unknown[] = [];
  const wanted: ((frame: unknown) => void)[] = [];
  const put = (frame: unknown): void => {
    const first = wanted.shift();
    if (first === undefined) frames.push(frame);
    else first(frame);
  };
  socket.on('message', (data, binary) =>
    put(binary ? messages.decode(new Uint8Array(data as Buffer)) : (data as Buffer).toString('utf8')),
  );
  socket.on('close', (code, reason) => put({ closed: code, reason: String(reason) }));
  socket.on('error', () => undefined);
  const next = (): Promise<WireMap & { actions?: NumericArray }> =>
    new Promise((resolve) => {
      if (frames.length > 0) resolve(frames.shift() as WireMap);
      else wanted.push(resolve as (frame: unknown) => void);
    });
  const text = async (): Promise<string> => {
    const frame: unknown = await next();
    return typeof frame === 'string' ? frame : JSON.stringify(frame);
  };
  return { socket, next, text, say: (message: unknown) => socket.send(messages.encode(message)) };
}

async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const image = (value: number, shape = [8, 8, 3]): NumericArray =>
  NumericArray.ofBytes(new Uint8Array(192).fill(value), shape);
const seen = (prompt: string, more: object = {}): object => ({
  'observation/image': image(3),
  'observation/wrist_image': image(4),
  'observation/state': NumericArray.ofFloats(Float32Array.of(0, 0.5), [2]),
  prompt,
  ...more,
});
const actionsOf = (answer: { actions?: NumericArray }): number[] => [...answer.actions!.toFloats().subarray(0, 4)];

test('the metadata comes first and is the contract; observations are answered with actions and timing', async (t) => {
  const service = serviceFor(t, toy());
  const { address } = await serverFor(t, openpiAdapter, service, { seed: 40 });
  const client = await connect(t, address);
  const { vlakit } = await client.next();
  assert.deepEqual(contractOfMessage(vlakit, 'test'), await service.ready());
  client.say(seen('go'));
  const first = await client.next();
  assert.deepEqual(first.actions!.shape, [2, 4]);
  assert.deepEqual(actionsOf(first), [40, 0, 0.5, 7]);
  assert.deepEqual(Object.keys(first['server_timing'] as object), ['infer_ms']);
  client.say(seen('go'));
  const second = await client.next();
  assert.equal(actionsOf(second)[1], 1);
  assert.deepEqual(Object.keys(second['server_timing'] as object), ['infer_ms', 'prev_total_ms']);
  const other = await connect(t, address);
  await other.next();
  other.say(seen('go'));
  assert.deepEqual(actionsOf(await other.next()).slice(0, 2), [41, 0], 'every client has an episode of its own');
  client.say(seen('go', { vlakit: { episode: 9 } }));
  assert.deepEqual(actionsOf(await client.next()).slice(0, 2), [9, 0]);
});

test('images may be planes or floats, names may be nested or DROID’s, and a state may come in parts', async (t) => {
  const { address } = await serverFor(t, openpiAdapter, serviceFor(t, toy()));
  const client = await connect(t, address);
  await client.next();
  const floats = NumericArray.ofFloats(new Float32Array(192).fill(0.5), [1, 3, 8, 8]);
  const ask = async (message: object): Promise<number[]> => {
    client.say(message);
    return actionsOf(await client.next());
  };
  const state = NumericArray.ofFloats(Float32Array.of(0, 0.5), [1, 2]);
  assert.equal((await ask({ images: { front: floats, wrist: image(1, [3, 8, 8]) }, state, prompt: 'go' }))[3], 128);
  const parts = { 'observation/joint_position': [0], 'observation/gripper_position': 0.25 };
  const droid = { 'observation/exterior_image_1_left': image(1), 'observation/wrist_image_left': image(1) };
  assert.deepEqual((await ask({ ...droid, ...parts, prompt: 'go' })).slice(2), [0.25, 2]);
});

test('what does not fit the contract is an error frame without our code’s places, and ends the connection as openpi’s server does', async (t) => {
  const { address } = await serverFor(t, openpiAdapter, serviceFor(t, toy()));
  const state = (values: Float32Array): object => ({
    'observation/state': NumericArray.ofFloats(values, [values.length]),
  });
  const wrong: [object | string, RegExp][] = [
    [{ prompt: 'go' }, /^error\[mismatch\]: observation: expected an image of camera "front" as .*observation\/image/],
    [seen('go', { 'observation/image': image(1, [64, 3, 1]) }), /^error\[bad-shape\]: camera "front"/],
    [
      seen('go', { 'observation/image': image(1, [4, 16, 3]) }),
      /^error\[bad-shape\]: observation: expected 8 × 8 pixels/,
    ],
    [seen('go', state(Float32Array.of(1))), /^error\[bad-shape\]: observation: expected a state of 2 values/],
    [seen('go', state(Float32Array.of(1, NaN))), /^error\[not-finite\]: .*"b"/],
    [seen('go', { prompt: 3 }), /^error\[bad-data\]: instruction: expected a text/],
    [seen('go', { vlakit: { episode: -1 } }), /^error\[bad-data\]: vlakit: episode/],
    ['text', /^error\[bad-data\]: message: expected a binary message/],
    [[1], /^error\[bad-data\]: message: expected a map/],
    [seen('fail'), /^error\[bad-argument\]: toy: expected another instruction\.\nhint: Say please\.$/],
    [seen('crash'), /^error\[unsupported\]: policy: it failed: toy: secret of the server\nhint: .*$/],
  ];
  for (const [message, text] of wrong) {
    const client = await connect(t, address);
    await client.next();
    if (typeof message === 'string') client.socket.send(message);
    else client.say(message);
    const frame = await client.text();
    assert.match(frame, text);
    assert.doesNotMatch(frame, /\.[jt]s:\d/);
    assert.equal((await client.next())['closed'], 1011);
  }
  const open = await serverFor(t, openpiAdapter, serviceFor(t, toy()), { tracebacks: true });
  const client = await connect(t, open.address);
  await client.next();
  client.say(seen('crash'));
  assert.match(await client.text(), /toy-policy\.[jt]s:\d/);
});

test('health and metrics answer while a chunk is computed and before the policy is warm', async (t) => {
  const service = serviceFor(t, toy({ openMs: 300 }));
  const { address } = await serverFor(t, openpiAdapter, service);
  const http = address.replace('ws', 'http');
  const early = await fetch(`${http}/healthz`);
  assert.deepEqual([early.status, await early.text()], [503, 'starting\n']);
  const client = await connect(t, address);
  await client.next();
  const healthy = await fetch(`${http}/healthz`);
  assert.deepEqual([healthy.status, await healthy.text()], [200, 'OK\n']);
  let answered = false;
  client.say(seen('block 1500'));
  const answer = client.next().then((frame) => {
    answered = true;
    return frame;
  });
  const pong = once(client.socket, 'pong');
  client.socket.ping();
  await pong;
  const metrics = await (await fetch(`${http}/metrics`)).text();
  assert.equal(answered, false);
  for (const line of ['ready 1', 'sessions 1', 'running_requests 1', 'connections_total{protocol="openpi"} 1']) {
    assert.ok(metrics.includes(`\nvlakit_${line}\n`), line);
  }
  await answer;
  assert.match(await (await fetch(`${http}/metrics`)).text(), /vlakit_request_seconds_count 1\n/);
  assert.equal((await fetch(`${http}/else`)).status, 404);
});

test('a full queue and a missed deadline leave the connection open; a dead thread is told and ends it', async (t) => {
  const service = serviceFor(t, toy(), { waiting: 0 });
  const { address } = await serverFor(t, openpiAdapter, service);
  const [a, b] = [await connect(t, address), await connect(t, address)];
  await Promise.all([a.next(), b.next()]);
  a.say(seen('sleep 60000', { vlakit: { deadlineMs: 400 } }));
  await until(() => service.metrics.render().includes('running_requests 1\n'));
  b.say(seen('go'));
  assert.match(await b.text(), /^error\[unsupported\]: queue: /);
  assert.match(await a.text(), /^error\[interrupted\]: request: its deadline of 400 ms has passed/);
  await until(() => service.metrics.render().includes('running_requests 0\n'));
  a.say(seen('go'));
  assert.equal((await a.next()).actions!.shape[1], 4);
  a.say(seen('die'));
  assert.match(await a.text(), /^error\[io\]: policy: its thread ended/);
  assert.equal((await a.next())['closed'], 1011);
  b.say(seen('go'));
  assert.match(await b.text(), /^error\[io\]: session: the policy was started again/);
  const again = await connect(t, address);
  await again.next();
  again.say(seen('go'));
  assert.equal((await again.next()).actions!.shape[0], 2);
});

test('a client that goes in the middle leaves nothing behind', async (t) => {
  const service = serviceFor(t, toy(), { sessions: 1 });
  const { address } = await serverFor(t, openpiAdapter, service);
  const client = await connect(t, address);
  await client.next();
  client.say(seen('sleep 60000'));
  await until(() => service.metrics.render().includes('running_requests 1\n'));
  client.socket.terminate();
  for (;;) {
    const next = await connect(t, address);
    if (typeof (await next.next()) === 'object') break;
  }
  assert.match(service.metrics.render(), /requests_total\{outcome="cancelled"\} 1\n/);
});

test('frames, arrays and images beyond the limits are refused, and too many clients and too many messages', async (t) => {
  const service = serviceFor(t, toy({ imageSize: 8 }), { sessions: 3 });
  const limits = { messageBytes: 4000, arrayBytes: 1000, imageSide: 10, connections: 4 };
  const { address } = await serverFor(t, openpiAdapter, service, { limits });
  const tell = async (message: object): Promise<unknown[]> => {
    const client = await connect(t, address);
    await client.next();
    client.say(message);
    const first = await client.next();
    return [first, typeof first === 'object' && 'closed' in first ? null : await client.next()];
  };
  const bytes = (count: number, shape: number[]): NumericArray => NumericArray.ofBytes(new Uint8Array(count), shape);
  const [frame] = await tell(seen('go', { more: bytes(5000, [5000]) }));
  assert.equal((frame as { closed: number }).closed, 1009);
  assert.match(
    String((await tell(seen('go', { more: bytes(1001, [1001]) })))[0]),
    /array: bytes: expected at most 1000/,
  );
  assert.match(String((await tell(seen('go', { 'observation/image': bytes(33, [1, 11, 3]) })))[0]), /pixels of a side/);
  const flood = await connect(t, address);
  await flood.next();
  for (let i = 0; i < 9; i++) flood.say(seen('sleep 50'));
  let last: unknown;
  do last = await flood.next();
  while ((last as { closed?: number }).closed === undefined);
  assert.deepEqual(last, { closed: 1008, reason: 'expected one request at a time' });
  const clients = [];
  for (let i = 0; i < 3; i++) clients.push(await connect(t, address));
  for (const client of clients) assert.equal(typeof (await client.next()), 'object');
  const fourth = await connect(t, address);
  assert.match(await fourth.text(), /sessions: expected at most 3/);
  assert.equal((await fourth.next())['closed'], 1013);
});

test('a client that is silent is let go, and one that sends half a frame, too', async (t) => {
  const service = serviceFor(t, toy());
  const { address } = await serverFor(t, openpiAdapter, service, { limits: { idleSeconds: 0.3 } });
  const client = await connect(t, address);
  await client.next();
  assert.equal((await client.next())['closed'], 1001);
  const half = await connect(t, address);
  await half.next();
  const raw = (half.socket as unknown as { _socket: net.Socket })._socket;
  raw.write(Uint8Array.of(0x82, 0xfe, 0x7f, 0xff, 1, 2, 3, 4, 5));
  assert.ok(((await half.next())['closed'] as number) >= 1001);
});

test('a client that leaves pings unanswered for a while, as Python does while it compiles, is kept; for long, it is let go', async (t) => {
  const service = serviceFor(t, toy());
  const events: string[] = [];
  const { address } = await serverFor(t, openpiAdapter, service, {
    limits: { idleSeconds: 0.3 },
    onEvent: (line) => events.push(line),
  });
  const client = await connect(t, address, { autoPong: false });
  await client.next();
  client.say(seen('block 900'));
  assert.ok('actions' in (await client.next()));
  client.say(seen('block 4000'));
  assert.equal((await client.next())['closed'], 1006);
  assert.ok(
    events.some((line) => line.endsWith('answered none of 4 pings')),
    events.join('\n'),
  );
});

test('beyond this machine a token is required; it is asked of clients, as Bearer or as openpi’s Api-Key, and web pages are refused', async (t) => {
  const service = serviceFor(t, toy());
  await assert.rejects(
    async () => serverFor(t, openpiAdapter, service, { host: '0.0.0.0' }),
    /expected a token to listen beyond this machine/,
  );
  const token = 'a token of some length';
  const { address } = await serverFor(t, openpiAdapter, service, { token });
  const http = address.replace('ws', 'http');
  for (const authorization of [`Bearer ${token}`, `Api-Key ${token}`]) {
    const client = await connect(t, address, { headers: { authorization } });
    assert.equal(typeof (await client.next()), 'object');
    assert.equal((await fetch(`${http}/metrics`, { headers: { authorization } })).status, 200);
  }
  for (const headers of [
    {},
    { authorization: `Bearer ${token}x` },
    { authorization: token },
    { authorization: `Bearer ${token}`, origin: 'http://page' },
  ]) {
    const client = await connect(t, address, { headers });
    const [response] = (await once(client.socket, 'unexpected-response').catch(() => [null, null])).slice(1);
    assert.equal((response as { statusCode: number } | null)?.statusCode, 401);
  }
  assert.equal((await fetch(`${http}/metrics`)).status, 401);
  assert.equal((await fetch(`${http}/healthz`)).status, 200);
});

test('with a certificate all of it goes over TLS', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-tls-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    execFileSync('openssl', [...request, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' });
  } catch {
    return t.skip('needs openssl');
  }
  const tls = { cert: fs.readFileSync(cert), key: fs.readFileSync(key) };
  const { address } = await serverFor(t, openpiAdapter, serviceFor(t, toy()), { tls });
  assert.match(address, /^wss:/);
  const client = await connect(t, address, { ca: tls.cert });
  await client.next();
  client.say(seen('go'));
  assert.equal((await client.next()).actions!.shape[1], 4);
  const plain = await connect(t, address.replace('wss', 'ws'));
  assert.equal((await plain.next())['closed'], 1006);
  await assert.rejects(
    async () => serverFor(t, openpiAdapter, serviceFor(t, toy()), { tls: { cert: tls.key, key: tls.key } }),
    /expected a certificate and its key in PEM/,
  );
});
