/** @file Tests of the client of harness model servers: our own server, servers that misbehave, bytes of the harness's Python. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { serverFor, serviceFor, toy, type TestContext } from '../../../tests/serving/serve-for-test.ts';
import { toyObservation } from '../../../tests/serving/toy-observation.ts';
import { toyEmbodiment } from '../../../tests/serving/toy-policy.ts';
import { WIRE_BYTES, bytesOf, goldenPicture } from '../../../tests/wire-bytes.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Policy } from '../../interfaces/policy.ts';
import { connectPolicy } from '../policy-clients.ts';
import type { PolicyClientOptions } from '../policy-client.ts';
import { ARRAY_DIALECTS, arrayMessages } from '../wire/array-dialects.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import { Float, type WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { vlaEvalAdapter } from './vla-eval-adapter.ts';
import { harnessObservation } from './vla-eval-client.ts';
import { harnessMessage, serverSpecProblems, type HarnessMessage } from './vla-eval-messages.ts';

const messages = arrayMessages(ARRAY_DIALECTS.textKeys, DEFAULT_WIRE_LIMITS);
const robot = toyEmbodiment();

async function client(t: TestContext, address: string, change: Partial<PolicyClientOptions> = {}): Promise<Policy> {
  const options = { address, token: null, robot, mapping: null, connectSeconds: 10, answerSeconds: 10, ...change };
  const policy = await connectPolicy(options);
  t.after(() => policy.close());
  return policy;
}

/** What a server of the test answers: [type, payload], bytes as they are, nothing, or the end of the connection. */
type Answer = readonly [HarnessMessage['type'], object] | Uint8Array | null | 'hang up';

/** A server whose answers are made by the test; `heard` is all that it was sent. */
async function server(
  t: TestContext,
  answer: (message: HarnessMessage, connection: number) => Answer,
): Promise<{ address: string; heard: HarnessMessage[] }> {
  const heard: HarnessMessage[] = [];
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  let connections = 0;
  sockets.on('connection', (socket: WebSocket) => {
    const connection = ++connections;
    socket.on('message', (data: Buffer) => {
      const message = harnessMessage(messages.decode(data));
      heard.push(message);
      const said = answer(message, connection);
      if (said === 'hang up') return socket.terminate();
      if (said === null) return;
      if (said instanceof Uint8Array) return socket.send(said);
      const [type, payload] = said;
      socket.send(messages.encode({ type, payload, seq: message.seq, timestamp: new Float(1) }));
    });
  });
  await new Promise((resolve) => sockets.once('listening', resolve));
  t.after(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        sockets.close(() => resolve());
      }),
  );
  return { address: `vla-eval://127.0.0.1:${(sockets.address() as AddressInfo).port}`, heard };
}

const HELLO = { harness_version: '0.4.0', protocol_version: 1, model_server: 'Stub', capabilities: {} };
const wantsAll = { ...HELLO, observation_params: { send_state: true, send_wrist_image: true } };
const four = (value: number): object => ({ actions: NumericArray.ofFloats(new Float32Array(4).fill(value), [4]) });

/** Answers as it should. */
const plain =
  (hello: object = HELLO) =>
  ({ type }: HarnessMessage): Answer =>
    type === 'hello' ? ['hello', hello] : type === 'observation' ? ['action', four(1)] : null;

test('our client plays on our server: one action for each observation, the seed of the episode, episodes of their own', async (t) => {
  const { address } = await serverFor(t, vlaEvalAdapter, serviceFor(t, toy()), {});
  const policy = await client(t, address.replace(/^ws/, 'vla-eval+ws'));
  const act = async (state: number): Promise<number[]> => {
    const { horizon, dim, data } = await policy.infer(toyObservation('go', state));
    assert.deepEqual([horizon, dim], [1, 4]);
    return [...data];
  };
  await policy.reset({ seed: 11 });
  assert.deepEqual(
    [await act(0.5), await act(0.75), await act(0.75)],
    [
      [11, 0, 0.5, 43],
      [11, 0, 0.5, 43],
      [11, 1, 0.75, 43],
    ],
  );
  await policy.reset({ seed: 12 });
  assert.deepEqual(await act(1), [12, 0, 1, 43]);
  await assert.rejects(policy.infer(toyObservation('go', NaN)), { code: 'not-finite' });
});

