/** @file State stays where it is between runs: in buffers of the graphics card, or in the same two buffers of host memory. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { f32 } from '../../base/tensor.ts';
import { compile, concat, input, mul, output, reduceSum, split, sub, trace, type CompiledGraph } from '../index.ts';
import { openWithState } from './node-session.ts';
import { webGpuMissing } from './webgpu-driver.ts';

const COUNT = 4096;
const STATE = { weights: 'weights.next', count: 'count.next' };

/** Two states: a vector that is read and written in parts, as parameters are, and one that is read whole. */
function stepGraph(runtime: CompiledGraph['runtime']): CompiledGraph {
  const graph = trace(() => {
    const x = input('x', 'f32', [1]);
    const [a, b] = split(input('weights', 'f32', [COUNT]), 0, [COUNT / 4, (3 * COUNT) / 4]);
    output('weights.next', concat([sub(a!, mul(a!, x)), sub(b!, x)], 0));
    output('count.next', sub(input('count', 'f32', [2]), -1));
    output('sum', reduceSum(a!));
  });
  return compile(graph, { runtime, state: STATE });
}

const initialState = { weights: f32(new Float32Array(COUNT).fill(8)) };
const FEEDS = { x: f32([0.5]) };

test('on the processor the state lies in two buffers that change places; a run copies and replaces neither', async () => {
  const { session, state } = await openWithState(stepGraph('cpu'), { threads: 1, initialState });
  const data = (side: 'feeds' | 'fetches'): Float32Array[] =>
    Object.values(state[side]).map((piece) => piece!.data as Float32Array);
  const buffers = (side: 'feeds' | 'fetches'): Set<ArrayBufferLike> => new Set(data(side).map(({ buffer }) => buffer));
  const [reading, writing] = [buffers('feeds'), buffers('fetches')];
  // One buffer per state and side; the parameter vector is fed and fetched in views of its buffer.
  assert.deepEqual([reading.size, writing.size], [2, 2]);
  assert.deepEqual([data('feeds').length, data('fetches').length], [3, 3]);
  assert.ok([...reading].every((buffer) => !writing.has(buffer)));
  const pieces = { feeds: { ...state.feeds }, fetches: { ...state.fetches } };
  for (let run = 1; run <= 6; run++) {
    const before = data('feeds').map((view) => [...view]);
    await session.run(FEEDS);
    // What was written is read next, in place, and what was read is untouched: it is written next.
    assert.deepEqual(buffers('feeds'), run % 2 === 1 ? writing : reading, `run ${run}`);
    assert.deepEqual(buffers('fetches'), run % 2 === 1 ? reading : writing, `run ${run}`);
    assert.deepEqual(
      data('fetches').map((view) => [...view]),
      before,
      `run ${run}`,
    );
  }
  // The tensors around the views are the first ones, too.
  for (const side of ['feeds', 'fetches'] as const) {
    for (const [name, piece] of Object.entries(state[side])) assert.equal(piece, pieces[side][name], name);
  }
  const kept = await session.readState();
  assert.deepEqual([...(kept['count']!.data as Float32Array)], [6, 6]);
  assert.deepEqual([kept['weights']!.data[0], kept['weights']!.data[COUNT - 1]], [8 / 64, 8 - 3]);
  await session.close();
});

test(
  'on webgpu the state lies in buffers of the device from the first run on',
  { skip: await webGpuMissing() },
  async () => {
    const { session, state } = await openWithState(stepGraph('webgpu'), { initialState });
    const places = (): string[] => Object.values(state.feeds).map((piece) => piece.location);
    const contents = (): unknown[] =>
      Object.values(state.feeds).map((piece) => {
        try {
          return piece.data;
        } catch {
          return null;
        }
      });
    assert.deepEqual(places(), ['cpu', 'cpu'], 'the first run uploads the state');
    for (let run = 1; run <= 4; run++) {
      const before = Object.values(state.feeds);
      const { sum } = await session.run(FEEDS);
      assert.equal(sum!.data[0], (8 * COUNT) / 4 / 2 ** (run - 1));
      assert.deepEqual(places(), ['gpu-buffer', 'gpu-buffer'], `after run ${run}`);
      assert.deepEqual(contents(), [null, null], 'nothing was brought to the host');
      assert.ok(Object.values(state.feeds).every((piece) => !before.includes(piece)));
    }
    // Looking at the state leaves it where it is; writing one uploads that one.
    const kept = await session.readState();
    assert.deepEqual([...(kept['count']!.data as Float32Array)], [4, 4]);
    assert.deepEqual(places(), ['gpu-buffer', 'gpu-buffer']);
    await session.writeState({ count: f32([10, 20]) });
    assert.deepEqual(Object.fromEntries(Object.entries(state.feeds).map(([name, { location }]) => [name, location])), {
      weights: 'gpu-buffer',
      count: 'cpu',
    });
    await session.run(FEEDS);
    assert.deepEqual(places(), ['gpu-buffer', 'gpu-buffer']);
    assert.deepEqual([...((await session.readState())['count']!.data as Float32Array)], [11, 21]);
    await session.close();
  },
);
