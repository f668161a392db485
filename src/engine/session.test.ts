/** @file Sessions: state that stays between runs, named axes, weights and the errors for wrong feeds. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { f32 } from '../base/tensor.ts';
import {
  add,
  createSession,
  cumsum,
  gradient,
  input,
  linear,
  matmul,
  mul,
  output,
  pad,
  reduceMean,
  reshape,
  slice,
  softmax,
  split,
  sub,
  tanh,
  trace,
  transpose,
  weight,
  type Graph,
  type SessionOptions,
} from './index.ts';
import { webGpuMissing } from './runtimes/webgpu-driver.ts';

/** A small regression by gradient descent; the parameters are one flat vector of 2·3 + 2. */
function regression(): Graph {
  return trace(() => {
    const flat = input('flat', 'f32', [8]);
    const x = input('x', 'f32', [4, 3]);
    const y = input('y', 'f32', [4, 2]);
    const [w, b] = splitFlat();
    const error = sub(tanh(linear(x, w, b)), y);
    const loss = reduceMean(mul(error, error));
    const [g] = gradient(loss, [flat]);
    output('loss', loss);
    output('flat.next', sub(flat, mul(g!, 0.5)));
    function splitFlat() {
      const [a, rest] = split(flat, 0, [6, 2]);
      return [reshape(a!, [2, 3]), rest!] as const;
    }
  });
}

const FEEDS = {
  x: f32([1, 0.5, -1, 0.3, -0.2, 0.9, -0.7, 0.1, 0.4, 0.2, 0.8, -0.6], [4, 3]),
  y: f32([0.5, -0.5, 0.2, 0.1, -0.3, 0.4, 0.6, -0.1], [4, 2]),
};
const missingWebGpu = await webGpuMissing();

const START = { flat: f32([0.1, -0.2, 0.3, 0.2, 0.1, -0.1, 0, 0]) };

/** Every way to run a session, with what it needs; a missing driver skips with the reason. */
const PLACES: readonly (readonly [
  name: string,
  where: Pick<SessionOptions, 'runtime' | 'worker'>,
  skip: string | false,
])[] = [
  ['cpu', { runtime: 'cpu' }, false],
  ['cpu in a worker', { runtime: 'cpu', worker: true }, false],
  ['webgpu', { runtime: 'webgpu' }, missingWebGpu],
  ['webgpu in a worker', { runtime: 'webgpu', worker: true }, missingWebGpu],
  ['reference', { runtime: 'reference' }, false],
];

for (const [place, where, skip] of PLACES) {
  test(`${place}: state feeds itself, is read and written as copies`, { skip }, async () => {
    const options = { ...where, state: { flat: 'flat.next' }, initialState: START, threads: 1 };
    const session = await createSession(regression(), options);
    assert.deepEqual(Object.keys(session.inputs), ['x', 'y']);
    assert.deepEqual(Object.keys(session.outputs), ['loss']);
    const losses: number[] = [];
    for (let i = 0; i < 20; i++) losses.push(Number((await session.run(FEEDS))['loss']!.data[0]));
    assert.ok(losses.at(-1)! < 0.5 * losses[0]!, `the loss went from ${losses[0]} to ${losses.at(-1)}`);
    const kept = await session.readState();
    const after = (await session.run(FEEDS))['loss']!.data[0];
    await session.writeState(kept);
    assert.equal((await session.run(FEEDS))['loss']!.data[0], after);
    await session.writeState(START);
    assert.equal((await session.run(FEEDS))['loss']!.data[0], losses[0]);
    await session.close();
  });

  test(`${place}: runs started together run one after the other`, { skip }, async () => {
    const options = { ...where, state: { flat: 'flat.next' }, initialState: START, threads: 1 };
    const [one, two] = [await createSession(regression(), options), await createSession(regression(), options)];
    const together = await Promise.all([one.run(FEEDS), one.run(FEEDS), one.run(FEEDS)]);
    for (const result of together) assert.deepEqual((await two.run(FEEDS))['loss'], result['loss']);
    await Promise.all([one.close(), two.close()]);
  });

  test(`${place}: named axes take the size that is fed`, { skip }, async () => {
    const graph = trace(() =>
      output('y', softmax(add(input('x', 'f32', ['B', 'T']), input('shift', 'f32', ['B', 1])))),
    );
    const session = await createSession(graph, where);
    for (const length of [1, 3]) {
      const results = await session.run({
        x: f32([0, 0, 0, 0, 0, 0].slice(0, 2 * length), [2, length]),
        shift: f32([1, 2], [2, 1]),
      });
      assert.deepEqual(results['y']!.shape, [2, length]);
    }
    await assert.rejects(session.run({ x: f32([0, 0], [2, 1]), shift: f32([1], [1, 1]) }), {
      message: 'session: input "shift": expected f32 [B, 1], got f32 [1, 1].',
    });
    await session.close();
  });

  test(`${place}: weights are bound when the session is made`, { skip }, async () => {
    const graph = trace(() => output('y', linear(input('x', 'f32', [1, 2]), weight('w', 'f32', [1, 2]))));
    const session = await createSession(graph, { ...where, weights: { w: f32([2, 3], [1, 2]) } });
    assert.deepEqual([...((await session.run({ x: f32([10, 1], [1, 2]) }))['y']!.data as Float32Array)], [23]);
    await session.close();
  });

  test(`${place}: wrong feeds are named`, { skip }, async () => {
    const session = await createSession(regression(), { ...where, state: { flat: 'flat.next' } });
    await assert.rejects(session.run({ x: FEEDS.x }), { message: 'session: expected an input "y", got none.' });
    await assert.rejects(session.run({ ...FEEDS, z: FEEDS.y }), { code: 'not-found' });
    await assert.rejects(session.run({ ...FEEDS, x: f32([1, 2, 3, 4], [2, 2]) }), {
      code: 'bad-shape',
      message: 'session: input "x": expected f32 [4, 3], got f32 [2, 2].',
    });
    await session.close();
  });
}