test('a robot that our server’s policy was not made for is refused', async (t) => {
  const { address } = await serverFor(t, vlaEvalAdapter, serviceFor(t, toy()), {});
  const other: Embodiment = { ...robot, controlHz: 50 };
  await assert.rejects(client(t, address.replace(/^ws/, 'vla-eval'), { robot: other }), { code: 'mismatch' });
});

test('what is sent is what the harness’s own connection sends', async (t) => {
  const seen = { images: { scene: { width: 5, height: 4, data: goldenPicture() } }, state: Float32Array.of(0, 0.5, 1) };
  const one: Embodiment = { ...robot, cameras: [{ name: 'scene', width: 5, height: 4 }] };
  const payload = harnessObservation(
    { ...seen, instruction: 'pick up the red block' },
    one,
    ['agentview'],
    { state: false, wrist: false, absolute: false },
    null,
  );
  // The harness's states are doubles.
  const states = new NumericArray('f8', [3], new Uint8Array(Float64Array.of(0, 0.5, 1).buffer));
  const message = { type: 'observation', payload: { ...payload, states }, seq: 3, timestamp: new Float(12.5) };
  assert.deepEqual(messages.encode(message), bytesOf(WIRE_BYTES.harness['observation_raw']!));

  const { address, heard } = await server(t, plain());
  const policy = await client(t, address);
  await policy.reset({ seed: 1 });
  await policy.infer(toyObservation('go'));
  await policy.infer(toyObservation('go'));
  await policy.reset({ seed: 2 });
  await policy.infer(toyObservation('stop'));
  assert.deepEqual(
    heard.map(({ type }) => type),
    ['hello', 'episode_start', 'observation', 'observation', 'episode_end', 'episode_start', 'observation'],
  );
  assert.deepEqual(
    heard.map(({ seq }) => seq),
    [1, 2, 3, 4, 5, 6, 7],
  );
  assert.deepEqual([heard[0]!.payload['protocol_version'], heard[0]!.payload['benchmark']], [1, 'toy']);
  assert.deepEqual(heard[5]!.payload['task'], { __proto__: null, name: 'stop' });
  assert.equal(heard[4]!.payload['steps'], 2);
});

test('only what a server asks for is sent; a mapping file says otherwise', async (t) => {
  const sent = async (hello: object, mapping: PolicyClientOptions['mapping'] = null): Promise<string[]> => {
    const { address, heard } = await server(t, plain(hello));
    await (await client(t, address, { mapping })).infer(toyObservation('go'));
    const { images, ...rest } = heard.find(({ type }) => type === 'observation')!.payload;
    return [...Object.keys(images as WireMap), ...Object.keys(rest)];
  };
  assert.deepEqual(await sent(HELLO), ['agentview', 'task_description']);
  assert.deepEqual(await sent(wantsAll), ['agentview', 'wrist', 'task_description', 'states']);
  const mapping = { images: { wrist: 'rgb_gripper', front: 'rgb_static' }, state: { joints: 2 } };
  assert.deepEqual(await sent(HELLO, mapping), ['rgb_static', 'rgb_gripper', 'task_description', 'states']);
  assert.deepEqual(await sent(wantsAll, { images: {}, state: {} }), ['agentview', 'wrist', 'task_description']);
});

test('the harness’s own action and error are read', async (t) => {
  const renumbered = (name: string, seq: number): Uint8Array => {
    const message = messages.decode(bytesOf(WIRE_BYTES.harness[name]!)) as WireMap;
    return messages.encode({ ...message, seq, timestamp: new Float(12.5) });
  };
  let step = 0;
  const { address } = await server(t, (message) => {
    if (message.type !== 'observation') return plain()(message);
    return renumbered(step++ === 0 ? 'error' : 'action', message.seq);
  });
  const policy = await client(t, address);
  await assert.rejects(policy.infer(toyObservation('go')), {
    code: 'unsupported',
    message: /the server failed: observation_failed: x/,
  });
  assert.deepEqual([...(await policy.infer(toyObservation('go'))).data], [0, 0.25, 0.5, 0.75]);
});

test('a server that cannot begin an episode is not asked to act in it', async (t) => {
  const { address, heard } = await server(t, (message, connection) => {
    if (message.type === 'episode_start' && connection === 1) return ['error', { error: 'episode_start_failed: full' }];
    return plain()(message);
  });
  const policy = await client(t, address);
  await assert.rejects(policy.infer(toyObservation('go')), { message: /episode_start_failed: full/ });
  assert.deepEqual([...(await policy.infer(toyObservation('go'))).data], [1, 1, 1, 1]);
  const starts = heard.filter(({ type }) => type === 'episode_start').length;
  assert.equal(starts, 2, 'the episode is begun anew');
});

