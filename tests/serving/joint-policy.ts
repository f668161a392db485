/** @file A policy for a robot with joints, of which the actions tell episode, call, state and picture: what tests serve to robots. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Convention } from '../../src/interfaces/convention.ts';
import type { Embodiment } from '../../src/interfaces/embodiment.ts';
import type { Policy } from '../../src/interfaces/policy.ts';

const convention: Convention = { rotation: 'none', frame: 'joint', gripper: 'none', reference: 'absolute', unit: 'si' };

/** The numbers of an SO-101, as LeRobot names them. */
export const JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper'].map(
  (joint) => `${joint}.pos`,
);

/** The robot. */
export const JOINT_ROBOT: Embodiment = {
  name: 'so101',
  cameras: [{ name: 'front', width: 8, height: 6 }],
  state: { names: JOINTS, convention },
  action: { names: JOINTS, convention },
  controlHz: 30,
  holdAction: null,
};

/** `horizon` actions: seed, call, the first two numbers of the state, the first byte of the picture, the tick. `sleep MS` waits. */
export async function openPolicy({ horizon = 12 }: { horizon?: number } = {}): Promise<Policy> {
  let [seed, call] = [0, 0];
  return {
    name: 'joints',
    embodiment: JOINT_ROBOT,
    reset(episode) {
      [seed, call] = [episode.seed, 0];
    },
    async infer({ state, images, instruction, tick = -1 }, { signal } = {}) {
      const [word, ms] = instruction.split(' ');
      if (word === 'sleep') await sleep(Number(ms), undefined, signal === undefined ? {} : { signal });
      const action = [seed, call++, state[0]!, state[1]!, images['front']!.data[0]!, tick];
      const data = Float32Array.from({ length: horizon * 6 }, (_, i) => action[i % 6]!);
      return { horizon, dim: 6, data };
    },
    async close() {},
  };
}