test('state that does not fit is refused', async () => {
  await assert.rejects(createSession(regression(), { runtime: 'cpu', state: { flat: 'loss' } }), { code: 'bad-shape' });
  await assert.rejects(createSession(regression(), { runtime: 'cpu', state: { flatt: 'flat.next' } }), {
    code: 'not-found',
    hint: 'Did you mean "flat"?',
  });
});

test('while a worker computes, the caller goes on', async () => {
  const graph = trace(() => {
    const x = input('x', 'f32', [512, 512]);
    output(
      'y',
      [1, 2, 3, 4, 5, 6, 7, 8].reduce((y) => softmax(matmul(y, x)), x),
    );
  });
  const session = await createSession(graph, { runtime: 'cpu', worker: true, threads: 1 });
  let turns = 0;
  const turn = (): void => {
    turns++;
    timer = setImmediate(turn);
  };
  let timer = setImmediate(turn);
  await session.run({ x: f32(new Float32Array(512 * 512), [512, 512]) });
  clearImmediate(timer);
  await session.close();
  assert.ok(turns > 1, 'the event loop turned while the model ran');
});

test('errors keep their kind across the worker, and a closed session refuses', async () => {
  const session = await createSession(regression(), { runtime: 'cpu', worker: true, state: { flat: 'flat.next' } });
  await assert.rejects(session.writeState({ flat: f32([1, 2]) }), { name: 'VlaError', code: 'bad-shape' });
  await assert.rejects(session.readState(['flatt']), { code: 'not-found', hint: 'Did you mean "flat"?' });
  await session.close();
  await assert.rejects(session.run(FEEDS), { code: 'interrupted' });
  await session.close();
});

for (const [place, where, skip] of PLACES) {
  test(`${place}: zeros go where they belong beside transposes`, { skip }, async (t) => {
    const graph = trace(() => {
      const x = transpose(input('x', 'f32', [1, 2, 3, 1]), [0, 2, 1, 3]);
      output('y', transpose(pad(x, 2, 1, 2), [0, 2, 1, 3]));
    });
    const session = await createSession(graph, where);
    t.after(() => session.close());
    const { y } = await session.run({ x: f32([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]) });
    assert.deepEqual(y!.shape, [1, 5, 3, 1]);
    assert.deepEqual([...y!.data], [0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0]);
  });
}

test('a number and a list of one number are two constants of a graph', async () => {
  const graph = trace(() => {
    const x = input('x', 'f32', [1, 4]);
    output('sums', cumsum(x, 1));
    output('rest', slice(x, 1, 1, 4));
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  const results = await session.run({ x: f32([1, 2, 3, 4], [1, 4]) });
  await session.close();
  assert.deepEqual([...results['sums']!.data], [1, 3, 6, 10]);
  assert.deepEqual([...results['rest']!.data], [2, 3, 4]);
});
