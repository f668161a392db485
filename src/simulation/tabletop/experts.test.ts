/** @file The scripted experts solve their tasks, also when their actions are disturbed, and serve the true target whatever is said. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import type { EpisodeSpec, Outcome } from '../../interfaces/environment.ts';
import { loadMujoco } from '../mujoco/module.ts';
import { sevenJointArm } from './arm-model.ts';
import { createTabletop, TASKS } from './index.ts';
import type { Tabletop } from './index.ts';
import { World } from './world.ts';

/** Seeds per task; `bench/experts.ts` measures with more. */
const SEEDS = 24;

const START = [{ position: [0.5, 0, 0.15], yaw: 0 }] as const;

/** Plays the expert to the end; `noise` is the deviation of its motion commands. */
async function play(tabletop: Tabletop, spec: EpisodeSpec, noise = 0): Promise<Outcome> {
  await tabletop.reset(spec);
  const random = new Random(spec.seed, 99);
  const drift = new Float64Array(6);
  let outcome: Outcome = 'running';
  while (outcome === 'running') {
    const action = tabletop.expert();
    for (let i = 0; i < 6; i++) {
      drift[i] = 0.8 * drift[i]! + 0.6 * noise * random.normal();
      action[i]! += drift[i]!;
    }
    outcome = await tabletop.step(action);
  }
  return outcome;
}

test('experts solve at least 95 % of the seeds of every task', async () => {
  const tabletop = await createTabletop({ imageSize: 16 });
  for (const { name } of TASKS) {
    const outcomes: Outcome[] = [];
    for (let seed = 1000; seed < 1000 + SEEDS; seed++) outcomes.push(await play(tabletop, { task: name, seed }));
    const solved = outcomes.filter((outcome) => outcome === 'success').length;
    assert.ok(solved >= 0.95 * SEEDS, `${name}: ${solved} of ${SEEDS}; ${outcomes.join(' ')}`);
  }
  await tabletop.close();
});

test('disturbed motion does not lead experts astray: each depends on the current state alone', async () => {
  const tabletop = await createTabletop({ imageSize: 16 });
  for (const { name } of TASKS) {
    let solved = 0;
    for (let seed = 0; seed < 8; seed++)
      solved += (await play(tabletop, { task: name, seed }, 0.2)) === 'success' ? 1 : 0;
    assert.ok(solved >= 6, `${name}: ${solved} of 8`);
  }
  await tabletop.close();
});

test('perturbations and other words change nothing for an expert: it serves the true target', async () => {
  const tabletop = await createTabletop({ imageSize: 16 });
  for (const { name } of TASKS) {
    for (const change of [
      { perturbation: 'distractors' },
      { instructionTarget: 'other' },
      { phrasing: 'held-out' },
    ] as const) {
      assert.equal(
        await play(tabletop, { task: name, seed: 5, ...change }),
        'success',
        `${name} ${JSON.stringify(change)}`,
      );
    }
  }
  await tabletop.close();
});

test('serving another object is judged wrong, not failed', async () => {
  const mujoco = await loadMujoco();
  for (const { name } of TASKS) {
    const task = TASKS.find((candidate) => candidate.name === name)!;
    const layout = task.layout(new Random(3));
    const shapes = layout.objects.map(({ shape }) => shape);
    // Two worlds in the same state: one judges for the target, the other's expert believes that an alternative is meant.
    const [judge, misled] = [new World(mujoco, shapes, sevenJointArm), new World(mujoco, shapes, sevenJointArm)];
    judge.arrange(layout, START);
    misled.arrange({ ...layout, target: layout.alternatives[0]! }, START);
    let outcome: Outcome = 'running';
    for (let i = 0; i < task.maxSteps && outcome === 'running'; i++) {
      const action = misled.robot.towards(task.plan(misled).aim);
      judge.robot.step(action);
      misled.robot.step(action);
      outcome = task.judge(judge);
    }
    assert.equal(outcome, 'wrong', name);
    judge.sim.close();
    misled.sim.close();
  }
});
