/** @file The 6-joint arm keeps the contract of environments, the UR5e's kinematics, and its own: joint targets, a pace, repeatable moments. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { checkRestoredMoment } from '../../../../tests/restored-moment.ts';
import { multiplyMatrices, type Matrix3 } from '../../../base/rotation.ts';
import { Random } from '../../../base/random.ts';
import { environmentContract, expertContract } from '../../../../tests/contracts/environment.ts';
import { loadMujoco } from '../../mujoco/module.ts';
import { createTabletop, type Tabletop } from '../index.ts';
import { World } from '../world.ts';
import { SIX_JOINTS } from './arm.ts';
import { SIX_JOINT_TABLETOP } from './setting.ts';

const open = (): Promise<Tabletop> => createTabletop({ imageSize: 32 }, SIX_JOINT_TABLETOP);

environmentContract('six-joint', { open, unseenPerturbations: [], still: (state) => state });
expertContract('six-joint', open);

/** The UR5e's table as its maker publishes it: d, a, α of the six links. */
const TABLE = [
  [0.1625, 0, Math.PI / 2],
  [0, -0.425, 0],
  [0, -0.3922, 0],
  [0.1333, 0, Math.PI / 2],
  [0.0997, 0, -Math.PI / 2],
  [0.0996, 0, 0],
] as const;
/** From the flange to the grip site, along the flange's z. */
const GRIP = 0.105;

/** Position and orientation of the grip site by the product of the table's transformations, base turned by half a turn. */
function forwardKinematics(joints: readonly number[]): { position: number[]; orientation: Matrix3 } {
  let orientation: Matrix3 = [-1, 0, 0, 0, -1, 0, 0, 0, 1];
  let position = [0, 0, 0];
  const advance = (r: Matrix3, [x, y, z]: readonly [number, number, number]): number[] =>
    [0, 1, 2].map((k) => position[k]! + r[3 * k]! * x + r[3 * k + 1]! * y + r[3 * k + 2]! * z);
  for (const [i, [d, a, alpha]] of TABLE.entries()) {
    const [c, s, ca, sa] = [Math.cos(joints[i]!), Math.sin(joints[i]!), Math.cos(alpha), Math.sin(alpha)];
    position = advance(orientation, [a * c, a * s, d]);
    orientation = multiplyMatrices(orientation, [c, -s * ca, s * sa, s, c * ca, -c * sa, 0, sa, ca]);
  }
  return { position: advance(orientation, [0, 0, GRIP]), orientation };
}

test('six-joint: the model has the kinematics of the published table', async () => {
  const layout = SIX_JOINT_TABLETOP.tasks[0]!.layout(new Random(1));
  const shapes = layout.objects.map(({ shape }) => shape);
  const { sim } = new World(await loadMujoco(), shapes, SIX_JOINT_TABLETOP.robot);
  const random = new Random(5);
  const site = sim.id('site', 'grip');
  for (let draw = 0; draw < 50; draw++) {
    const joints = SIX_JOINTS.map(() => random.range(-2.5, 2.5));
    const addresses = sim.model('jnt_qposadr');
    for (const [i, name] of SIX_JOINTS.entries()) sim.data('qpos')[addresses[sim.id('joint', name)]!] = joints[i]!;
    sim.forward();
    const { position, orientation } = forwardKinematics(joints);
    position.forEach((value, k) => assert.ok(Math.abs(sim.data('site_xpos')[3 * site + k]! - value) < 1e-9));
    orientation.forEach((value, k) => assert.ok(Math.abs(sim.data('site_xmat')[9 * site + k]! - value) < 1e-9));
  }
  sim.close();
});

test('six-joint: joints go where they are told, no faster than the arm may, and stay there', async () => {
  const environment = await open();
  await environment.reset({ task: 'lift', seed: 2 });
  const { state } = await environment.observe();
  const target = state.map((value, i) => value + (i === 0 ? 1 : i < 6 ? 0.1 : 0));
  target[6] = 0.5;
  for (let tick = 1; tick <= 15; tick++) {
    await environment.step(target);
    const now = (await environment.observe()).state;
    assert.ok(now[0]! - state[0]! < 0.33 * tick, `tick ${tick}: ${now[0]! - state[0]!}`);
    if (tick === 1) assert.ok(now[6]! > 0.6, `the gripper takes its time: ${now[6]}`);
  }
  const now = (await environment.observe()).state;
  target.forEach((value, i) => assert.ok(Math.abs(now[i]! - value) < 0.02, `${i}: ${now[i]} for ${value}`));
  await environment.close();
});

test('six-joint: a restored moment continues bit for bit', () =>
  checkRestoredMoment(open, { task: 'lift', before: 9, further: 3 }));
