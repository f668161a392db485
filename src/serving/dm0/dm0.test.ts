/** @file Tests of dexbotic's HTTP protocol: forms that Python's requests wrote, batches, episodes, refusals, our client. */

import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { serverFor, serviceFor, toy, type TestContext } from '../../../tests/serving/serve-for-test.ts';
import { toyActions, toyObservation } from '../../../tests/serving/toy-observation.ts';
import { toyEmbodiment } from '../../../tests/serving/toy-policy.ts';
import { WIRE_BYTES, bytesOf, goldenPicture } from '../../../tests/wire-bytes.ts';
import { encodePng } from '../../base/png.ts';
import { connectPolicy } from '../policy-clients.ts';
import type { PolicyClientOptions } from '../policy-client.ts';
import type { AdapterOptions } from '../protocol-adapter.ts';
import { decodePicture } from '../wire/encoded-image.ts';
import { readForm, type FormData as ReadForm } from '../wire/form-data.ts';
import { DEFAULT_WIRE_LIMITS, type WireLimits } from '../wire/limits.ts';
import { dm0Adapter } from './dm0-adapter.ts';
import { dm0Chunk, dm0Request } from './dm0-messages.ts';

type Change = Partial<Omit<AdapterOptions, 'limits'>> & { limits?: Partial<WireLimits> };

async function serve(t: TestContext, change: Change = {}): Promise<string> {
  return (await serverFor(t, dm0Adapter, serviceFor(t, toy()), change)).address;
}

function form(fields: Readonly<Record<string, string>>, instruction = 'go', copies = 1): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries({ text: instruction, ...fields })) data.append(name, value);
  for (let i = 0; i < copies; i++) {
    for (const image of Object.values(toyObservation(instruction).images)) {
      data.append('image', new Blob([encodePng(image) as Uint8Array<ArrayBuffer>]), 'image');
    }
  }
  return data;
}

interface Answer {
  readonly response: number[][];
  readonly error: string;
}

async function post(address: string, body: BodyInit, path = '/process_frame', headers = {}): Promise<[number, Answer]> {
  const response = await fetch(address + path, { method: 'POST', body, headers });
  return [response.status, (await response.json()) as Answer];
}

