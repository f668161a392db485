/** @file Tests of addresses and mapping files of clients. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { toyEmbodiment } from '../../tests/serving/toy-policy.ts';
import { cameraNames, cameraOrder, promptOf, readClientMapping } from './client-mapping.ts';
import { checkedChunk, parseAddress, transportOf, untilConnected } from './policy-client.ts';
import { connectPolicy } from './policy-clients.ts';
import { isRemoteWord } from './remote-policy.ts';
import { VlaError } from '../base/errors.ts';

const robot = toyEmbodiment();

test('addresses name protocol, transport, host, port and a mapping file', () => {
  assert.deepEqual(parseAddress('DM0+https://Robot.lan:7891/?mapping=a b.json'), {
    protocol: 'dm0',
    transport: 'https',
    host: 'Robot.lan',
    port: 7891,
    place: 'Robot.lan:7891',
    mapping: 'a b.json',
  });
  const six = parseAddress('gr00t://[::1]:5555');
  assert.deepEqual([six.host, six.place, six.transport, six.mapping], ['::1', '[::1]:5555', null, null]);
  for (const text of [
    'gr00t',
    'gr00t://',
    'gr00t://host',
    'gr00t://host:0',
    'gr00t://host:70000',
    'a://user@host:1/x',
    '',
  ]) {
    assert.throws(() => parseAddress(text), { code: 'bad-argument' }, text);
  }
  assert.equal(transportOf(parseAddress('starvla://a:1'), ['ws', 'wss']), 'ws');
  assert.throws(() => transportOf(parseAddress('starvla+tcp://a:1'), ['ws', 'wss']), { code: 'bad-argument' });
});

test('the words of all clients are known; others are not', async () => {
  for (const word of ['ws', 'starvla', 'starvla+wss', 'vla-eval', 'vla-eval+ws', 'gr00t', 'dm0', 'dm0+http']) {
    assert.ok(isRemoteWord(`${word}://127.0.0.1:1`), word);
  }
  assert.ok(!isRemoteWord('pickle://127.0.0.1:1'));
  const options = { token: null, robot, mapping: null, connectSeconds: 1, answerSeconds: 1 };
  await assert.rejects(connectPolicy({ ...options, address: 'gr0ot://a:1' }), { code: 'not-found', hint: /gr00t/ });
});

test('mapping files are read, and what they cannot mean is refused', () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'mapping-')), 'names.json');
  const read = (content: string): ReturnType<typeof readClientMapping> => {
    fs.writeFileSync(file, content);
    return readClientMapping(file);
  };
  const mapping = read('{"images": {"front": "ego"}, "state": {"arm": 2}, "prompt": "Do {instruction}!"}');
  assert.deepEqual(
    cameraNames(robot, mapping, (name) => name),
    ['ego', 'wrist'],
  );
  assert.equal(promptOf('$& it', mapping), 'Do $& it!');
  assert.deepEqual(cameraOrder(robot, read('{"images": {"front": "image.1", "wrist": "image.0"}}')), [
    'wrist',
    'front',
  ]);
  for (const content of ['{', '[]', '{"image": {}}', '{"state": {"a": 0}}', '{"prompt": "x"}']) {
    assert.throws(() => read(content), { code: 'bad-data' }, content);
  }
  assert.throws(() => readClientMapping(`${file}.none`), { code: 'bad-data' });
  assert.throws(() => cameraNames(robot, read('{"images": {"top": "a"}}'), (name) => name), { code: 'mismatch' });
  assert.throws(() => cameraNames(robot, read('{"images": {"front": "wrist"}}'), (name) => name), { code: 'mismatch' });
  assert.throws(() => cameraOrder(robot, read('{"images": {"front": "image.1"}}')), { code: 'mismatch' });
});

test('chunks of other sizes and with numbers that are none are refused', () => {
  const chunk = (...values: number[]) => ({ horizon: values.length / 4, dim: 4, data: Float32Array.from(values) });
  assert.equal(checkedChunk(chunk(1, 2, 3, 4), robot, 'x').horizon, 1);
  assert.throws(() => checkedChunk(chunk(), robot, 'x'), { code: 'mismatch' });
  assert.throws(() => checkedChunk(chunk(1, 2, 3), robot, 'x'), { code: 'mismatch' });
  assert.throws(() => checkedChunk(chunk(1, 2, 3, 4, 5, NaN, 7, 8), robot, 'x'), {
    code: 'not-finite',
    message: /NaN for call of action 1/,
  });
});

test('connecting is tried again only while nobody listens, and only as long as somebody waits', async () => {
  let tries = 0;
  const answer = await untilConnected(30, () => {
    if (++tries < 3) throw new VlaError('io', 'nobody');
    return Promise.resolve(5);
  });
  assert.deepEqual([answer, tries], [5, 3]);
  const refuse = (code: 'io' | 'mismatch') => () => Promise.reject(new VlaError(code, 'no'));
  await assert.rejects(untilConnected(30, refuse('mismatch')), { code: 'mismatch' });
  await assert.rejects(untilConnected(0, refuse('io')), { code: 'io' });
  await assert.rejects(untilConnected(30, refuse('io'), AbortSignal.abort()), { code: 'interrupted' });
});
