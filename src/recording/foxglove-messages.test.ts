/** @file Tests of Foxglove's messages against what Google's compiler and Python package make of Foxglove's own files. */

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { PbfReader } from 'pbf';
import { repositoryRoot } from '../../tests/shared-data.ts';
import { readJson } from '../base/files.ts';
import { descriptorSet, type FoxgloveMessage } from './foxglove-descriptors.ts';
import {
  decodeCompressedImage,
  decodeRawImage,
  encodeCompressedImage,
  encodeLog,
  encodeRawImage,
} from './foxglove-messages.ts';

const golden = readJson<{
  seconds: number;
  nanos: number;
  messages: Record<FoxgloveMessage, { descriptor: string; sample: string }>;
}>(path.join(repositoryRoot, 'tests/golden/foxglove-messages.json'));
const time = BigInt(golden.seconds) * 1_000_000_000n + BigInt(golden.nanos);
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');

test('messages are the bytes that Python writes', () => {
  const { CompressedImage, RawImage, Log } = golden.messages;
  assert.equal(
    base64(encodeCompressedImage({ time, frameId: 'front', data: bytes(10), format: 'png' })),
    CompressedImage.sample,
  );
  assert.equal(
    base64(encodeRawImage({ time, frameId: 'wrist', width: 2, height: 1, data: bytes(6) })),
    RawImage.sample,
  );
  const message = 'joint 2: slower, at most 1 rad/s';
  assert.equal(base64(encodeLog({ time, level: 'WARNING', message, name: 'so101' })), Log.sample);
});

test('descriptors are those that protoc compiles', () => {
  for (const [name, { descriptor }] of Object.entries(golden.messages)) {
    const files = new PbfReader(descriptorSet(name as FoxgloveMessage)).readFields<Uint8Array[]>((tag, list, pbf) => {
      if (tag === 1) list.push(pbf.readBytes());
    }, []);
    assert.equal(files.length, 2);
    assert.equal(base64(files[1]!), descriptor, name);
  }
});

test('pictures are read back, and damaged ones are not taken for pictures', () => {
  const { data, format } = decodeCompressedImage(Buffer.from(golden.messages.CompressedImage.sample, 'base64'));
  assert.deepEqual([[...data], format], [[...bytes(10)], 'png']);
  const raw = decodeRawImage(Buffer.from(golden.messages.RawImage.sample, 'base64'));
  assert.deepEqual([raw.width, raw.height, raw.step, raw.format, [...raw.data]], [2, 1, 6, 'rgb8', [...bytes(6)]]);
  assert.throws(() => decodeRawImage(Uint8Array.of(0x0f, 1, 2)));
});
