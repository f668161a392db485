/** @file openpi's own Python client against our server, unmodified. Skipped where Python or its package openpi-client is absent. */

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import { promisify } from 'node:util';
import { serverFor, serviceFor, toy } from '../../../tests/serving/serve-for-test.ts';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { openpiAdapter } from './openpi-adapter.ts';

/** VLAKIT_PYTHON names an interpreter with the package. */
const python = process.env['VLAKIT_PYTHON'] ?? 'python3';
const found = spawnSync(python, ['-c', 'import openpi_client.websocket_client_policy']).status === 0;

test(
  'the stock client passes unmodified: health, metadata, inference, error frame',
  { skip: found ? false : 'needs Python with openpi-client' },
  async (t) => {
    const service = serviceFor(t, toy());
    await service.ready();
    const { address } = await serverFor(t, openpiAdapter, service, { seed: 12 });
    const script = path.join(repositoryRoot, 'tests/serving/stock_openpi_client.py');
    const { stdout } = await promisify(execFile)(python, [script, address.split(':').at(-1)!]);
    const seen = JSON.parse(stdout) as {
      health: [number, string];
      policy: string;
      answers: { dtype: string; shape: number[]; first: number[]; expected: number; timing: string[] }[];
      error: string;
    };
    assert.deepEqual(seen.health, [200, 'OK\n']);
    assert.equal(seen.policy, 'toy');
    for (const [k, { dtype, shape, first, expected, timing }] of seen.answers.entries()) {
      assert.deepEqual([dtype, shape], ['float32', [2, 4]]);
      assert.deepEqual(first, [12, k, 0.5, expected]);
      assert.deepEqual(timing, k === 0 ? ['infer_ms'] : ['infer_ms', 'prev_total_ms']);
    }
    assert.match(
      seen.error,
      /^Error in inference server:\nerror\[mismatch\]: observation: expected an image of camera "front"/,
    );
  },
);