test('a server that is lost, late or out of order fails the observation at hand; the next one connects again', async (t) => {
  const bad: Record<string, { answer: Answer; error: RegExp; code: string }> = {
    lost: { answer: 'hang up', error: /ended the connection/, code: 'io' },
    late: { answer: null, error: /no answer within 300 ms/, code: 'io' },
    noise: { answer: Uint8Array.of(0xc1), error: /message|MessagePack/i, code: 'bad-data' },
    order: {
      answer: messages.encode({ type: 'action', payload: four(9), seq: 77, timestamp: new Float(1) }),
      error: /expected action number 3, got action number 77/,
      code: 'bad-data',
    },
  };
  for (const [name, { answer, error, code }] of Object.entries(bad)) {
    const { address, heard } = await server(t, (message, connection) =>
      message.type === 'observation' && connection === 1 ? answer : plain()(message),
    );
    const policy = await client(t, address, { answerSeconds: 0.3 });
    await assert.rejects(policy.infer(toyObservation('go')), { message: error, code }, name);
    assert.deepEqual([...(await policy.infer(toyObservation('go'))).data], [1, 1, 1, 1], name);
    assert.equal(heard.filter(({ type }) => type === 'observation').length, 2, `${name}: never sent twice`);
  }
});

test('actions that are none, of another size or not finite are refused', async (t) => {
  const answers: [object, RegExp, string][] = [
    [{}, /expected one action of numbers, got none/, 'bad-shape'],
    [{ actions: NumericArray.ofFloats(new Float32Array(8), [2, 4]) }, /got \[2, 4\]/, 'bad-shape'],
    [{ actions: NumericArray.ofFloats(new Float32Array(7), [7]) }, /expected actions of 4 numbers, got 7/, 'mismatch'],
    [four(NaN), /expected finite actions/, 'not-finite'],
  ];
  let at = 0;
  const { address } = await server(t, (message) =>
    message.type === 'observation' ? ['action', answers[at++]![0]] : plain()(message),
  );
  const policy = await client(t, address);
  for (const [, message, code] of answers) await assert.rejects(policy.infer(toyObservation('go')), { message, code });
  at = 0;
  answers.splice(
    0,
    4,
    [{ action: [1, 2, 3, 4] }, /./, ''],
    [{ actions: NumericArray.ofFloats(Float32Array.of(1, 2, 3, 4), [1, 4]) }, /./, ''],
  );
  for (const _ of [0, 1]) assert.deepEqual([...(await policy.infer(toyObservation('go'))).data], [1, 2, 3, 4]);
});

test('servers of other protocols and other kinds of actions are refused, differences in words are found', async (t) => {
  const refused: [object, string, RegExp][] = [
    [{ ...HELLO, protocol_version: 2 }, 'unsupported', /expected protocol 1, got 2/],
    [{ ...HELLO, observation_params: { send_state: 'yes' } }, 'bad-data', /observation_params\.send_state/],
    [{ ...HELLO, observation_params: { absolute_action: true } }, 'mismatch', /told where to be/],
  ];
  const moved: Embodiment = {
    ...robot,
    action: {
      names: ['x', 'y', 'z', 'rx', 'ry', 'rz', 'gripper'],
      convention: {
        rotation: 'axis-angle',
        frame: 'base',
        gripper: 'close-positive',
        reference: 'delta',
        unit: 'normalised',
      },
    },
  };
  for (const [hello, code, message] of refused) {
    const { address } = await server(t, plain(hello));
    await assert.rejects(client(t, address, { robot: moved }), { code, message });
  }
  const spec = (gripper: string, dims = 3): WireMap => ({
    action_spec: {
      position: { name: 'position', dims, format: 'delta_xyz', range: [-1, 1] },
      rotation: { name: 'rotation', dims: 3, format: 'raw' },
      gripper: { name: 'gripper', dims: 1, format: gripper },
    },
  });
  assert.deepEqual(serverSpecProblems(spec('binary_close_positive'), moved), []);
  assert.deepEqual(serverSpecProblems({ action_spec: { actions: { dims: 0, format: 'raw' } } }, moved), []);
  assert.deepEqual(serverSpecProblems({}, moved), []);
  assert.deepEqual(serverSpecProblems(spec('binary_close_negative', 2), moved), [
    'position: the robot takes 3 numbers, the server sends 2',
    'gripper: the robot takes binary_close_positive, the server sends binary_close_negative',
  ]);
});
