/** @file The arm keeps LIBERO's contract: the pace of the gripper, the eight numbers of the state, the limit at the table. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { loadMujoco } from '../mujoco/module.ts';
import { sevenJointArm } from './arm-model.ts';
import { TASKS } from './index.ts';
import type { Robot } from './robot.ts';
import { World } from './world.ts';

const STILL = [0, 0, 0, 0, 0, 0] as const;

async function lonelyWorld(yaw = 0): Promise<World<Robot>> {
  const mujoco = await loadMujoco();
  const layout = TASKS[0]!.layout(new Random(1));
  const world = new World(
    mujoco,
    layout.objects.map(({ shape }) => shape),
    sevenJointArm,
  );
  world.arrange(layout, [{ position: [0.5, 0.02, 0.16], yaw }]);
  return world;
}

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) < tolerance, `expected ${expected} ± ${tolerance}, got ${actual}`);

test('the gripper’s target needs eight control periods from open to closed and back, and 0 keeps it', async () => {
  const world = await lonelyWorld();
  const { sim, robot } = world;
  const servo = sim.id('actuator', 'finger1');
  for (let step = 1; step <= 8; step++) {
    robot.step([...STILL, 1]);
    near(sim.data('ctrl')[servo]!, 0.04 * (1 - step / 8), 1e-9);
  }
  robot.step([...STILL, 1]);
  near(sim.data('ctrl')[servo]!, 0, 1e-12);
  for (let step = 1; step <= 4; step++) robot.step([...STILL, -1]);
  near(sim.data('ctrl')[servo]!, 0.02, 1e-9);
  robot.step([...STILL, 0]);
  near(sim.data('ctrl')[servo]!, 0.02, 1e-9);
  // The sign decides, not the size.
  robot.step([...STILL, -0.1]);
  near(sim.data('ctrl')[servo]!, 0.025, 1e-9);
  sim.close();
});

test('the state is grip position, axis-angle of the hand, and both fingers, the second negative', async () => {
  for (const yaw of [0, 0.3, -0.3]) {
    const world = await lonelyWorld(yaw);
    const state = [...world.robot.state()];
    assert.equal(state.length, 8);
    [0.5, 0.02, 0.16].forEach((value, k) => near(state[k]!, value, 2e-3));
    // Pointing down is half a turn about x; with the yaw, about an axis at half of it.
    const angle = Math.hypot(...state.slice(3, 6));
    near(angle, Math.PI, 0.02);
    near(Math.abs(state[3]! / angle), Math.cos(yaw / 2), 0.01);
    near(state[4]! / state[3]!, Math.tan(yaw / 2), 0.01);
    near(state[6]!, 0.04, 1e-3);
    near(state[7]!, -0.04, 1e-3);
    near(world.robot.yaw(), yaw, 0.01);
    world.sim.close();
  }
});

test('commands do not take the fingers into the table', async () => {
  const world = await lonelyWorld();
  world.robot.place([{ position: [0.5, -0.24, 0.1], yaw: 0 }]);
  for (let step = 0; step < 40; step++) {
    world.robot.step([0, 0, -1, 0, 0, 0, -1]);
    assert.ok(world.robot.position()[2] > 0.008, `step ${step}: ${world.robot.position()[2]}`);
  }
  near(world.robot.position()[2], 0.013, 0.004);
  world.sim.close();
});

test('the heading is an object’s rotation against the hand’s, times its symmetry', async () => {
  const world = await lonelyWorld(0.2);
  const { objects } = world.layout;
  for (const [i, { shape, yaw }] of objects.entries()) {
    const heading = world.heading(i);
    const symmetry = { cube: 4, box: 2 }[shape as string];
    if (symmetry === undefined) {
      assert.equal(heading, null, shape);
      continue;
    }
    near(heading![0], Math.cos(symmetry * (yaw - 0.2)), 0.05);
    near(heading![1], Math.sin(symmetry * (yaw - 0.2)), 0.05);
  }
  assert.ok(objects.some((_, i) => world.heading(i) !== null));
  world.sim.close();
});
