/** @file A sample of the injected faults of bench/fault-injection.ts: no unsafe action reaches a robot. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { FAULTS } from '../../../tests/safety/fault-kinds.ts';
import { injectFaults } from '../../../tests/safety/fault-run.ts';
import { killPolicy } from '../../../tests/safety/kill-run.ts';
import { joints, STARTS, steps } from '../../../tests/safety/robots.ts';

for (const robot of [joints, steps]) {
  const { name } = robot.embodiment;
  test(`${name}: every kind of fault three times, and no unsafe action`, async () => {
    const kinds = Object.keys(FAULTS).length;
    const tallies = await injectFaults(robot, STARTS[name]!, 7, 0, 3 * kinds);
    assert.equal(tallies.length, kinds);
    for (const { fault, injected, unsafe } of tallies) {
      assert.equal(injected, 3);
      assert.deepEqual(unsafe, [], fault);
    }
    const held = tallies.filter((tally) => tally.held > 0).length;
    assert.ok(held >= kinds / 2, `held in ${held} kinds`);
  });
}

test('kill -9 of the policy’s process: the robot comes to rest on its own', async () => {
  const { unsafe, followed, state } = await killPolicy(joints, STARTS['joints']!, 3);
  assert.deepEqual(unsafe, []);
  assert.ok(followed > 0);
  assert.equal(state, 'holding');
});
