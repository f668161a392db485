/** @file Labels of tasks with long names. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { suiteTasks } from '../simulation/libero/suites.ts';
import { taskLabels } from './result-table.ts';

test('short names stay, long ones lose what they share and stay apart', () => {
  const own = ['touch', 'lift', 'put_on'];
  assert.deepEqual(own.map(taskLabels(own)), own);
  const spatial = suiteTasks('libero_spatial').map(({ name }) => name);
  const label = taskLabels(spatial);
  assert.equal(label(spatial[0]!), '…between_the_plate_and_the_ramekin…');
  assert.equal(label('all'), 'all');
  for (const suite of ['libero_spatial', 'libero_object', 'libero_goal'] as const) {
    const tasks = suiteTasks(suite).map(({ name }) => name);
    const labels = tasks.map(taskLabels(tasks));
    assert.equal(new Set(labels).size, tasks.length);
    assert.ok(
      labels.every(({ length }) => length <= 48),
      labels.join(),
    );
  }
  const one = [spatial[0]!];
  assert.equal(taskLabels(one)(one[0]!), one[0]);
});
