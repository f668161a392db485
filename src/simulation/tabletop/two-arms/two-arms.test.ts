/** @file The two arms keep the contract of environments, and their own: both are needed, each is the single arm, moments repeat. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { checkRestoredMoment } from '../../../../tests/restored-moment.ts';
import { Random } from '../../../base/random.ts';
import { environmentContract, expertContract } from '../../../../tests/contracts/environment.ts';
import type { Outcome } from '../../../interfaces/environment.ts';
import { loadMujoco } from '../../mujoco/module.ts';
import { createTabletop, type Tabletop } from '../index.ts';
import { instructionFor } from '../instruction.ts';
import { World } from '../world.ts';
import { twoArms } from './robot.ts';
import { TWO_ARMS_TABLETOP } from './setting.ts';
import { TWO_ARMS_TASKS } from './tasks.ts';

const open = (): Promise<Tabletop> => createTabletop({ imageSize: 32 }, TWO_ARMS_TABLETOP);

environmentContract('two-arms', { open, unseenPerturbations: [] });
expertContract('two-arms', open);

test('two-arms: one hand alone solves no task', async () => {
  const environment = await open();
  for (const task of environment.tasks) {
    for (const resting of [0, 7]) {
      await environment.reset({ task, seed: 4 });
      let outcome: Outcome = 'running';
      while (outcome === 'running') {
        const action = environment.expert();
        action.fill(0, resting, resting + 7);
        outcome = await environment.step(action);
      }
      assert.equal(outcome, 'timeout', `${task} without the ${resting === 0 ? 'left' : 'right'} hand`);
    }
  }
  await environment.close();
});

test('two-arms: an arm moves as it is told, and the other stays', async () => {
  const environment = await open();
  for (const moving of [0, 1]) {
    await environment.reset({ task: 'lift-both', seed: 3 });
    const before = (await environment.observe()).state;
    const action = new Float32Array(14);
    action.set([0, 0, 0.6, 0, 0, 0, 1], 7 * moving);
    for (let tick = 0; tick < 10; tick++) await environment.step(action);
    const after = (await environment.observe()).state;
    const change = (i: number): number => after[i]! - before[i]!;
    assert.ok(change(8 * moving + 2) > 0.05, 'up');
    assert.ok(change(8 * moving + 6) < -0.03, 'closed');
    for (let i = 0; i < 8; i++) assert.ok(Math.abs(change(8 * (1 - moving) + i)) < 5e-3, `dimension ${i} of the other`);
  }
  await environment.close();
});

test('two-arms: serving the other bar or stick is wrong, not failed', async () => {
  const mujoco = await loadMujoco();
  for (const task of TWO_ARMS_TASKS) {
    const layout = task.layout(new Random(3));
    const shapes = layout.objects.map(({ shape }) => shape);
    const hands = twoArms.start(new Random(4));
    const [judge, misled] = [new World(mujoco, shapes, twoArms), new World(mujoco, shapes, twoArms)];
    judge.arrange(layout, hands);
    misled.arrange({ ...layout, target: layout.alternatives[0]! }, hands);
    let outcome: Outcome = 'running';
    for (let i = 0; i < task.maxSteps && outcome === 'running'; i++) {
      const action = misled.robot.towards(task.plan(misled).aim);
      judge.robot.step(action);
      misled.robot.step(action);
      outcome = task.judge(judge);
    }
    assert.equal(outcome, 'wrong', task.name);
    judge.sim.close();
    misled.sim.close();
  }
});

test('two-arms: held-out sentences use known words in new sentences', () => {
  for (const task of TWO_ARMS_TASKS) {
    const say = (phrasing: 'train' | 'held-out'): Set<string> =>
      new Set(
        Array.from({ length: 200 }, (_, seed) => {
          const layout = task.layout(new Random(seed));
          return instructionFor(task, layout, layout.target, phrasing, new Random(seed, 1));
        }),
      );
    const [trained, heldOut] = [say('train'), say('held-out')];
    const known = new Set([...trained].flatMap((sentence) => sentence.split(' ')));
    for (const sentence of heldOut) {
      assert.ok(!trained.has(sentence), sentence);
      for (const word of sentence.split(' ')) assert.ok(known.has(word), `"${word}" of "${sentence}"`);
    }
  }
});

test('two-arms: a restored moment continues bit for bit', () =>
  checkRestoredMoment(open, { task: 'hand-over', before: 45, further: 5 }));
