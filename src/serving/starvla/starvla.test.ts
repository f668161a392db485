/** @file Tests of starVLA's protocol: metadata, ping, batches, errors that do not end the connection, our client. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { serverFor, serviceFor, toy, type TestContext } from '../../../tests/serving/serve-for-test.ts';
import { toyActions, toyObservation } from '../../../tests/serving/toy-observation.ts';
import { toyEmbodiment } from '../../../tests/serving/toy-policy.ts';
import { connectPolicy } from '../policy-clients.ts';
import type { PolicyClientOptions } from '../policy-client.ts';
import type { AdapterOptions } from '../protocol-adapter.ts';
import { openWebSocketLine, type WebSocketLine } from '../websocket-line.ts';
import { ARRAY_DIALECTS, arrayMessages } from '../wire/array-dialects.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { starvlaAdapter } from './starvla-adapter.ts';

const messages = arrayMessages(ARRAY_DIALECTS.openpi, DEFAULT_WIRE_LIMITS);

async function serve(t: TestContext, change: Partial<Omit<AdapterOptions, 'limits'>> = {}): Promise<string> {
  const { address } = await serverFor(t, starvlaAdapter, serviceFor(t, toy()), change);
  return address.replace(/^ws/, 'starvla');
}

async function raw(t: TestContext, address: string): Promise<{ line: WebSocketLine; metadata: WireMap }> {
  const url = address.replace(/^starvla/, 'ws');
  const line = await openWebSocketLine({ url, token: null, connectMs: 60_000, messageBytes: 1e7 });
  t.after(async () => line.close());
  return { line, metadata: messages.decode((await line.ask(null, 60_000)) as Uint8Array) as WireMap };
}

async function ask(line: WebSocketLine, request: object): Promise<WireMap> {
  return messages.decode((await line.ask(messages.encode(request), 60_000)) as Uint8Array) as WireMap;
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

function example(lang: string, state = 0.5): object {
  const seen = toyObservation(lang, state);
  const image = Object.values(seen.images).map(({ data }) => NumericArray.ofBytes(data, [8, 8, 3]));
  return { image, lang, state: NumericArray.ofFloats(seen.state, [1, 2]) };
}

test('metadata comes first; a ping is answered; flat and wrapped requests are; a batch is one array', async (t) => {
  const { line, metadata } = await raw(t, await serve(t, { seed: 4 }));
  assert.equal(metadata['action_chunk_size'], 2);
  assert.deepEqual(metadata['available_unnorm_keys'], ['toy']);
  assert.deepEqual(metadata['training_obs_image_size'], [8, 8]);
  const ping = await ask(line, { type: 'ping', request_id: 'a' });
  assert.deepEqual({ ...ping }, { status: 'ok', ok: true, type: 'ping', request_id: 'a' });
  const flat = await ask(line, { examples: [example('go')], unnorm_key: 'toy', do_sample: false, use_ddim: true });
  assert.deepEqual(
    [flat['status'], flat['ok'], flat['type'], flat['request_id']],
    ['ok', true, 'inference_result', 'default'],
  );
  const one = (flat['data'] as WireMap)['actions'] as NumericArray;
  assert.deepEqual([one.shape, [...one.toFloats()]], [[1, 2, 4], toyActions(4, 0)]);
  const payload = { examples: [example('go', 0.25), example('go', 0.75)], unnorm_key: null };
  const wrapped = await ask(line, { type: 'predict_action', request_id: 7, payload });
  assert.equal(wrapped['request_id'], 7);
  const two = (wrapped['data'] as WireMap)['actions'] as NumericArray;
  assert.deepEqual(
    [two.shape, [...two.toFloats()]],
    [
      [2, 2, 4],
      [...toyActions(4, 1, 0.25), ...toyActions(4, 2, 0.75)],
    ],
  );
});

test('what is wrong with a request is said in its answer, and the connection stays', async (t) => {
  const { line } = await raw(t, await serve(t));
  const message = async (request: object): Promise<string> => {
    const answer = await ask(line, request);
    assert.deepEqual([answer['status'], answer['ok']], ['error', false]);
    return String((answer['error'] as WireMap)['message']);
  };
  assert.match(await message({ type: 'init' }), /Unsupported message type 'init'/);
  assert.match(await message({ examples: [] }), /examples/);
  assert.match(await message({ payload: 5 }), /payload/);
  assert.match(
    await message({ examples: [example('go')], unnorm_key: 'franka' }),
    /expected "toy" or none, got "franka"/,
  );
  const { image } = example('go') as { image: unknown[] };
  assert.match(await message({ examples: [{ ...example('go'), image: image.slice(0, 1) }] }), /camera "wrist"/);
  assert.match(await message({ examples: [example('fail')] }), /expected another instruction/);
  const crash = await message({ examples: [example('crash')] });
  assert.ok(!/\n\s+at /.test(crash), crash);
  assert.equal((await ask(line, { type: 'ping' }))['ok'], true);
});

test('what is no message at all is answered with text, and ends the connection', async (t) => {
  const { line } = await raw(t, await serve(t));
  const answer = await line.ask(Uint8Array.of(0xc1), 60_000);
  assert.ok(typeof answer === 'string' && /expected/.test(answer));
  await assert.rejects(line.ask(Uint8Array.of(0xc0), 60_000), { code: 'io', message: /1011/ });
});

test('our client plays on our server and connects again for the next question', async (t) => {
  const service = serviceFor(t, toy());
  const first = await starvlaAdapter.start(service, options(0));
  const address = first.address.replace(/^ws/, 'starvla');
  const policy = await client(address);
  assert.deepEqual([...(await policy.infer(toyObservation('go'))).data], toyActions(0, 0));
  await assert.rejects(policy.infer(toyObservation('fail')), { code: 'unsupported', message: /another instruction/ });
  await first.close();
  await assert.rejects(policy.infer(toyObservation('go'), { signal: AbortSignal.timeout(1) }));
  const second = await starvlaAdapter.start(service, options(Number(new URL(first.address).port)));
  assert.deepEqual([...(await policy.infer(toyObservation('go'))).data], toyActions(0, 0));
  await policy.close();
  await assert.rejects(policy.infer(toyObservation('go')), { code: 'bad-argument' });
  await second.close();
});

const options = (port: number): AdapterOptions => ({
  host: '127.0.0.1',
  port,
  token: null,
  tls: null,
  limits: DEFAULT_WIRE_LIMITS,
  mapping: null,
  seed: 0,
  tracebacks: false,
});

test('the order of images is said by a mapping; other robots and other statistics are refused', async (t) => {
  const address = await serve(t, { mapping: { images: { front: ['image.1'], wrist: ['image.0'] } } });
  const policy = await client(address, { mapping: { images: { front: 'image.1', wrist: 'image.0' } } });
  assert.equal((await policy.infer(toyObservation('go'))).data[3], 43);
  await policy.close();
  await assert.rejects(client(address, { mapping: { images: { front: 'image.5' } } }), { code: 'mismatch' });
  await assert.rejects(client(address, { mapping: { images: {}, unnormKey: 'franka' } }), {
    code: 'mismatch',
    message: /franka/,
  });
  const robot = toyEmbodiment({ imageSize: 16 });
  await assert.rejects(client(address, { robot }), {
    code: 'mismatch',
    message: /expected 8 × 8 pixels, got 16 × 16/,
    hint: /--image-size/,
  });
});

test('a token is sent as the stock client sends its key', async (t) => {
  const token = 'a token of some length';
  const address = await serve(t, { token });
  await assert.rejects(client(address), { code: 'bad-argument', message: /token/ });
  const policy = await client(address, { token });
  assert.equal((await policy.infer(toyObservation('go'))).horizon, 2);
  await policy.close();
});

test('a deadline and a signal end a question', async (t) => {
  const address = await serve(t);
  const hasty = await client(address, { answerSeconds: 0.2 });
  await assert.rejects(hasty.infer(toyObservation('sleep 3000')), { code: 'io', message: /no answer within 200 ms/ });
  await hasty.close();
  const policy = await client(address);
  const stop = new AbortController();
  const asked = policy.infer(toyObservation('sleep 3000'), { signal: stop.signal });
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(asked, { code: 'interrupted' });
  await policy.close();
});
