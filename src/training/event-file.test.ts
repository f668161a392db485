/** @file Event files have the framing, checksums and fields that TensorBoard reads. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { crc32c, frameRecord, openEventFile, scalarEvent } from './event-file.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('CRC-32C gives the values of RFC 3720', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.equal(crc32c(new TextEncoder().encode('123456789')), 0xe3069283);
});

test('a record is framed as TensorFlow frames it', () => {
  // Made with tensorboard 2.21: RecordWriter(buffer).write(b"abc").
  assert.equal(hex(frameRecord(new TextEncoder().encode('abc'))), GOLDEN_ABC);
});

test('a scalar event has the bytes of the protocol buffer', () => {
  // Made with tensorboard 2.21: Event(wall_time=1.5, step=300, summary=Summary(value=[Value(tag="a/b", simple_value=0.25)])).
  assert.equal(hex(scalarEvent(1.5, 300, { 'a/b': 0.25 })), GOLDEN_EVENT);
});

test('a resumed file starts with a session start, and every record checks', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'events-'));
  const events = openEventFile(folder, 20, () => Date.now() / 1000);
  events.write(21, { 'train/loss': 1, 'train/rate': 2 });
  events.close();
  const [name] = fs.readdirSync(folder);
  assert.match(name!, /^events\.out\.tfevents\.\d{10}\./);
  const bytes = fs.readFileSync(path.join(folder, name!));
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    assert.equal(hex(bytes.subarray(at, at + 16 + length)), hex(frameRecord(data)));
    records.push(data);
    at += 16 + length;
  }
  assert.equal(records.length, 3);
  assert.ok(Buffer.from(records[0]!).includes('brain.Event:2'));
  assert.equal(hex(records[1]!.subarray(9)), '10143a020801');
  assert.ok(Buffer.from(records[2]!).includes('train/rate'));
  fs.rmSync(folder, { recursive: true });
});

const GOLDEN_ABC = '0300000000000000b099490e6162636e57f121';
const GOLDEN_EVENT = '09000000000000f83f10ac022a0c0a0a0a03612f62150000803e';
