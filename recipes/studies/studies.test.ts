/** @file Every study is sound before anyone waits for it: names, budgets, stages that fit together, measurements that can be made. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPlan, checkStudy } from '../../src/cli/study/check-study.ts';
import { planStudy } from '../../src/cli/study/plan.ts';
import { STUDIES, findStudy } from './index.ts';

test('names are unique, and a miss suggests the nearest', () => {
  assert.equal(new Set(STUDIES.map(({ name }) => name)).size, STUDIES.length);
  assert.throws(() => findStudy('euler-step'), { hint: 'Did you mean "euler-steps"?' });
});

for (const study of STUDIES) {
  test(`${study.name} is sound`, () => {
    checkStudy(study);
    assert.ok(study.seeds >= 3, 'fewer seeds say little');
    assert.ok(study.question.endsWith('?'));
    // Checkpoints that others train are not here yet.
    const arms = study.arms.filter(({ start }) => start === null || start.startsWith('shipped:'));
    const here = { ...study, arms, comparisons: [] };
    checkPlan(here, planStudy(here, 'out'), false);
  });

  test(`${study.name} is plain data that overrides reach`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(study)), study);
  });
}
