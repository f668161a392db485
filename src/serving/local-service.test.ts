/** @file A policy in its thread: sessions of their own, a bounded queue, deadlines, cancellation, and a thread that dies. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError, type ErrorCode } from '../base/errors.ts';
import { shippedFile } from '../base/shipped-file.ts';
import type { Observation } from '../interfaces/observation.ts';
import { checkpointPolicy, openPolicy } from '../training/policy-module.ts';
import { serviceFor, toy } from '../../tests/serving/serve-for-test.ts';

const folder = shippedFile('checkpoints/tabletop');

/** What a camera of the tabletop might see. */
function seen(k: number, size = 64): Observation {
  const image = (camera: number) => ({
    width: size,
    height: size,
    data: Uint8Array.from({ length: size * size * 3 }, (_, i) => (i * (7 + camera) + 31 * k) % 256),
  });
  const state = Float32Array.of(0.4, 0.01 * k, 0.2, 3, 0.1, 0, 0.04, -0.04);
  return { images: { front: image(0), wrist: image(1) }, state, instruction: 'put the red cube on the plate' };
}

function toySeen(instruction: string, state = 0.5): Observation {
  const image = { width: 8, height: 8, data: new Uint8Array(192).fill(3) };
  return { images: { front: image, wrist: image }, state: Float32Array.of(0, state), instruction };
}

const fails = (promise: Promise<unknown>, code: ErrorCode, text: RegExp): Promise<void> =>
  assert.rejects(promise, (error) => error instanceof VlaError && error.code === code && text.test(error.message));

test('sessions of a checkpoint play as it does alone, bit for bit, while others play between them', async (t) => {
  const alone = await openPolicy({ folder });
  t.after(() => alone.close());
  const expected: Float32Array[][] = [];
  for (const seed of [5, 6]) {
    await alone.reset({ seed });
    const chunks: Float32Array[] = [];
    for (let k = 0; k < 4; k++) chunks.push((await alone.infer(seen(k + seed))).data);
    expected.push(chunks);
  }
  assert.notDeepEqual(expected[0], expected[1]);
  const service = serviceFor(t, checkpointPolicy({ folder }));
  const contract = await service.ready();
  assert.deepEqual(contract.embodiment, alone.embodiment);
  assert.equal(contract.horizon, expected[0]![0]!.length / 7);
  const sessions = await Promise.all([5, 6, 5].map((seed) => service.openSession({ seed })));
  const played = await Promise.all(
    sessions.map(async (session, s) => {
      const chunks: Float32Array[] = [];
      for (let k = 0; k < 4; k++) chunks.push((await session.infer(seen(k + 5 + (s % 2)))).data);
      return chunks;
    }),
  );
  assert.deepEqual(played, [expected[0], expected[1], expected[0]]);
  await sessions[1]!.reset({ seed: 5 });
  assert.deepEqual((await sessions[1]!.infer(seen(5))).data, expected[0]![0]);
});

test('requests that come together are computed as one where that was asked for: the same actions up to rounding', async (t) => {
  const service = serviceFor(t, checkpointPolicy({ folder, batch: 4 }));
  const alone = await openPolicy({ folder });
  t.after(() => alone.close());
  const seeds = [1, 2, 3, 4, 5, 6, 7];
  const sessions = await Promise.all(seeds.map((seed) => service.openSession({ seed })));
  let exact = 0;
  for (let call = 0; call < 2; call++) {
    const chunks = await Promise.all(sessions.map((session, s) => session.infer(seen(s + call))));
    for (const [s, seed] of seeds.entries()) {
      await alone.reset({ seed });
      let expected = (await alone.infer(seen(s))).data;
      if (call === 1) expected = (await alone.infer(seen(s + 1))).data;
      const got = chunks[s]!.data;
      const worst = Math.max(...got.map((value, i) => Math.abs(value - expected[i]!)));
      assert.ok(worst < 1e-4, `seed ${seed}, call ${call}: ${worst}`);
      exact += Number(worst === 0);
    }
  }
  assert.ok(exact < 14, 'some of them were computed together');
});

