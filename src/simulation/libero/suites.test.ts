/** @file The suites, all 130 composed tasks and all object classes against digests of the original. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalData, canonicalModel, digest } from '../../../tests/libero-canonical.ts';
import { goldenClasses, goldenTasks, liberoFiles, noFullLibero, noLibero } from '../../../tests/libero-golden.ts';
import { composeTask } from './compose-task.ts';
import { objectCategories, objectClass } from './object-catalogue.ts';
import { buildObject } from './object-model.ts';
import { LIBERO_SUITES, suiteTask, suiteTasks } from './suites.ts';

/** The pack has these suites' assets only. */
const IN_PACK = ['libero_spatial', 'libero_object', 'libero_goal'];

describe("LIBERO's suites", () => {
  it('have the tasks, the order and the instructions of the benchmark', () => {
    const own = LIBERO_SUITES.flatMap((suite) => suiteTasks(suite));
    assert.deepEqual(
      own.map(({ suite, name, instruction }) => ({ suite, name, instruction })),
      goldenTasks().map(({ suite, name, instruction }) => ({ suite, name, instruction })),
    );
    assert.equal(own.length, 130);
  });

  it('suggest the nearest name', () => {
    assert.throws(() => suiteTasks('libero_goals'), { code: 'not-found', hint: 'Did you mean "libero_goal"?' });
    assert.throws(() => suiteTask('libero_goal', 'turn_on_stove'), { hint: 'Did you mean "turn_on_the_stove"?' });
  });

  for (const suite of LIBERO_SUITES) {
    const skip = IN_PACK.includes(suite) ? noLibero : noFullLibero;
    it(`${suite}: composed models and data have the digests of the original's`, { skip }, () => {
      for (const golden of goldenTasks().filter((task) => task.suite === suite)) {
        const { xml, ...data } = composeTask(liberoFiles, suite, golden.name);
        const model = canonicalModel(xml);
        const found = { ...golden, model: digest(model), data: digest(canonicalData(data)) };
        assert.deepEqual(found, golden);
      }
    });
  }
});

describe("LIBERO's object classes", () => {
  it('are those of the original whose files exist', { skip: noLibero }, () => {
    const known = objectCategories().filter((category) => liberoFiles.has(objectClass(category).file));
    assert.deepEqual(
      known.toSorted(),
      goldenClasses().map(({ category }) => category),
    );
  });

  it('make the bodies, assets and data that the original makes', { skip: noLibero }, () => {
    for (const golden of goldenClasses()) {
      const { body, mjcf, object } = buildObject(liberoFiles, objectClass(golden.category), 'thing_1', false);
      const found = {
        category: golden.category,
        body: digest(canonicalModel(body)),
        assets: digest(canonicalModel(mjcf.asset)),
        data: digest(canonicalData(object)),
      };
      assert.deepEqual(found, golden);
    }
  });
});
