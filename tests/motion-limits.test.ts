/** @file The limits of the built-in robots fit them, leave their experts free enough to succeed, and know where the six-joint arm's hand is. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { WORLD_LIMITS } from '../recipes/motion-limits.ts';
import { Random } from '../src/base/random.ts';
import { checkLimits } from '../src/runtime/safety/check-limits.ts';
import { parseLimits } from '../src/runtime/safety/limits-file.ts';
import { MotionLimiter } from '../src/runtime/safety/motion-limiter.ts';
import { SequenceCheck } from '../src/runtime/safety/sequence-check.ts';
import { chainEnd } from '../src/runtime/safety/workspace.ts';
import { loadMujoco } from '../src/simulation/mujoco/module.ts';
import { SIX_JOINTS, sixJointChain } from '../src/simulation/tabletop/six-joint/arm.ts';
import { SIX_JOINT_TABLETOP } from '../src/simulation/tabletop/six-joint/setting.ts';
import { World } from '../src/simulation/tabletop/world.ts';
import { openWorld, WORLDS } from '../src/simulation/worlds.ts';

/** Episodes of an expert behind its limits. */
const EPISODES = 2;

test('every built-in world has limits', () => {
  assert.deepEqual(Object.keys(WORLD_LIMITS), Object.keys(WORLDS));
});

for (const [world, limits] of Object.entries(WORLD_LIMITS)) {
  test(`${world}: its expert succeeds within the limits`, async () => {
    const environment = await openWorld({ world, imageSize: 16 });
    const { embodiment, tasks } = environment;
    checkLimits(embodiment, limits);
    assert.deepEqual(parseLimits(JSON.parse(JSON.stringify(limits)), 'test'), limits);
    for (let episode = 0; episode < EPISODES; episode++) {
      await environment.reset({ task: tasks[episode % tasks.length]!, seed: 300 + episode });
      const limiter = new MotionLimiter(embodiment, limits);
      const check = new SequenceCheck(embodiment, limits);
      let { state } = await environment.observe();
      limiter.anchor(state);
      check.begin(state);
      for (let outcome = 'running'; outcome !== 'success';) {
        const { choices } = limiter.propose(environment.expert());
        const action = limiter.take(choices);
        assert.equal(check.judge(action), null);
        outcome = await environment.step(action);
        assert.ok(outcome === 'running' || outcome === 'success', `${tasks[episode]}: ${outcome}`);
        ({ state } = await environment.observe());
        limiter.measure(state);
      }
    }
    await environment.close();
  });
}

test('the chain of the six-joint arm ends where MuJoCo has the grip', async () => {
  const layout = SIX_JOINT_TABLETOP.tasks[0]!.layout(new Random(1));
  const shapes = layout.objects.map(({ shape }) => shape);
  const { sim } = new World(await loadMujoco(), shapes, SIX_JOINT_TABLETOP.robot);
  const random = new Random(6);
  const site = sim.id('site', 'grip');
  const addresses = sim.model('jnt_qposadr');
  for (let draw = 0; draw < 50; draw++) {
    const angles = SIX_JOINTS.map(() => random.range(-2.5, 2.5));
    for (const [i, name] of SIX_JOINTS.entries()) sim.data('qpos')[addresses[sim.id('joint', name)]!] = angles[i]!;
    sim.forward();
    const end = chainEnd(sixJointChain(), SIX_JOINTS, angles);
    end.forEach((value, k) => assert.ok(Math.abs(sim.data('site_xpos')[3 * site + k]! - value) < 1e-9));
  }
});
