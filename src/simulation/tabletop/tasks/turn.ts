/** @file Turn: rotate the named box on the table until it lies lengthwise or sideways, as the instruction says. */

import { wrapAngle } from '../../../base/rotation.ts';
import { chooseTarget, drawUntil } from '../draw.ts';
import { grasp, GRASP_STEPS, isHeld } from '../grasp.ts';
import { gripYaw } from '../motion.ts';
import { padsScene } from '../scenes.ts';
import type { Scene } from '../scenes.ts';
import type { Task } from '../task.ts';
import type { World } from '../world.ts';

/** Radians. Boxes start at least FAR from the goal; within DONE it is reached. */
const FAR = 0.7;
const DONE = 0.17;
/** Along the table (towards the robot) and across it. */
const GOALS = [
  { name: 'lengthwise', yaw: 0 },
  { name: 'sideways', yaw: Math.PI / 2 },
] as const;

/** Turn the named object. */
export const turn: Task = {
  name: 'turn',
  maxSteps: 130,
  phrasings: {
    train: [
      'turn the {object} {goal}',
      'rotate the {object} {goal}',
      'rotate the {object} so that it lies {goal}',
      'please turn the {object} {goal}',
    ],
    heldOut: ['please rotate the {object} {goal}', 'turn the {object} so that it lies {goal}'],
  },
  subtasks: ['reach', 'grip', 'turn'],
  steps: {
    ...GRASP_STEPS,
    turn: { instruction: 'turn the {object} until it lies {goal}', because: 'the gripper holds the {object}' },
  },
  scene: 'pads',
  goals: () => GOALS.map(({ name }) => name),

  layout(random) {
    const { objects, marks } = drawUntil(
      () => padsScene(random),
      (scene) => scene.objects.every(({ shape }) => shape === 'box') && farGoals(scene).length > 0,
    );
    // Where both goals are far from how the boxes lie, either may be asked for.
    const goal = random.pick(farGoals({ objects, marks }));
    return { objects, marks, goal, goalName: GOALS[goal]!.name, ...chooseTarget(random, [0, 1]) };
  },

  judge(world) {
    if (world.others().some((object) => isTurned(world, object))) return 'wrong';
    return isTurned(world, world.layout.target) ? 'success' : 'running';
  },

  plan(world) {
    const { target, goal } = world.layout;
    if (!isHeld(world, target)) return grasp(world, target);
    const hand = world.robot.position();
    const yaw = gripYaw(world.robot.yaw(), GOALS[goal!]!.yaw, Math.PI);
    return { subtask: 'turn', aim: { position: hand, yaw, gripper: 'close' } };
  },

  goal: () => null,
};

function isTurned(world: World, object: number): boolean {
  const off = Math.abs(wrapAngle(world.yaw(object) - GOALS[world.layout.goal!]!.yaw, Math.PI));
  return off < DONE && world.position(object)[2] < world.shape(object).halfHeight + 0.01;
}

/** Goals (indices) that no box has reached, by far. */
function farGoals({ objects }: Scene): number[] {
  return [...GOALS.keys()].filter((goal) =>
    objects.every(({ yaw }) => Math.abs(wrapAngle(yaw - GOALS[goal]!.yaw, Math.PI)) > FAR),
  );
}
