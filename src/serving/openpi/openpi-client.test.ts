/** @file Our client as a policy: as in process, with servers that are late, go away and come back, and robots that do not fit. */

import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { WebSocketServer } from 'ws';
import { VlaError, type ErrorCode } from '../../base/errors.ts';
import { shippedFile } from '../../base/shipped-file.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import type { Policy } from '../../interfaces/policy.ts';
import { checkpointPolicy } from '../../training/policy-module.ts';
import { policyContract } from '../../../tests/contracts/policy.ts';
import { serverFor, serviceFor, toy, type TestContext } from '../../../tests/serving/serve-for-test.ts';
import { toyEmbodiment } from '../../../tests/serving/toy-policy.ts';
import type { PolicyService } from '../policy-service.ts';
import type { RunningAdapter } from '../protocol-adapter.ts';
import { encodeMessagePack } from '../wire/message-pack.ts';
import { openpiAdapter } from './openpi-adapter.ts';
import { openOpenpiPolicy, type OpenpiClientOptions } from './openpi-client.ts';

const robot = toyEmbodiment();

const checkpoint = shippedFile('checkpoints/quickstart');
let shared: { service: PolicyService; server: RunningAdapter } | null = null;
test.after(async () => {
  await shared?.server.close();
  await shared?.service.close();
});
policyContract('a checkpoint on a server', {
  async open() {
    if (shared === null) {
      const rest: (() => Promise<void>)[] = [];
      // Ended by this file's own hook: it serves all tests of the contract.
      const t = { after: (end: () => Promise<void>) => void rest.push(end) };
      const service = serviceFor(t, checkpointPolicy({ folder: checkpoint }));
      shared = { service, server: await serverFor(t, openpiAdapter, service) };
    }
    const { embodiment } = await shared.service.ready();
    return openOpenpiPolicy({
      address: shared.server.address,
      token: null,
      robot: embodiment,
      connectSeconds: 60,
      answerSeconds: 60,
      retries: 0,
    });
  },
  async observation() {
    const picture = (k: number) => ({
      width: 64,
      height: 64,
      data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * (5 + k)) % 256),
    });
    const state = Float32Array.of(0.4, 0, 0.2, 3, 0.1, 0, 0.04, -0.04);
    return { images: { front: picture(0), wrist: picture(1) }, state, instruction: 'put the red cube on the plate' };
  },
});

async function open(t: TestContext, address: string, change: Partial<OpenpiClientOptions> = {}): Promise<Policy> {
  const policy = await openOpenpiPolicy({
    address,
    token: null,
    robot,
    connectSeconds: 20,
    answerSeconds: 20,
    retries: 2,
    ...change,
  });
  t.after(() => policy.close());
  return policy;
}

function seen(instruction: string): Observation {
  const image = { width: 8, height: 8, data: new Uint8Array(192).fill(3) };
  return { images: { front: image, wrist: image }, state: Float32Array.of(0, 0.5), instruction };
}

const fails = (promise: Promise<unknown>, code: ErrorCode, text: RegExp): Promise<void> =>
  assert.rejects(promise, (error) => error instanceof VlaError && error.code === code && text.test(error.message));
const head = async (policy: Policy): Promise<number[]> => [...(await policy.infer(seen('go'))).data.subarray(0, 4)];

test('episodes have the seeds that they are given, and errors of the server their codes', async (t) => {
  const { address } = await serverFor(t, openpiAdapter, serviceFor(t, toy({ openMs: 200 })));
  const policy = await open(t, address);
  assert.equal(policy.name, 'toy');
  await policy.reset({ seed: 7 });
  assert.deepEqual(
    [await head(policy), await head(policy)],
    [
      [7, 0, 0.5, 6],
      [7, 1, 0.5, 6],
    ],
  );
  await policy.reset({ seed: 8 });
  assert.deepEqual(await head(policy), [8, 0, 0.5, 6]);
  await fails(policy.infer(seen('fail')), 'bad-argument', /toy: expected another instruction/);
  assert.deepEqual(await head(policy), [8, 0, 0.5, 6], 'a new connection begins the episode anew');
  await fails(policy.infer({ ...seen('go'), images: {} }), 'mismatch', /camera "front"/);
  await fails(
    policy.infer(seen('go'), { continuation: { actions: new Float32Array(4), count: 1, committed: 1 } }),
    'unsupported',
    /continue/,
  );
});

