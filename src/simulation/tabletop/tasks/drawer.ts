/** @file Open and close: pull or push the drawer of the named colour by its knob. */

import { chooseTarget } from '../draw.ts';
import { grasp, GRASP_STEPS, isHeld } from '../grasp.ts';
import { drawersScene } from '../scenes.ts';
import type { Phrasings, Task } from '../task.ts';
import type { World } from '../world.ts';

/** A drawer counts as open and as closed from here on, metres. */
const OPEN = 0.08;
const CLOSED = 0.015;

/** Pull a drawer open. */
export const open = drawerTask('open', 'pull', 'open', {
  train: ['open the {object}', 'pull the {object} open', 'pull out the {object}', 'please pull the {object} open'],
  heldOut: ['please open the {object}', 'please pull out the {object}'],
});

/** Push a drawer shut. */
export const close = drawerTask('close', 'push', 'shut', {
  train: ['close the {object}', 'shut the {object}', 'push the {object} shut', 'please shut the {object}'],
  heldOut: ['please close the {object}', 'please push the {object} shut'],
});

function drawerTask(name: string, move: 'pull' | 'push', way: 'open' | 'shut', phrasings: Phrasings): Task {
  const opens = way === 'open';
  const done = (opening: number): boolean => (opens ? opening > OPEN : opening < CLOSED);
  return {
    name,
    maxSteps: 110,
    phrasings,
    subtasks: ['reach', 'grip', move],
    steps: {
      ...GRASP_STEPS,
      [move]: { instruction: `${move} the {object} ${way}`, because: 'the gripper holds the knob of the {object}' },
    },
    scene: 'drawers',
    goals: () => [],

    layout(random) {
      return { ...drawersScene(random), ...chooseTarget(random, [0, 1]) };
    },

    judge(world) {
      if (world.others().some((drawer) => done(world.opening(drawer)))) return 'wrong';
      return done(world.opening(world.layout.target)) ? 'success' : 'running';
    },

    plan(world) {
      const { target } = world.layout;
      if (!isHeld(world, target)) return grasp(world, target);
      const knob = world.position(target);
      const yaw = world.yaw(target);
      const ahead = opens ? 0.06 : -0.06;
      return {
        subtask: move,
        aim: {
          position: [knob[0] + ahead * Math.cos(yaw), knob[1] + ahead * Math.sin(yaw), knob[2]],
          yaw: nearest(world, yaw),
          gripper: 'close',
          speed: 0.7,
        },
      };
    },

    goal: () => null,
  };
}

function nearest(world: World, yaw: number): number {
  const current = world.robot.yaw();
  return Math.abs(current - yaw) < Math.PI / 2 ? yaw : yaw + Math.sign(current - yaw) * Math.PI;
}
