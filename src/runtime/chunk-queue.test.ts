/** @file Which action is for which tick, what replaces what, and what is counted. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import { ChunkQueue } from './chunk-queue.ts';

/** Action i of the chunk is [base + i]. */
const chunk = (base: number, horizon = 5): ActionChunk => ({
  horizon,
  dim: 1,
  data: Float32Array.from({ length: horizon }, (_, i) => base + i),
});
const at = (queue: ChunkQueue, tick: number): number | null => queue.at(tick)?.action[0] ?? null;
const from = (observed: number) => ({ epoch: 0, observed, start: observed });

test('actions are found by their tick, with the tick that they follow from', () => {
  const queue = new ChunkQueue();
  assert.ok(queue.place(chunk(100), from(10), 10));
  assert.deepEqual(
    [9, 10, 14, 15].map((tick) => at(queue, tick)),
    [null, 100, 104, null],
  );
  assert.equal(queue.at(12)!.observed, 10);
  assert.equal(queue.ahead(12), 3);
  assert.equal(queue.ahead(12, 2), 2);
  assert.deepEqual([...queue.upcoming(12, 2)], [102, 103]);
});

test('what is past when a chunk comes is late; a chunk that is wholly past is discarded', () => {
  const queue = new ChunkQueue();
  queue.place(chunk(100), from(10), 13);
  assert.equal(at(queue, 12), null);
  assert.equal(at(queue, 13), 103);
  assert.ok(!queue.place(chunk(200), from(10), 15));
  assert.deepEqual(queue.counts, { discarded: 1, late: 3, switches: 0 });
});

test('a chunk that replaces takes over from its first usable tick, and what lies beyond its end is gone', () => {
  const queue = new ChunkQueue();
  queue.place(chunk(100, 10), from(0), 0);
  queue.place(chunk(200, 4), { ...from(2), start: 5 }, 3);
  assert.deepEqual(
    [3, 4, 5, 8, 9].map((tick) => at(queue, tick)),
    [103, 104, 200, 203, null],
  );
  assert.equal(queue.counts.switches, 1);
  queue.place(chunk(300, 4), { ...from(3), limit: 2 }, 3);
  assert.deepEqual(
    [3, 4, 5].map((tick) => at(queue, tick)),
    [300, 301, null],
  );
});

test('chunks that are merged stay beside each other, the oldest first', () => {
  const queue = new ChunkQueue();
  queue.place(chunk(100), from(0), 0, 'merge');
  queue.place(chunk(200), from(2), 2, 'merge');
  assert.deepEqual(
    queue.all(3).map(({ action, observed }) => [action[0], observed]),
    [
      [103, 0],
      [201, 2],
    ],
  );
  assert.equal(at(queue, 3), 201);
  assert.equal(at(queue, 1), 101);
  queue.forget(5);
  assert.equal(queue.all(3).length, 1);
});

test('a new epoch empties the queue, and discards what still comes of an earlier one', () => {
  const queue = new ChunkQueue();
  queue.place(chunk(100), from(0), 0);
  queue.begin(1);
  assert.equal(at(queue, 0), null);
  assert.ok(!queue.place(chunk(100), from(0), 0));
  assert.equal(queue.counts.discarded, 1);
  assert.ok(queue.place(chunk(100), { ...from(0), epoch: 1 }, 0));
});

test('actions are copies: what a robot does with them changes no chunk', () => {
  const queue = new ChunkQueue();
  queue.place(chunk(100), from(0), 0);
  queue.at(0)!.action[0] = 7;
  assert.equal(at(queue, 0), 100);
});