/** What `readForm` makes of a body. */
async function formOf(type: string, body: Uint8Array, limits = DEFAULT_WIRE_LIMITS): Promise<ReadForm> {
  let read: Promise<ReadForm> | null = null;
  const server = http.createServer((request, response) => {
    read = readForm(request, limits);
    void read.then(
      () => response.end(),
      () => response.writeHead(400, { connection: 'close' }).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-type': type } });
    request.on('error', resolve).on('response', (response) => response.resume().on('close', resolve));
    request.end(body);
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return read!;
}

test('forms that dexbotic’s client sends are read: one image without a type, or all fields', async () => {
  const plain = dm0Request(await formOf(WIRE_BYTES.form.plain.type, bytesOf(WIRE_BYTES.form.plain.body)));
  assert.equal(plain.batched, false);
  const [{ text, images, state }] = plain.examples as [(typeof plain.examples)[number]];
  assert.deepEqual([text, images.length, state], ['stack', 1, null]);
  const picture = await decodePicture(images[0]!, 'image', DEFAULT_WIRE_LIMITS);
  assert.deepEqual(picture, { width: 5, height: 4, data: goldenPicture() });
  const full = dm0Request(await formOf(WIRE_BYTES.form.full.type, bytesOf(WIRE_BYTES.form.full.body)));
  assert.equal(full.batched, true);
  assert.deepEqual(full.examples[0]!.state, [0.5, 1, -2]);
  assert.equal((await decodePicture(full.examples[0]!.images[1]!, 'image', DEFAULT_WIRE_LIMITS)).width, 16);
});

test('forms that are cut, too long, of too many parts, or none are refused', async () => {
  const { type, body } = WIRE_BYTES.form.full;
  const bytes = bytesOf(body);
  const refused = (given: Uint8Array, limits: Partial<WireLimits> = {}, as = type): Promise<void> =>
    assert.rejects(formOf(as, given, { ...DEFAULT_WIRE_LIMITS, ...limits }), { code: 'bad-data' });
  await refused(bytes.subarray(0, bytes.length - 60));
  await refused(bytes, { messageBytes: 500 });
  await refused(bytes, { arrayBytes: 50 });
  await refused(bytes, {}, 'application/json');
  await refused(bytes, {}, 'multipart/form-data');
  const many = Array.from(
    { length: 100 },
    (_, i) => `--x\r\nContent-Disposition: form-data; name="f${i}"\r\n\r\n1\r\n`,
  );
  await refused(Buffer.from(`${many.join('')}--x--\r\n`), {}, 'multipart/form-data; boundary=x');
  const long = `--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n${'a'.repeat(50_000)}\r\n--x--\r\n`;
  await refused(Buffer.from(long), {}, 'multipart/form-data; boundary=x');
});

test('a form is answered by a list of actions, a batch by one list each; an episode begins where a client says so', async (t) => {
  const address = await serve(t, { seed: 4 });
  const states = '[0.25, 0.5]';
  const rows = (...flat: number[]): number[][] => [flat.slice(0, 4), flat.slice(4)];
  assert.deepEqual(await post(address, form({ states })), [200, { response: rows(...toyActions(4, 0)) }]);
  assert.deepEqual(await post(address, form({})), [200, { response: rows(...toyActions(4, 1, 0)) }]);
  assert.deepEqual(await post(address, form({ states, batch_size: '1' })), [
    200,
    { response: [rows(...toyActions(4, 2))] },
  ]);
  const two = form({ states: '[[0, 1], [0, 2]]', batch_size: '2' }, 'go', 2);
  assert.deepEqual(await post(address, two), [
    200,
    { response: [rows(...toyActions(4, 3, 1)), rows(...toyActions(4, 4, 2))] },
  ]);
  const fresh = form({ states, episode_first_frame: 'True' });
  assert.deepEqual(await post(address, fresh), [200, { response: rows(...toyActions(5, 0)) }]);
  const together = await Promise.all([1, 2, 3, 4].map(() => post(address, form({ states }))));
  assert.deepEqual(
    together.map(([, { response }]) => response[0]![1]!).sort((a, b) => a - b),
    [1, 2, 3, 4],
  );
});

test('what is wrong is said as JSON with a status, without a traceback', async (t) => {
  const address = await serve(t);
  const error = async (status: number, body: BodyInit, pattern: RegExp, path?: string): Promise<void> => {
    const [got, content] = await post(address, body, path);
    assert.equal(got, status, JSON.stringify(content));
    assert.match(content.error, pattern);
  };
  await error(404, 'x', /not found/, '/other');
  await error(400, 'x', /expected multipart/);
  await error(400, form({ states: 'import os' }), /states/);
  await error(400, form({ states: '[1]' }), /state of 2 values, got 1/);
  await error(400, form({ states: '[0, 1]', batch_size: '3' }), /batch_size/);
  await error(400, form({ states: '[0, 1]', batch_size: '-1' }), /batch_size/);
  await error(400, form({ states: '[0, 1e999]' }), /states/);
  const odd = new FormData();
  odd.append('image', new Blob(['GIF89a']), 'x');
  await error(400, odd, /PNG or JPEG/);
  await error(400, form({}, 'fail'), /another instruction/);
  const [status, { error: crash }] = await post(address, form({}, 'crash'));
  assert.ok(status >= 500 && !/\n\s+at /.test(crash), crash);
  const got = await fetch(`${address}/process_frame`);
  assert.equal(got.status, 405);
  assert.equal((await post(address, form({})))[0], 200);
});

test('web pages and strangers are not let in', async (t) => {
  const token = 'a token of some length';
  const address = await serve(t, { token });
  const body = form({});
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${address}/process_frame`, { method: 'POST', body, headers })).status;
  assert.equal(await status({}), 401);
  assert.equal(await status({ authorization: `Bearer ${token}`, origin: 'http://example.org' }), 401);
  assert.equal(await status({ authorization: `Bearer ${token}` }), 200);
});

const client = (address: string, change: Partial<PolicyClientOptions> = {}) =>
  connectPolicy({
    address: `dm0+${address}`,
    token: null,
    robot: toyEmbodiment(),
    mapping: null,
    connectSeconds: 60,
    answerSeconds: 60,
    ...change,
  });

test('our client plays episodes on our server', async (t) => {
  const address = await serve(t, { seed: 8 });
  const policy = await client(address);
  for (let episode = 0; episode < 2; episode++) {
    await policy.reset({ seed: 0 });
    for (let call = 0; call < 2; call++) {
      const chunk = await policy.infer(toyObservation('go', call / 4));
      assert.deepEqual([...chunk.data], toyActions(9 + episode, call, call / 4));
    }
  }
  await assert.rejects(policy.infer(toyObservation('fail')), { code: 'unsupported', message: /another instruction/ });
  const stop = new AbortController();
  const asked = policy.infer(toyObservation('sleep 3000'), { signal: stop.signal });
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(asked, { code: 'interrupted' });
  await policy.close();
});

test('a prompt around the instruction, no state, an order of images', async (t) => {
  const address = await serve(t, { mapping: { images: { front: ['image.1'], wrist: ['image.0'] } } });
  const images = { front: 'image.1', wrist: 'image.0' };
  const policy = await client(address, { mapping: { images, state: {}, prompt: 'fail {instruction}' } });
  await assert.rejects(policy.infer(toyObservation('go')), { code: 'unsupported', message: /another instruction/ });
  const plain = await client(address, { mapping: { images, state: {} } });
  assert.deepEqual([...(await plain.infer(toyObservation('go', 0.75))).data].slice(2, 4), [0, 43]);
});

test('answers that are no actions of the robot are refused; [[[…]]] is DM0’s own form', () => {
  assert.deepEqual([...dm0Chunk('{"response": [[[1, 2], [3, 4]]]}', 2, 'x').data], [1, 2, 3, 4]);
  assert.equal(dm0Chunk('{"response": [[1, 2], [3, 4]]}', 2, 'x').horizon, 2);
  for (const text of [
    '',
    '{}',
    '{"response": "pick"}',
    '{"response": []}',
    '{"response": [[1]]}',
    '{"response": [[1, null]]}',
  ]) {
    assert.throws(() => dm0Chunk(text, 2, 'x'), { code: 'bad-data' }, text);
  }
});

test('nobody there, a wrong token, and answers that do not come', async (t) => {
  await assert.rejects(client('http://127.0.0.1:9', { connectSeconds: 0.5 }), { code: 'io' });
  const address = await serve(t, { token: 'a token of some length' });
  const policy = await client(address);
  await assert.rejects(policy.infer(toyObservation('go')), { code: 'bad-argument', message: /token/ });
  const hasty = await client(await serve(t), { answerSeconds: 0.2 });
  await assert.rejects(hasty.infer(toyObservation('sleep 3000')), { code: 'io', message: /no answer within 200 ms/ });
});
