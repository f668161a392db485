/** @file Worker threads answer, and when they cannot, whoever asks is told so and never waits for ever. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VlaError } from '../base/errors.ts';
import { workerUrl } from '../base/worker-url.ts';
import { startThreadPool } from './thread-pool.ts';

/** A worker's module from its text. */
function module(text: string): URL {
  const pool = JSON.stringify(workerUrl(import.meta.url, './thread-pool').href);
  const errors = JSON.stringify(workerUrl(import.meta.url, '../base/errors').href);
  const head = `import { answerRequests } from ${pool}; import { VlaError } from ${errors};`;
  return new URL(`data:text/javascript,${encodeURIComponent(head + text)}`);
}

const double = module(`answerRequests(async (n) => {
  if (n < 0) throw new VlaError('bad-argument', 'double: expected no less than 0, got ' + n + '.', { hint: 'Ask again.' });
  return { value: 2 * n, transfer: [] };
});`);

test('answers come to whoever asked, and errors as what they were', async () => {
  const pool = startThreadPool<number, number>(double, 2, null);
  assert.deepEqual(await Promise.all([1, 2, 3, 4, 5].map((n) => pool.run(n))), [2, 4, 6, 8, 10]);
  await assert.rejects(pool.run(-1), (error) => error instanceof VlaError && error.hint === 'Ask again.');
  assert.equal(await pool.run(4), 8);
  await pool.close();
  await assert.rejects(pool.run(1), { code: 'interrupted' });
});

test('a request that cannot be posted is refused, and its worker goes on', async () => {
  const pool = startThreadPool<unknown, number>(double, 1, null);
  await assert.rejects(
    pool.run(() => 1),
    { name: 'DataCloneError' },
  );
  const [refused, answered] = await Promise.allSettled([pool.run(() => 1), pool.run(3)]);
  assert.equal(refused.status, 'rejected');
  assert.deepEqual(answered, { status: 'fulfilled', value: 6 });
  await pool.close();
});

test('once all workers have ended, every request is refused with the reason', async () => {
  const pool = startThreadPool<number, number>(module('answerRequests(async () => process.exit(3));'), 2, null);
  const first = await Promise.allSettled([1, 2, 3].map((n) => pool.run(n)));
  assert.ok(first.every(({ status }) => status === 'rejected'));
  await assert.rejects(pool.run(4), /ended with code 3/);
  await pool.close();
});

test('a pool that closes lets each worker finish what it is doing: ended in native code it would take the process along', async () => {
  const counter = new Int32Array(new SharedArrayBuffer(8));
  const busy = module(`import { workerData } from 'node:worker_threads';
    answerRequests(async () => {
      Atomics.add(workerData, 0, 1);
      for (const end = Date.now() + 300; Date.now() < end; );
      Atomics.add(workerData, 1, 1);
      return { value: null, transfer: [] };
    });`);
  const pool = startThreadPool<null, null>(busy, 2, counter);
  const asked = Promise.allSettled([null, null, null].map((request) => pool.run(request)));
  while (Atomics.load(counter, 0) < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const closed = pool.close();
  assert.ok(
    (await asked).every((answer) => answer.status === 'rejected' && (answer.reason as VlaError).code === 'interrupted'),
  );
  assert.equal(Atomics.load(counter, 1), 0, 'whoever asked is told at once');
  await closed;
  assert.deepEqual([...counter], [2, 2], 'both finished, and the third request never began');
});
