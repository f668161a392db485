/** @file Record files: what is written is read, what was cut off is continued, other records and full disks are refused. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Random } from '../../base/random.ts';
import { allocate, elementCount, type Tensor } from '../../base/tensor.ts';
import {
  blocksDone,
  openRecordReader,
  openRecordWriter,
  recordBytes,
  requireSpace,
  type RecordLayout,
} from './record-file.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'records-'));
after(() => fs.rmSync(root, { recursive: true }));

const layout: RecordLayout = {
  fields: [
    { name: 'half', dtype: 'f16', shape: [3] },
    { name: 'single', dtype: 'f32', shape: [2, 3] },
    { name: 'one', dtype: 'f32', shape: [] },
    { name: 'whole', dtype: 'i64', shape: [1] },
  ],
  block: 4,
  blocks: 5,
};

function tensors(rows: number, seed: number | null): Record<string, Tensor> {
  return Object.fromEntries(
    layout.fields.map(({ name, dtype, shape }, f) => {
      const data = allocate(dtype, rows * elementCount(shape));
      if (seed !== null) {
        const random = new Random(seed, f);
        for (let i = 0; i < data.length; i++) {
          const value = Math.floor(random.uniform() * 1000);
          data[i] = dtype === 'i64' ? BigInt(value) : value;
        }
      }
      return [name, { dtype, shape: [rows, ...shape], data } as Tensor];
    }),
  );
}

test('records come back from any place, after any cut', async () => {
  const folder = path.join(root, 'records');
  fs.mkdirSync(folder);
  const first = openRecordWriter(folder, layout);
  assert.throws(() => openRecordWriter(folder, layout), { code: 'bad-argument', message: /no other writer/ });
  first.write(tensors(4, 0));
  first.write(tensors(4, 1));
  first.close();
  assert.equal(blocksDone(folder, layout), 2);
  // A process that died in the middle of a block leaves more bytes than are vouched for.
  fs.appendFileSync(path.join(folder, 'records.bin'), new Uint8Array(37).fill(255));
  const second = openRecordWriter(folder, layout);
  assert.equal(second.done, 2);
  for (let block = 2; block < 5; block++) second.write(tensors(4, block));
  second.close();
  assert.equal(fs.statSync(path.join(folder, 'records.bin')).size, 20 * recordBytes(layout));
  const reader = await openRecordReader(folder, layout);
  for (const record of [19, 0, 6, 13]) {
    const into = tensors(2, null);
    await reader.read(record, 1, into);
    const block = tensors(4, Math.floor(record / 4));
    for (const { name, shape } of layout.fields) {
      const count = elementCount(shape);
      const row = record % 4;
      assert.deepEqual(into[name]!.data.slice(count), block[name]!.data.slice(row * count, (row + 1) * count), name);
      assert.ok(into[name]!.data.slice(0, count).every((value) => Number(value) === 0));
    }
  }
  await assert.rejects(reader.read(20, 0, tensors(1, null)), { code: 'bad-data' });
  await reader.close();
  assert.throws(() => blocksDone(folder, { ...layout, block: 8 }), { code: 'mismatch' });
});

test('a disk that would not hold the records is refused before anything is written', () => {
  requireSpace(root, 1000, 1000);
  requireSpace(root, 1000);
  assert.throws(() => requireSpace(root, 5.4e9, 1.21e9), {
    code: 'io',
    message: `${root}: expected 5.40 GB of free disk, got 1.21 GB.`,
  });
});
