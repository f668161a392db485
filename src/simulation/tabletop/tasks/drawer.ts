/** @file Open and close: pull or push the drawer of the named colour by its knob. */

import type { Random } from '../../../base/random.ts';
import { COLOUR_NAMES } from '../colours.ts';
import { chooseTarget } from '../draw.ts';
import { grasp, isHeld } from '../grasp.ts';
import type { Layout } from '../layout.ts';
import { DRAWER_TRAVEL } from '../objects.ts';
import type { Phrasings, Task } from '../task.ts';
import type { World } from '../world.ts';

/** A drawer counts as open and as closed from here on, metres. */
const OPEN = 0.08;
const CLOSED = 0.015;

/** Pull a drawer open. */
export const open = drawerTask(
  'open',
  'pull',
  { train: [0, 0.01], opens: true },
  {
    train: ['open the {object}', 'pull the {object} open', 'pull out the {object}', 'please pull the {object} open'],
    heldOut: ['please open the {object}', 'please pull out the {object}'],
  },
);

/** Push a drawer shut. */
export const close = drawerTask(
  'close',
  'push',
  { train: [0.085, DRAWER_TRAVEL], opens: false },
  {
    train: ['close the {object}', 'shut the {object}', 'push the {object} shut', 'please shut the {object}'],
    heldOut: ['please close the {object}', 'please push the {object} shut'],
  },
);

function drawerTask(
  name: string,
  move: string,
  { train: startsAt, opens }: { readonly train: readonly [number, number]; readonly opens: boolean },
  phrasings: Phrasings,
): Task {
  const done = (opening: number): boolean => (opens ? opening > OPEN : opening < CLOSED);
  return {
    name,
    maxSteps: 90,
    phrasings,
    subtasks: ['reach', 'grip', move],

    layout(random) {
      return { objects: twoDrawers(random, startsAt), marks: [], ...chooseTarget(random, 2) };
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
      const way = opens ? 0.06 : -0.06;
      return {
        subtask: move,
        aim: {
          position: [knob[0] + way * Math.cos(yaw), knob[1] + way * Math.sin(yaw), knob[2]],
          yaw: nearest(world, yaw),
          gripper: 'close',
          speed: 0.7,
        },
      };
    },

    goal: () => null,
  };
}

/** Two cabinets side by side in front of the robot, each a little turned, drawers towards the camera. */
function twoDrawers(random: Random, startsAt: readonly [number, number]): Layout['objects'] {
  const colours = random.shuffle(COLOUR_NAMES);
  const middle = random.range(-0.05, 0.05);
  const x = random.range(0.53, 0.56);
  return [-1, 1].map((side, i) => ({
    shape: 'drawer',
    colour: colours[i]!,
    x: x + random.range(-0.01, 0.01),
    y: middle + side * random.range(0.08, 0.1),
    // Turned towards the middle rather than away from it, so that open drawers do not meet.
    yaw: side * random.range(-0.05, 0.2),
    opening: random.range(startsAt[0], startsAt[1]),
  }));
}

function nearest(world: World, yaw: number): number {
  const current = world.robot.yaw();
  return Math.abs(current - yaw) < Math.PI / 2 ? yaw : yaw + Math.sign(current - yaw) * Math.PI;
}
