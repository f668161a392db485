/** @file Stack: put the named object on top of another one. */

import type { Vector3 } from '../../../base/rotation.ts';
import { CARRY_STEPS, CARRY_SUBTASKS, carryTo, isPlaced } from '../carry.ts';
import { chooseTarget, drawUntil } from '../draw.ts';
import { objectName } from '../layout.ts';
import { blocksScene, grippable } from '../scenes.ts';
import type { Task } from '../task.ts';
import type { World } from '../world.ts';

/** Largest horizontal distance between the centres of a stack, metres. */
const CENTRED = 0.022;

/** Put the named object on top of another. */
export const stack: Task = {
  name: 'stack',
  maxSteps: 180,
  phrasings: {
    train: [
      'stack the {object} on the {goal}',
      'put the {object} on top of the {goal}',
      'pick up the {object} and stack it on the {goal}',
      'please put the {object} on top of the {goal}',
    ],
    heldOut: ['please stack the {object} on the {goal}', 'pick up the {object} and put it on top of the {goal}'],
  },
  subtasks: CARRY_SUBTASKS,
  steps: CARRY_STEPS,
  scene: 'blocks',
  goals: ({ objects }) => objects.map(objectName),

  layout(random) {
    const scene = drawUntil(
      () => blocksScene(random),
      (drawn) => grippable(drawn).length === 3,
    );
    const goal = random.integer(3);
    const candidates = [0, 1, 2].filter((i) => i !== goal);
    return { ...scene, goal, goalName: objectName(scene.objects[goal]!), ...chooseTarget(random, candidates) };
  },

  judge(world) {
    const { target, goal, objects } = world.layout;
    const stacked = (upper: number, lower: number): boolean =>
      upper !== lower && isPlaced(world, upper, topOf(world, upper, lower), CENTRED);
    const wrong = objects.some((_, upper) =>
      objects.some((_, lower) => !(upper === target && lower === goal) && stacked(upper, lower)),
    );
    if (wrong) return 'wrong';
    return stacked(target, goal!) ? 'success' : 'running';
  },

  plan(world) {
    const { target, goal } = world.layout;
    return carryTo(world, target, topOf(world, target, goal!));
  },

  goal(world) {
    const { target, goal } = world.layout;
    return { position: topOf(world, target, goal!), geom: `object${goal}` };
  },
};

/** Where the centre of `upper` rests on top of `lower`. */
function topOf(world: World, upper: number, lower: number): Vector3 {
  const [x, y, z] = world.position(lower);
  return [x, y, z + world.shape(lower).top + world.shape(upper).halfHeight];
}
