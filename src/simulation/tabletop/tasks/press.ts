/** @file Press: push the button of the named colour down. */

import { chooseTarget } from '../draw.ts';
import { funnel, planarDistance } from '../motion.ts';
import { BUTTON_TRAVEL } from '../objects.ts';
import { buttonsScene } from '../scenes.ts';
import type { Task } from '../task.ts';
import type { World } from '../world.ts';

/** Press the named button. */
export const press: Task = {
  name: 'press',
  maxSteps: 70,
  phrasings: {
    train: ['press the {object}', 'push the {object} down', 'press down on the {object}', 'please press the {object}'],
    heldOut: ['please push the {object} down', 'please press down on the {object}'],
  },
  subtasks: ['reach', 'press'],
  steps: {
    reach: { instruction: 'move over the {object}', because: 'the gripper is not over the {object}' },
    press: { instruction: 'press the {object} down', because: 'the closed gripper is over the {object}' },
  },
  scene: 'buttons',
  goals: () => [],

  layout(random) {
    return { ...buttonsScene(random), ...chooseTarget(random, [0, 1, 2]) };
  },

  judge(world) {
    if (world.others().some((button) => isPressed(world, button))) return 'wrong';
    return isPressed(world, world.layout.target) ? 'success' : 'running';
  },

  plan(world) {
    const { target } = world.layout;
    const [button, hand] = [world.position(target), world.robot.position()];
    const off = planarDistance(hand, button);
    const top = button[2] + world.shape(target).top;
    return {
      subtask: off < 0.02 && hand[2] < top + 0.02 ? 'press' : 'reach',
      aim: {
        position: [button[0], button[1], funnel(off, top - 0.015, top + 0.06, 0.01, 0.03)],
        yaw: 0,
        gripper: 'close',
      },
    };
  },

  goal: () => null,
};

function isPressed(world: World, button: number): boolean {
  return world.opening(button) < -0.7 * BUTTON_TRAVEL;
}
