/** @file Tests of the live view with Foxglove's own client over a real socket. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type net from 'node:net';
import { test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { RECORDED_ROBOT, RECORDED_SESSION, imageAt, stateAt, tickAt } from '../../tests/recorded-loop.ts';
import { decodeRawImage } from './foxglove-messages.ts';
import { FoxgloveClient, type Channel, type IWebSocket } from './foxglove-protocol.ts';
import { liveSink, type LiveOptions } from './sinks.ts';
import { startRecorder, type Recorder } from './recorder.ts';

const TOKEN = 'a token of some length';

async function openLive(
  t: TestContext,
  options: Partial<LiveOptions> = {},
): Promise<{ recorder: Recorder; address: string }> {
  const live = { host: '127.0.0.1', port: 0, token: null, images: 'raw' as const, ...options };
  const recorder = await startRecorder({ session: RECORDED_SESSION, sinks: [liveSink(live)] });
  t.after(() => recorder.close());
  return { recorder, address: /ws:\S+/.exec(recorder.notes.join('\n'))![0] };
}

interface Viewer {
  readonly client: InstanceType<typeof FoxgloveClient>;
  readonly socket: WebSocket;
  readonly channels: ReadonlyMap<string, Channel>;
  /** The next message of a subscription, with the topic's name. */
  next(): Promise<{ topic: string; time: bigint; data: DataView }>;
  subscribe(topic: string): void;
}

/** Foxglove's own client, connected. */
async function view(t: TestContext, address: string, protocol = 'foxglove.websocket.v1'): Promise<Viewer> {
  const socket = new WebSocket(address, [protocol]);
  const client = new FoxgloveClient({ ws: socket as unknown as IWebSocket });
  t.after(() => socket.terminate());
  const channels = new Map<string, Channel>();
  const topics = new Map<number, string>();
  const waiting: { topic: string; time: bigint; data: DataView }[] = [];
  let wake = (): void => {};
  client.on('message', ({ subscriptionId, timestamp, data }) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    waiting.push({ topic: topics.get(subscriptionId)!, time: timestamp, data: view });
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    client.on('advertise', (list) => {
      for (const channel of list) channels.set(channel.topic, channel);
      resolve();
    });
    client.on('error', reject);
    socket.on('unexpected-response', (_, response) => reject(new Error(`status ${response.statusCode}`)));
  });
  return {
    client,
    socket,
    channels,
    subscribe: (topic) => void topics.set(client.subscribe(channels.get(topic)!.id), topic),
    async next() {
      while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return waiting.shift()!;
    },
  };
}

/** Tells ticks until the server has heard what the viewer subscribed to, and gives the first message of each topic. */
async function firstOf(recorder: Recorder, viewer: Viewer, topics: readonly string[]): Promise<Map<string, DataView>> {
  for (const topic of topics) viewer.subscribe(topic);
  const timer = setInterval(() => recorder.tick(tickAt(0, 4)), 10);
  const found = new Map<string, DataView>();
  while (found.size < topics.length) {
    const { topic, data, time } = await viewer.next();
    assert.equal(time, BigInt(RECORDED_SESSION.zero) * 10n ** 9n + 200_000_000n);
    found.set(topic, data);
  }
  clearInterval(timer);
  return found;
}

const text = (data: DataView): unknown => JSON.parse(new TextDecoder().decode(data)) as unknown;

