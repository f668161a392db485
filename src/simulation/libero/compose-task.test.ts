/** @file Composition against the 30 tasks that the original Python composed. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalModel } from '../../../tests/libero-canonical.ts';
import { composedTask, composedTasks, packFiles } from '../../../tests/libero-tasks.ts';
import { sharedData } from '../../../tests/shared-data.ts';
import { composeTask } from './compose-task.ts';

const pack = sharedData('libero');

describe('the composition of LIBERO tasks', { skip: pack === null && 'needs the LIBERO pack under shared/' }, () => {
  it('equals the original Python composition, element by element and attribute by attribute', () => {
    const tasks = composedTasks();
    assert.equal(tasks.length, 30);
    for (const [suite, name] of tasks) {
      const golden = composedTask(suite, name);
      const own = composeTask(packFiles, suite, name);
      assert.deepEqual(canonicalModel(own.xml), canonicalModel(golden.xml), `${suite}/${name}`);
      assert.deepEqual({ ...own, xml: '' }, { ...golden, xml: '' }, `${suite}/${name}`);
    }
  });
});
