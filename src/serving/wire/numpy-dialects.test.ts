/** @file Tests of the array dialects of vla-evaluation-harness, starVLA and GR00T against bytes that their Python code packed. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { WIRE_BYTES, bytesOf, goldenPicture } from '../../../tests/wire-bytes.ts';
import { ARRAY_DIALECTS, arrayMessages } from './array-dialects.ts';
import { EncodedImage, decodePictures } from './encoded-image.ts';
import { DEFAULT_WIRE_LIMITS } from './limits.ts';
import { Float, type WireMap } from './message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';

const messages = (name: keyof typeof ARRAY_DIALECTS) => arrayMessages(ARRAY_DIALECTS[name], DEFAULT_WIRE_LIMITS);
const floats = (values: readonly number[], ...shape: number[]) =>
  NumericArray.ofFloats(Float32Array.from(values), shape);
const quarters = (count: number) => Array.from({ length: count }, (_, i) => i / 4);

test('GR00T’s requests and answers are written and read as N1.6 and N1.7 do', () => {
  const observation = {
    video: { front: NumericArray.ofBytes(goldenPicture(), [1, 1, 4, 5, 3]) },
    state: { arm: floats([0, 0.5], 1, 1, 2), gripper: floats([1], 1, 1, 1) },
    language: { task: [['stack']] },
  };
  const actions = { arm: floats(quarters(6), 1, 3, 2), gripper: floats([0, 0, 0], 1, 3, 1) };
  for (const [golden, dialect] of [
    [WIRE_BYTES.gr00t_16, 'npy'],
    [WIRE_BYTES.gr00t_17, 'lebedov'],
  ] as const) {
    const { encode, decode } = messages(dialect);
    const request = { endpoint: 'get_action', data: { observation, options: null } };
    assert.deepEqual(new Uint8Array(encode(request)), bytesOf(golden['get_action']!), dialect);
    assert.deepEqual(new Uint8Array(encode([actions, {}])), bytesOf(golden['actions']!), dialect);
    const read = decode(bytesOf(golden['actions']!)) as [{ arm: NumericArray }, unknown];
    assert.deepEqual([...read[0].arm.toFloats()], quarters(6));
    assert.deepEqual(read[0].arm.shape, [1, 3, 2]);
  }
});

test('starVLA’s messages have openpi’s arrays', () => {
  const { encode, decode } = messages('openpi');
  const image = [
    NumericArray.ofBytes(goldenPicture(), [4, 5, 3]),
    NumericArray.ofBytes(goldenPicture(2, 2), [2, 2, 3]),
  ];
  const example = { image, lang: 'stack', state: floats([0, 1, 2], 1, 3) };
  const request = { examples: [example], unnorm_key: 'franka', do_sample: false };
  assert.deepEqual(new Uint8Array(encode(request)), bytesOf(WIRE_BYTES.starvla['infer']!));
  const data = { actions: floats(quarters(6), 1, 3, 2) };
  const result = { status: 'ok', ok: true, type: 'inference_result', request_id: 'default', data };
  assert.deepEqual(new Uint8Array(encode(result)), bytesOf(WIRE_BYTES.starvla['result']!));
  const read = decode(bytesOf(WIRE_BYTES.starvla['metadata']!)) as WireMap;
  assert.deepEqual({ ...read }, { action_chunk_size: 8, available_unnorm_keys: ['franka'] });
});

test('the harness’s messages are written as its Python does, and its images read whatever their coding', async () => {
  const { encode, decode } = messages('textKeys');
  const message = (type: string, payload: object, seq: number) => ({ type, payload, seq, timestamp: new Float(12.5) });
  assert.deepEqual(
    new Uint8Array(encode(message('action', { actions: floats(quarters(4), 4) }, 3))),
    bytesOf(WIRE_BYTES.harness['action']!),
  );
  const hello = { harness_version: '0.4.0', protocol_version: 1, benchmark: 'b' };
  assert.deepEqual(new Uint8Array(encode(message('hello', hello, 1))), bytesOf(WIRE_BYTES.harness['hello']!));
  for (const coding of ['png', 'jpeg', 'raw']) {
    const read = decode(bytesOf(WIRE_BYTES.harness[`observation_${coding}`]!)) as { payload: WireMap };
    const { images, states } = (await decodePictures(read.payload, DEFAULT_WIRE_LIMITS)) as {
      images: Record<string, NumericArray>;
      states: NumericArray;
    };
    assert.deepEqual([states.type, ...states.toNumbers()], ['f8', 0, 0.5, 1]);
    const picture = images['agentview']!;
    assert.deepEqual(picture.shape, [4, 5, 3]);
    const expected = coding === 'jpeg' ? bytesOf(WIRE_BYTES.jpeg_rgb) : goldenPicture();
    const worst = Math.max(...expected.map((byte, i) => Math.abs(byte - picture.bytes[i]!)));
    assert.ok(worst <= (coding === 'jpeg' ? 2 : 0), `${coding}: ${worst}`);
  }
});

test('numpy scalars become numbers; pickles, records, texts and complex numbers are refused', () => {
  const { decode } = messages('lebedov');
  assert.equal(decode(bytesOf(WIRE_BYTES.lebedov_scalar)), 1.5);
  assert.deepEqual(Object.keys(WIRE_BYTES.lebedov_refused), ['objects', 'records', 'texts', 'complex']);
  for (const [name, coded] of Object.entries(WIRE_BYTES.lebedov_refused)) {
    assert.throws(() => decode(bytesOf(coded)), { code: 'bad-data' }, name);
  }
});

test('maps of one dialect are no arrays in another', () => {
  const array = floats([1], 1);
  const coded = messages('textKeys').encode({ a: array });
  assert.ok(!((messages('openpi').decode(coded) as WireMap)['a'] instanceof NumericArray));
  assert.ok((messages('textKeys').decode(coded) as WireMap)['a'] instanceof NumericArray);
  const image = messages('textKeys').encode({ a: { __image__: true, format: 'png', data: new Uint8Array(3) } });
  assert.ok((messages('textKeys').decode(image) as WireMap)['a'] instanceof EncodedImage);
});
