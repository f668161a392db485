/** @file Place: pick the named object up and put it down on the named pad. */

import type { Vector3 } from '../../../base/rotation.ts';
import { CARRY_STEPS, CARRY_SUBTASKS, carryTo, isPlaced } from '../carry.ts';
import { chooseTarget } from '../draw.ts';
import { padName } from '../layout.ts';
import { padsScene } from '../scenes.ts';
import type { Task } from '../task.ts';
import type { World } from '../world.ts';

/** The object's centre must rest this near to the pad's, metres. */
const INSIDE = 0.03;

/** Put the named object on the named place. */
export const place: Task = {
  name: 'place',
  maxSteps: 180,
  phrasings: {
    train: [
      'put the {object} on the {goal}',
      'place the {object} on the {goal}',
      'pick up the {object} and put it on the {goal}',
      'please place the {object} on the {goal}',
    ],
    heldOut: ['please put the {object} on the {goal}', 'pick up the {object} and place it on the {goal}'],
  },
  subtasks: CARRY_SUBTASKS,
  steps: CARRY_STEPS,
  scene: 'pads',
  goals: ({ marks }) => marks.map(padName),

  layout(random) {
    const { padColours, ...scene } = padsScene(random);
    const goal = random.integer(2);
    return { ...scene, goal, goalName: `${padColours[goal]} pad`, ...chooseTarget(random, [0, 1]) };
  },

  judge(world) {
    const { target, goal, marks, objects } = world.layout;
    const rests = (object: number, mark: number): boolean =>
      isPlaced(world, object, restOn(world, object, mark), INSIDE);
    const wrong = objects.some((_, object) =>
      marks.some((_, mark) => !(object === target && mark === goal) && rests(object, mark)),
    );
    if (wrong) return 'wrong';
    return rests(target, goal!) ? 'success' : 'running';
  },

  plan(world) {
    const { target, goal } = world.layout;
    return carryTo(world, target, restOn(world, target, goal!));
  },

  goal(world) {
    const { x, y } = world.layout.marks[world.layout.goal!]!;
    return { position: [x, y, 0], geom: `mark${world.layout.goal}` };
  },
};

function restOn(world: World, object: number, mark: number): Vector3 {
  const { x, y } = world.layout.marks[mark]!;
  return [x, y, world.shape(object).halfHeight];
}
