/** @file Lift: grip the named object and raise it by five centimetres. */

import { chooseTarget } from '../draw.ts';
import { grasp, GRASP_STEPS, isHeld } from '../grasp.ts';
import { blocksScene, grippable } from '../scenes.ts';
import type { Task } from '../task.ts';

/** Metres above the rest height. */
const RAISED = 0.05;

/** Grip the named object and lift it. */
export const lift: Task = {
  name: 'lift',
  maxSteps: 100,
  phrasings: {
    train: [
      'lift the {object}',
      'pick up the {object}',
      'raise the {object} off the table',
      'please raise the {object}',
    ],
    heldOut: ['please pick up the {object}', 'lift the {object} off the table'],
  },
  subtasks: ['reach', 'grip', 'raise'],
  steps: {
    ...GRASP_STEPS,
    raise: { instruction: 'raise the {object} off the table', because: 'the gripper holds the {object}' },
  },
  scene: 'blocks',
  goals: () => [],

  layout(random) {
    const scene = blocksScene(random);
    return { ...scene, ...chooseTarget(random, grippable(scene)) };
  },

  judge(world) {
    const raised = (object: number): boolean => world.position(object)[2] > world.shape(object).halfHeight + RAISED;
    if (world.others().some(raised)) return 'wrong';
    return raised(world.layout.target) ? 'success' : 'running';
  },

  plan(world) {
    const { target } = world.layout;
    if (!isHeld(world, target)) return grasp(world, target);
    const hand = world.robot.position();
    return {
      subtask: 'raise',
      aim: { position: [hand[0], hand[1], 0.16], yaw: world.robot.yaw(), gripper: 'close' },
    };
  },

  goal: () => null,
};
