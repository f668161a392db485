/** @file Who plays what next. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { OrderQueue } from './order-queue.ts';

test('without groups the places are handed out in order', () => {
  const queue = new OrderQueue(['', '', '']);
  assert.deepEqual([queue.next(0), queue.next(1), queue.next(0), queue.next(1)], [0, 1, 2, null]);
});

test('a worker stays with its group, takes a free one next, and helps with the longest at the end', () => {
  const queue = new OrderQueue('aaaaabbcccccc'.split(''));
  const first = [queue.next(0), queue.next(1), queue.next(1)];
  assert.deepEqual(first, [0, 5, 6], 'one group each');
  assert.equal(queue.next(1), 7, 'the group that nobody has');
  assert.equal(queue.next(2), 8, 'the one with the most left: five of c, four of a');
  const rest: (number | null)[] = [];
  for (let turn = 0; turn < 12; turn++) rest.push(queue.next(turn % 3));
  const handed = [...first, 7, 8, ...rest.filter((place) => place !== null)];
  assert.deepEqual(
    handed.sort((a, b) => a! - b!),
    [...Array(13).keys()],
    'each once',
  );
});

test('groups change workers as seldom as can be', () => {
  const tasks = 10;
  const groups = Array.from({ length: 50 * tasks }, (_, i) => `task ${Math.floor(i / 50)}`);
  const queue = new OrderQueue(groups);
  const last = new Map<number, string>();
  let changes = 0;
  for (let turn = 0; ; turn++) {
    const place = queue.next(turn % 4);
    if (place === null) break;
    if (last.get(turn % 4) !== groups[place]) changes++;
    last.set(turn % 4, groups[place]!);
  }
  assert.ok(changes <= tasks + 3, `${changes} times a world was opened for another task`);
});
