/** @file metrics.jsonl is appended, cut back on resume, and refuses numbers that are none. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { openMetricsLog, readMetrics } from './metrics-log.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'metrics-'));
after(() => fs.rmSync(folder, { recursive: true }));

test('lines are there as soon as they are appended, and a resumed log continues after the given byte', () => {
  const file = path.join(folder, 'run', 'metrics.jsonl');
  const log = openMetricsLog(file, 0);
  log.append({ step: 1, kind: 'train', loss: 0.1 });
  assert.deepEqual(readMetrics(file), [{ step: 1, kind: 'train', loss: 0.1 }]);
  const bytes = log.sync();
  log.append({ step: 2, kind: 'train', loss: 0.2 });
  log.close();
  fs.appendFileSync(file, '{"step":3,"ki');
  assert.equal(readMetrics(file).length, 2);
  const resumed = openMetricsLog(file, bytes);
  resumed.append({ step: 2, kind: 'train', loss: 0.25 });
  resumed.close();
  assert.deepEqual(
    readMetrics(file).map((line) => line['loss']),
    [0.1, 0.25],
  );
});

test('a file shorter than the checkpoint knew is an error', () => {
  const file = path.join(folder, 'short.jsonl');
  fs.writeFileSync(file, 'x');
  assert.throws(() => openMetricsLog(file, 10), /expected at least 10 bytes, got 1/);
});

test('a loss that is no number is refused with its step', () => {
  const log = openMetricsLog(path.join(folder, 'nan.jsonl'), 0);
  assert.throws(
    () => log.append({ step: 7, kind: 'train', loss: Number.NaN }),
    /step 7: expected a finite loss, got NaN/,
  );
  log.close();
});