test('a policy whose players share nothing is opened once per session, and a place that is free again is taken', async (t) => {
  const service = serviceFor(t, toy(), { sessions: 2 });
  const [a, b] = [await service.openSession({ seed: 1 }), await service.openSession({ seed: 2 })];
  await a.infer(toySeen('go'));
  assert.deepEqual([...(await a.infer(toySeen('go'))).data.subarray(0, 2)], [1, 1]);
  assert.deepEqual([...(await b.infer(toySeen('go'))).data.subarray(0, 4)], [2, 0, 0.5, 6]);
  await fails(service.openSession({ seed: 3 }), 'unsupported', /sessions: expected at most 2/);
  await a.close();
  await fails(a.infer(toySeen('go')), 'bad-argument', /closed/);
  const c = await service.openSession({ seed: 4 });
  assert.deepEqual([...(await c.infer(toySeen('go'))).data.subarray(0, 2)], [4, 0]);
});

test('more requests than may wait are refused, and those that wait are answered in turn', async (t) => {
  const service = serviceFor(t, toy(), { waiting: 2 });
  const sessions = await Promise.all([1, 2, 3, 4].map((seed) => service.openSession({ seed })));
  const order: number[] = [];
  const asked = sessions.map((session, i) => session.infer(toySeen('sleep 100')).then(() => order.push(i)));
  const refused = fails(asked[3]!, 'unsupported', /queue: expected at most 2 waiting requests/);
  await Promise.all([refused, ...asked.slice(0, 3)]);
  assert.deepEqual(order, [0, 1, 2]);
  assert.match(service.metrics.render(), /vlakit_refusals_total\{reason="queue"\} 1\n/);
});

test('a missed deadline and a cancelled request are told at once, waiting or at work, and do not stay in the way', async (t) => {
  const service = serviceFor(t, toy(), { requestMs: 20_000 });
  const [a, b] = [await service.openSession({ seed: 1 }), await service.openSession({ seed: 2 })];
  await fails(
    a.infer(toySeen('sleep 60000'), { deadlineMs: 30 }),
    'interrupted',
    /deadline of 30 ms has passed, at work/,
  );
  const cancel = new AbortController();
  const working = a.infer(toySeen('sleep 60000'));
  await fails(b.infer(toySeen('go'), { deadlineMs: 30 }), 'interrupted', /deadline of 30 ms has passed, waiting/);
  const waiting = b.infer(toySeen('go'), { signal: cancel.signal });
  cancel.abort();
  await fails(waiting, 'interrupted', /cancelled, waiting/);
  await Promise.all([fails(working, 'interrupted', /cancelled, at work/), a.close()]);
  assert.equal((await b.infer(toySeen('go'))).data[1], 0, 'what never began is no call of the episode');
});

test('errors of the policy reach who asked, and only them', async (t) => {
  const service = serviceFor(t, toy());
  const session = await service.openSession({ seed: 1 });
  await fails(session.infer(toySeen('fail')), 'bad-argument', /another instruction/);
  await fails(session.infer(toySeen('crash')), 'unsupported', /it failed/);
  await fails(session.infer(toySeen('nan')), 'not-finite', /got NaN in action 0/);
  await fails(session.infer({ ...toySeen('go'), images: {} }), 'mismatch', /camera "front"/);
  assert.equal((await session.infer(toySeen('go'))).horizon, 2);
});

test('a thread that dies takes its episodes with it, says so to each, and is started again', async (t) => {
  const events: string[] = [];
  const service = serviceFor(t, toy(), {}, (line) => events.push(line));
  const [a, b] = [await service.openSession({ seed: 1 }), await service.openSession({ seed: 2 })];
  const dying = a.infer(toySeen('die'));
  const behind = b.infer(toySeen('go'));
  await Promise.all([fails(dying, 'io', /its thread ended \(exit code 3\)/), fails(behind, 'io', /its thread ended/)]);
  await fails(b.infer(toySeen('go')), 'io', /this episode is lost/);
  assert.equal(service.state, 'starting');
  await b.reset({ seed: 9 });
  assert.deepEqual([...(await b.infer(toySeen('go'))).data.subarray(0, 2)], [9, 0]);
  await fails(a.infer(toySeen('go')), 'io', /this episode is lost/);
  assert.equal(events.length, 1);
  assert.match(service.metrics.render(), /vlakit_restarts_total 1\n/);
});

test('a policy that cannot be opened is said by its own error, for good; a stillborn thread is given up after some tries', async (t) => {
  const broken = serviceFor(t, toy({ broken: true }));
  await fails(broken.ready(), 'bad-data', /toy: expected weights/);
  assert.equal(broken.state, 'failed');
  await fails(broken.openSession({ seed: 1 }), 'bad-data', /toy: expected weights/);
  const stillborn = serviceFor(t, toy({ stillborn: true }));
  await fails(stillborn.ready(), 'io', /exit code 7/);
  assert.equal(stillborn.state, 'failed');
});
