/** @file Tests of the evaluation harness's protocol: bytes of its Python, chunks given out action by action, episodes, errors, its HTTP pages. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { serverFor, serviceFor, toy, type TestContext } from '../../../tests/serving/serve-for-test.ts';
import { toyObservation } from '../../../tests/serving/toy-observation.ts';
import { toyEmbodiment } from '../../../tests/serving/toy-policy.ts';
import { WIRE_BYTES, bytesOf } from '../../../tests/wire-bytes.ts';
import { encodePng } from '../../base/png.ts';
import type { PolicyContract } from '../policy-service.ts';
import { openWebSocketLine, type WebSocketLine } from '../websocket-line.ts';
import { ARRAY_DIALECTS, arrayMessages } from '../wire/array-dialects.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { vlaEvalAdapter } from './vla-eval-adapter.ts';
import { harnessMessage, helloPayload, type HarnessMessage } from './vla-eval-messages.ts';

const messages = arrayMessages(ARRAY_DIALECTS.textKeys, DEFAULT_WIRE_LIMITS);

async function serve(t: TestContext): Promise<string> {
  return (await serverFor(t, vlaEvalAdapter, serviceFor(t, toy()), { seed: 3 })).address;
}

async function open(t: TestContext, url: string): Promise<WebSocketLine> {
  const line = await openWebSocketLine({ url, token: null, connectMs: 60_000, messageBytes: 1e7 });
  t.after(async () => line.close());
  return line;
}

async function ask(line: WebSocketLine, type: string, payload: object, seq: number): Promise<HarnessMessage> {
  const answer = await line.ask(messages.encode({ type, payload, seq, timestamp: 1.5 }), 60_000);
  return harnessMessage(messages.decode(answer as Uint8Array));
}

function observation(instruction: string, state = 0.5, coding: 'png' | 'array' = 'array'): object {
  const seen = toyObservation(instruction, state);
  const images = Object.fromEntries(
    Object.entries(seen.images).map(([name, image]) => [
      name,
      coding === 'array'
        ? NumericArray.ofBytes(image.data, [8, 8, 3])
        : { __image__: true, format: 'png', data: encodePng(image), shape: [8, 8, 3] },
    ]),
  );
  return { images, task_description: instruction, states: NumericArray.ofFloats(seen.state, [2]) };
}

const actionOf = ({ type, payload }: HarnessMessage): number[] => {
  assert.equal(type, 'action');
  const actions = payload['actions'] as NumericArray;
  assert.deepEqual(actions.shape, [4]);
  return [...actions.toFloats()];
};

test('hello is answered; every observation by one action of the chunk; a new episode begins a new one', async (t) => {
  const line = await open(t, await serve(t));
  const hello = await ask(line, 'hello', { harness_version: '0.4.0', protocol_version: 1 }, 1);
  assert.deepEqual([hello.type, hello.seq, hello.payload['protocol_version']], ['hello', 1, 1]);
  assert.deepEqual(
    { ...(hello.payload['observation_params'] as WireMap) },
    { send_state: true, send_wrist_image: true },
  );
  assert.ok(WIRE_BYTES.hello_keys.every((key) => key in hello.payload));
  const played: number[][] = [];
  for (let step = 0; step < 4; step++) {
    const answer = await ask(line, 'observation', observation('go', step, step % 2 === 0 ? 'png' : 'array'), 10 + step);
    assert.equal(answer.seq, 10 + step);
    played.push(actionOf(answer));
  }
  assert.deepEqual(played, [
    [3, 0, 0, 43],
    [3, 0, 0, 43],
    [3, 1, 2, 43],
    [3, 1, 2, 43],
  ]);
  await ask(line, 'observation', observation('go', 9), 20);
  const begin = messages.encode({ type: 'episode_start', payload: { task: { name: 'x' } }, seq: 21, timestamp: 1.5 });
  const next = await Promise.all([line.ask(begin, 300).catch((error: Error) => error), Promise.resolve()]);
  assert.ok(next[0] instanceof Error, 'the start of an episode is not answered');
});

test('an episode that starts in the middle of a chunk gets a chunk of its own', async (t) => {
  const url = await serve(t);
  const line = await open(t, url);
  assert.deepEqual(actionOf(await ask(line, 'observation', observation('go', 1), 1)), [3, 0, 1, 43]);
  const start = { type: 'episode_start', payload: {}, seq: 2, timestamp: 1.5 };
  const both = line.ask(messages.encode(start), 60_000);
  // The start has no answer, so the next message is the answer to what follows.
  const second = await open(t, url);
  assert.deepEqual(actionOf(await ask(second, 'observation', observation('go', 1), 1)).slice(1), [0, 1, 43]);
  line.close();
  await assert.rejects(both);
});

test('errors are messages, and do not end the connection', async (t) => {
  const line = await open(t, await serve(t));
  const error = async (type: string, payload: object): Promise<string> => {
    const answer = await ask(line, type, payload, 5);
    assert.deepEqual([answer.type, answer.seq], ['error', 5]);
    return String(answer.payload['error']);
  };
  assert.match(await error('observation', {}), /an image of camera "front"/);
  assert.match(await error('action', {}), /expected an observation, got an action/);
  assert.match(await error('observation', observation('fail')), /another instruction/);
  const crash = await error('observation', observation('crash'));
  assert.ok(!/\n\s+at /.test(crash), crash);
  const wrong = await line.ask(messages.encode({ type: 'dance', payload: {}, seq: 1, timestamp: 1 }), 60_000);
  assert.equal(harnessMessage(messages.decode(wrong as Uint8Array)).type, 'error');
  const noise = await line.ask(Uint8Array.of(0xc1, 1, 2), 60_000);
  assert.equal(harnessMessage(messages.decode(noise as Uint8Array)).type, 'error');
  assert.deepEqual(actionOf(await ask(line, 'observation', observation('go', 2), 6)).slice(2), [2, 43]);
});

test('the harness’s own messages are read', () => {
  for (const name of ['hello', 'episode_start', 'episode_end', 'observation_png', 'action', 'error']) {
    const message = harnessMessage(messages.decode(bytesOf(WIRE_BYTES.harness[name]!)));
    assert.equal(message.type, name.replace('_png', ''));
    assert.equal(message.timestamp, 12.5);
  }
});

test('health and configuration are pages; nothing is set by them', async (t) => {
  const url = (await serve(t)).replace(/^ws/, 'http');
  const line = await open(t, url.replace(/^http/, 'ws'));
  await ask(line, 'hello', {}, 1);
  assert.equal((await fetch(`${url}/health`)).status, 200);
  const config = await fetch(`${url}/config?max_batch_size=8`);
  assert.deepEqual(await config.json(), { applied: {}, config: {} });
  assert.equal((await fetch(`${url}/other`)).status, 404);
});

test('actions of one arm are described in the harness’s words', () => {
  const embodiment = toyEmbodiment();
  const contract: PolicyContract = { policy: 'toy', embodiment, horizon: 2, statistics: null, continues: null };
  const raw = helloPayload(contract)['action_spec'];
  assert.deepEqual(raw, { raw: { name: 'raw', dims: 4, format: 'raw' } });
  const action = {
    names: ['x', 'y', 'z', 'rx', 'ry', 'rz', 'gripper'],
    convention: {
      rotation: 'axis-angle',
      frame: 'base',
      gripper: 'close-positive',
      reference: 'delta',
      unit: 'normalised',
    },
  } as const;
  const spec = helloPayload({ ...contract, embodiment: { ...embodiment, action } })['action_spec'] as Record<
    string,
    WireMap
  >;
  assert.deepEqual(
    Object.values(spec).map(({ format }) => format),
    ['delta_xyz', 'axis_angle', 'binary_close_positive'],
  );
});