test('a robot that differs is refused with every difference', async (t) => {
  const { address } = await serverFor(t, openpiAdapter, serviceFor(t, toy()));
  const other: Embodiment = {
    ...robot,
    cameras: [{ name: 'front', width: 16, height: 8 }],
    controlHz: 20,
    state: { ...robot.state, convention: { ...robot.state.convention, frame: 'base' } },
  };
  await fails(
    open(t, address, { robot: other }),
    'mismatch',
    /state frame: expected "joint", got "base".*cameras: expected wrist, got front.*10 Hz, got 20 Hz.*camera front: expected 8 × 8 pixels, got 16 × 8/,
  );
});

test('a server that dies under a request is asked again when it is back; one that stays away is an io error', async (t) => {
  const service = serviceFor(t, toy());
  const first = await serverFor(t, openpiAdapter, service);
  const port = Number(first.address.split(':').at(-1));
  const events: string[] = [];
  const policy = await open(t, first.address, { onEvent: (line) => events.push(line) });
  await policy.reset({ seed: 3 });
  await head(policy);
  const under = policy.infer(seen('sleep 300'));
  while (!service.metrics.render().includes('running_requests 1\n'))
    await new Promise((resolve) => setTimeout(resolve, 5));
  await first.close();
  const second = serverFor(t, openpiAdapter, service, { port });
  assert.deepEqual([...(await under).data.subarray(0, 3)], [3, 0, 0.5]);
  assert.deepEqual(await head(policy), [3, 1, 0.5, 6]);
  assert.ok(events.length >= 1);
  await (await second).close();
  const impatient = open(t, first.address, { connectSeconds: 0.3 });
  await fails(impatient, 'io', /cannot be reached/);
  await fails(open(t, 'http://127.0.0.1'), 'bad-argument', /expected ws:\/\/host:port/);
});

test('a policy that dies on the server is asked again in a new session', async (t) => {
  const { address } = await serverFor(t, openpiAdapter, serviceFor(t, toy()));
  const policy = await open(t, address, { retries: 0 });
  await fails(policy.infer(seen('die')), 'io', /its thread ended/);
  assert.equal((await head(policy))[1], 0);
});

test('wrong tokens are told apart from servers that are away', async (t) => {
  const { address } = await serverFor(t, openpiAdapter, serviceFor(t, toy()), { token: 'sixteen letters!' });
  await fails(open(t, address), 'bad-argument', /expected the server’s token/);
  assert.equal((await open(t, address, { token: 'sixteen letters!' })).name, 'toy');
});

test('a request may be cancelled, and a server that never answers is given up', async (t) => {
  const { address } = await serverFor(t, openpiAdapter, serviceFor(t, toy()));
  const policy = await open(t, address, { retries: 0 });
  await fails(policy.infer(seen('sleep 60000'), { signal: AbortSignal.timeout(100) }), 'interrupted', /cancelled/);
  assert.equal((await head(policy))[1], 0);
  const hasty = await open(t, address, { retries: 0, answerSeconds: 0.2 });
  await fails(hasty.infer(seen('sleep 60000')), 'io', /no answer within 0.2 seconds/);
});

test('a stock server says nothing of its robot; what it answers is checked', async (t) => {
  const answers: Uint8Array[] = [
    encodeMessagePack({ actions: [[1, 2, 3, 4]] }),
    encodeMessagePack({}),
    encodeMessagePack('what?'),
    Uint8Array.of(0xc1),
  ];
  const server = http.createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.send(encodeMessagePack({}));
    socket.on('message', () =>
      socket.send(answers.shift() ?? 'Traceback (most recent call last):\n  …\nKeyError: prompt'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  const policy = await open(t, `ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await fails(policy.infer(seen('go')), 'bad-shape', /expected "actions" of \[horizon, 4\], got none/);
  await fails(policy.infer(seen('go')), 'bad-shape', /got none/);
  await fails(policy.infer(seen('go')), 'bad-data', /expected a map/);
  await fails(policy.infer(seen('go')), 'bad-data', /message: /);
  await fails(policy.infer(seen('go')), 'unsupported', /the server failed: KeyError: prompt/);
});
