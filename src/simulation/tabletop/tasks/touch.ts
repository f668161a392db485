/** @file Touch: put the closed gripper on the named object. */

import { chooseTarget } from '../draw.ts';
import { funnel, planarDistance } from '../motion.ts';
import { blocksScene } from '../scenes.ts';
import type { Task } from '../task.ts';

/** Touch the named object. */
export const touch: Task = {
  name: 'touch',
  maxSteps: 60,
  phrasings: {
    train: ['touch the {object}', 'tap the {object}', 'put the gripper on the {object}', 'please tap the {object}'],
    heldOut: ['please touch the {object}', 'please put the gripper on the {object}'],
  },
  subtasks: ['reach'],
  steps: {
    reach: {
      instruction: 'reach out and touch the {object}',
      because: 'the closed gripper does not touch the {object} yet',
    },
  },
  scene: 'blocks',
  goals: () => [],

  layout(random) {
    const scene = blocksScene(random);
    return { ...scene, ...chooseTarget(random, [...scene.objects.keys()]) };
  },

  judge(world) {
    const hits = world.touched();
    if (hits.some((hit) => hit !== world.layout.target)) return 'wrong';
    return hits.length > 0 ? 'success' : 'running';
  },

  plan(world) {
    const { target } = world.layout;
    const [object, hand] = [world.position(target), world.robot.position()];
    const top = object[2] + world.shape(target).top;
    const height = funnel(planarDistance(hand, object), top - 0.005, top + 0.06, 0.012, 0.03);
    return { subtask: 'reach', aim: { position: [object[0], object[1], height], yaw: 0, gripper: 'close' } };
  },

  goal: () => null,
};