for (const protocol of ['foxglove.websocket.v1', 'foxglove.sdk.v1']) {
  test(`a viewer that speaks ${protocol} sees LeRobot's topics`, async (t) => {
    const { recorder, address } = await openLive(t);
    const viewer = await view(t, address, protocol);
    const state = viewer.channels.get('/observation/state')!;
    assert.deepEqual(
      [state.encoding, state.schemaName, state.schemaEncoding],
      ['json', 'lerobot.Scalars', 'jsonschema'],
    );
    assert.equal((JSON.parse(state.schema) as { title: string }).title, 'lerobot.Scalars');
    const camera = viewer.channels.get('/observation/images/left_wrist')!;
    assert.deepEqual([camera.encoding, camera.schemaName], ['protobuf', 'foxglove.RawImage']);
    const found = await firstOf(recorder, viewer, [
      '/observation/state',
      '/action/state',
      '/observation/images/front',
      '/log',
    ]);
    const labels = RECORDED_ROBOT.state.names;
    assert.deepEqual(text(found.get('/observation/state')!), {
      scalars: labels.map((label, i) => ({ label, value: stateAt(0, 4)[i] })),
    });
    assert.deepEqual(
      (text(found.get('/action/state')!) as { scalars: { value: number }[] }).scalars.map(({ value }) => value),
      [...tickAt(0, 4).action],
    );
    const bytes = found.get('/observation/images/front')!;
    const image = decodeRawImage(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    assert.deepEqual([...image.data], [...imageAt('front', 0, 4).data]);
  });
}

test('a viewer that does not read is skipped, and the others go on', async (t) => {
  const { recorder, address } = await openLive(t, { sendBytes: 1_000_000 });
  const stuck = await view(t, address);
  const fine = await view(t, address);
  stuck.subscribe('/observation/images/front');
  fine.subscribe('/tick');
  (stuck.socket as unknown as { _socket: net.Socket })._socket.pause();
  const big = tickAt(0, 0);
  const image = { width: 1000, height: 1000, data: new Uint8Array(3_000_000) };
  const before = process.memoryUsage().rss;
  for (let tick = 0; tick < 60; tick++) {
    recorder.tick({ ...big, tick, observation: { ...big.observation!, images: { front: image } } });
    let seen = -1;
    // The subscription may come behind the first ticks.
    if (tick > 20) while (seen < tick) seen = (text((await fine.next()).data) as { tick: number }).tick;
    else await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(recorder.lost, 0);
  const grown = (process.memoryUsage().rss - before) / 1e6;
  t.diagnostic(`memory grew by ${grown.toFixed(0)} MB while 180 MB were told`);
});

test('nonsense ends the connection of who says it, and nothing else', async (t) => {
  const { recorder, address } = await openLive(t);
  const viewer = await view(t, address);
  const rude = await view(t, address);
  const closed = once(rude.socket, 'close');
  for (let i = 0; i < 50; i++) rude.socket.send(i % 2 === 0 ? '{"op":"subscribe"' : Uint8Array.of(99, i));
  for (const words of ['null', '{"op":"subscribe"}', '{"op":"subscribe","subscriptions":[null]}', '[]', '7']) {
    rude.socket.send(words);
  }
  assert.equal(((await closed) as [number])[0], 1008);
  const large = await view(t, address);
  const gone = once(large.socket, 'close');
  large.socket.send('x'.repeat(100_000));
  assert.equal(((await gone) as [number])[0], 1009, 'too long for a request');
  assert.equal((await firstOf(recorder, viewer, ['/tick'])).size, 1);
});

test('who may look: no other web page, and beyond this machine only with a token', async (t) => {
  await assert.rejects(openLive(t, { host: '0.0.0.0' }), { code: 'bad-argument', message: /token/ });
  const open = (address: string, headers: Record<string, string>): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(address, ['foxglove.sdk.v1'], { headers });
      socket.on('open', () => (socket.terminate(), resolve('in')));
      socket.on('unexpected-response', (_, { statusCode }) => (socket.terminate(), resolve(String(statusCode))));
      socket.on('error', () => {});
    });
  const { address } = await openLive(t);
  assert.equal(await open(address, { origin: 'https://app.foxglove.dev' }), 'in');
  assert.equal(await open(address, { origin: 'https://example.com' }), '401');
  assert.equal(await open(address, { origin: 'null' }), '401');
  const { address: guarded } = await openLive(t, { token: TOKEN });
  assert.equal(await open(guarded, {}), '401');
  assert.equal(await open(`${guarded}/?token=${encodeURIComponent('another of some length')}`, {}), '401');
  assert.equal(await open(`${guarded}/?token=${encodeURIComponent(TOKEN)}`, { origin: 'null' }), 'in');
  assert.equal(await open(guarded, { authorization: `Bearer ${TOKEN}` }), 'in');
});

test('a port that is taken is said before the loop begins', async (t) => {
  const { address } = await openLive(t);
  await assert.rejects(openLive(t, { port: Number(new URL(address).port) }), { code: 'io', message: /cannot listen/ });
});
