/** @file Tests of GR00T's protocol: the bytes of its Python clients, our client, tokens, refusals. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { serverFor, serviceFor, toy, type TestContext } from '../../../tests/serving/serve-for-test.ts';
import { toyActions, toyObservation } from '../../../tests/serving/toy-observation.ts';
import { toyEmbodiment } from '../../../tests/serving/toy-policy.ts';
import { WIRE_BYTES, bytesOf } from '../../../tests/wire-bytes.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import { connectPolicy } from '../policy-clients.ts';
import type { PolicyClientOptions } from '../policy-client.ts';
import type { AdapterOptions } from '../protocol-adapter.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { connectRequester, type Requester } from '../wire/zmtp-client.ts';
import { gr00tAdapter } from './gr00t-adapter.ts';
import { decodeGr00t, encodeGr00t, gr00tObservation, gr00tRequest, type Gr00tDialect } from './gr00t-messages.ts';

const TOKEN = 'a token of some length';

async function serve(t: TestContext, change: Partial<Omit<AdapterOptions, 'limits'>> = {}): Promise<string> {
  const { address } = await serverFor(t, gr00tAdapter, serviceFor(t, toy()), change);
  return address.replace(/^tcp/, 'gr00t');
}

async function raw(t: TestContext, address: string): Promise<Requester> {
  const { hostname, port } = new URL(address.replace(/^gr00t/, 'http'));
  const line = await connectRequester({ host: hostname, port: Number(port), connectMs: 60_000, messageBytes: 1e7 });
  t.after(async () => line.close());
  return line;
}

async function ask(line: Requester, request: object, dialect: Gr00tDialect = 'npy'): Promise<WireMap> {
  const answer = await line.ask(encodeGr00t(request, dialect), 60_000);
  return decodeGr00t(answer, DEFAULT_WIRE_LIMITS).content as WireMap;
}

const client = (address: string, change: Partial<PolicyClientOptions> = {}) =>
  connectPolicy({
    address,
    token: null,
    robot: toyEmbodiment(),
    mapping: null,
    connectSeconds: 60,
    answerSeconds: 60,
    ...change,
  });

const array = (data: Uint8Array) => NumericArray.ofBytes(data, [1, 1, 8, 8, 3]);
function observation(flat: boolean): object {
  const { images, state } = toyObservation('go');
  const [front, wrist] = [array(images['front']!.data), array(images['wrist']!.data)];
  const vector = NumericArray.ofFloats(state, [1, 1, 2]);
  return flat
    ? { 'video.front': front, 'video.wrist': wrist, 'state.state': vector, task: ['go'] }
    : { video: { front, wrist }, state: { state: vector }, language: { task: [['go']] } };
}

test('requests of both versions’ Python clients are read alike', () => {
  for (const [golden, expected] of [
    [WIRE_BYTES.gr00t_16, 'npy'],
    [WIRE_BYTES.gr00t_17, 'lebedov'],
  ] as const) {
    const { content, dialect } = decodeGr00t(bytesOf(golden['get_action']!), DEFAULT_WIRE_LIMITS);
    assert.equal(dialect, expected);
    const { endpoint, data } = gr00tRequest(content);
    assert.equal(endpoint, 'get_action');
    const { observation: seen, flat } = gr00tObservation(data);
    assert.equal(flat, false);
    assert.equal((seen['language'] as WireMap)['task'], 'stack');
    assert.deepEqual(((seen['video'] as WireMap)['front'] as NumericArray).shape, [1, 1, 4, 5, 3]);
    const ping = gr00tRequest(decodeGr00t(bytesOf(golden['ping']!), DEFAULT_WIRE_LIMITS).content);
    assert.equal(ping.endpoint, 'ping');
  }
});

test('clients of both versions are answered in their own coding, nested and flat', async (t) => {
  const address = await serve(t);
  for (const dialect of ['npy', 'lebedov'] as const) {
    const line = await raw(t, address);
    assert.deepEqual({ ...(await ask(line, { endpoint: 'ping' })) }, { status: 'ok', message: 'Server is running' });
    await ask(line, { endpoint: 'reset', data: { options: { seed: 9 } } });
    for (const flat of [false, true]) {
      const request = { endpoint: 'get_action', data: { observation: observation(flat), options: null } };
      const bytes = await line.ask(encodeGr00t(request, dialect), 60_000);
      const { content, dialect: answered } = decodeGr00t(bytes, DEFAULT_WIRE_LIMITS);
      assert.equal(answered, dialect);
      const [actions, info] = content as [WireMap, WireMap];
      assert.deepEqual({ ...info }, {});
      const chunk = actions[flat ? 'action.action' : 'action'] as NumericArray;
      assert.deepEqual(chunk.shape, [1, 2, 4]);
      assert.deepEqual([...chunk.toFloats()], toyActions(9, flat ? 1 : 0));
    }
  }
});

test('our client plays episodes on our server, each with its seed; clients do not disturb each other', async (t) => {
  const address = await serve(t);
  const [one, two] = await Promise.all([client(address), client(address)]);
  await Promise.all([one.reset({ seed: 5 }), two.reset({ seed: 6 })]);
  for (let call = 0; call < 3; call++) {
    const chunks = await Promise.all([one, two].map((policy) => policy.infer(toyObservation('go', call / 4))));
    assert.deepEqual(
      chunks.map(({ data }) => [...data]),
      [toyActions(5, call, call / 4), toyActions(6, call, call / 4)],
    );
  }
  await one.reset({ seed: 7 });
  assert.deepEqual([...(await one.infer(toyObservation('go'))).data], toyActions(7, 0));
  await assert.rejects(one.infer(toyObservation('fail')), {
    code: 'unsupported',
    message: /expected another instruction/,
  });
  assert.equal((await one.infer(toyObservation('go'))).horizon, 2);
  await Promise.all([one.close(), two.close()]);
});

test('groups and names of a mapping, on either side', async (t) => {
  const server = {
    images: { front: ['video.ego_view'] },
    state: [['state.left', 'state.right']],
    actions: { arm: 3, hand: 1 },
  };
  const address = await serve(t, { mapping: server });
  const line = await raw(t, address);
  const modalities = await ask(line, { endpoint: 'get_modality_config' });
  const keys = Object.fromEntries(
    Object.entries(modalities).map(([name, config]) => [
      name,
      { ...(((config as WireMap)['as_json'] as WireMap) ?? null) },
    ]),
  );
  assert.deepEqual(keys, {
    video: { delta_indices: [0], modality_keys: ['ego_view', 'wrist'] },
    state: { delta_indices: [0], modality_keys: ['left', 'right'] },
    action: { delta_indices: [0, 1], modality_keys: ['arm', 'hand'] },
    language: { delta_indices: [0], modality_keys: ['task'] },
  });
  await assert.rejects(client(address), {
    code: 'mismatch',
    message: /cameras: expected ego_view, wrist, got front, wrist/,
  });
  const images = { front: 'ego_view' };
  await assert.rejects(client(address, { mapping: { images } }), {
    code: 'mismatch',
    message: /state: expected left, right/,
  });
  const state = { left: 1, right: 1 };
  await assert.rejects(client(address, { mapping: { images, state, actions: { arm: 4, hand: 1 } } }), {
    code: 'mismatch',
  });
  const policy = await client(address, { mapping: { images, state, actions: { arm: 3, hand: 1 } } });
  await policy.reset({ seed: 3 });
  assert.deepEqual([...(await policy.infer(toyObservation('go'))).data], toyActions(3, 0));
  await policy.close();
});

test('the token is asked for before anything else, and needed beyond this machine', async (t) => {
  const address = await serve(t, { token: TOKEN });
  await assert.rejects(client(address), { code: 'bad-argument', message: /token/ });
  await assert.rejects(client(address, { token: 'another token, as long' }), { code: 'bad-argument' });
  const policy = await client(address, { token: TOKEN });
  await policy.reset({ seed: 1 });
  await policy.close();
  const line = await raw(t, address);
  for (const endpoint of ['ping', 'get_action', 'kill', 'none']) {
    assert.match(String((await ask(line, { endpoint, api_token: 5 }))['error']), /api_token/);
  }
  await assert.rejects(serve(t, { host: '0.0.0.0' }), { code: 'bad-argument', message: /token/ });
  const tls = { cert: new Uint8Array(1), key: new Uint8Array(1) };
  await assert.rejects(serve(t, { tls }), { code: 'unsupported', message: /without TLS/ });
});

test('what cannot be done is said without a traceback, and the client goes on', async (t) => {
  const address = await serve(t);
  const line = await raw(t, address);
  const error = async (request: object): Promise<string> => String((await ask(line, request))['error']);
  assert.match(await error({ endpoint: 'kill' }), /cannot end this server/);
  assert.match(await error({ endpoint: 'shutdown' }), /Unknown endpoint: shutdown/);
  assert.match(await error({ endpoint: 'get_action', data: {} }), /expected an observation/);
  assert.match(
    await error({ endpoint: 'get_action', data: { observation: { language: { task: [['go']] } } } }),
    /camera "front"/,
  );
  const seen = observation(false) as { language: unknown };
  const two = { ...seen, language: { task: [['go'], ['on']] } };
  assert.match(await error({ endpoint: 'get_action', data: { observation: two } }), /instruction: expected a text/);
  const crash = await error({
    endpoint: 'get_action',
    data: { observation: { ...seen, language: { task: [['crash']] } } },
  });
  assert.ok(!/\n\s+at /.test(crash), crash);
  assert.match(String((await ask(line, [1] as never))['error']), /expected a map/);
  assert.equal((await ask(line, { endpoint: 'ping' }))['status'], 'ok');
});

test('a robot with other dimensions is refused', async (t) => {
  const address = await serve(t);
  const plain = toyEmbodiment();
  const robot: Embodiment = { ...plain, action: { ...plain.action, names: ['x', 'y'] } };
  const policy = await client(address, { robot });
  await assert.rejects(policy.infer(toyObservation('go')), {
    code: 'bad-data',
    message: /expected \[1, horizon, 2\], got \[1, 2, 4\]/,
  });
  await policy.close();
});
