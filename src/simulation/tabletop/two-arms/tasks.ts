/** @file Tasks that need both hands: a bar is lifted at both ends, two blocks at once, a stick is handed over. */

import { wrapAngle } from '../../../base/rotation.ts';
import type { Vector3 } from '../../../base/rotation.ts';
import { chooseTarget } from '../draw.ts';
import { graspWith, holds, thing, type Graspable } from '../grasp.ts';
import { objectName } from '../layout.ts';
import { planarDistance } from '../motion.ts';
import type { Aim, Hand } from '../robot-model.ts';
import type { Task } from '../task.ts';
import type { World } from '../world.ts';
import type { Aims, TwoArms } from './robot.ts';
import { barsScene, pairsScene, sticksScene } from './scenes.ts';

type TwoArmsTask = Task<TwoArms, Aims>;
type TwoArmsWorld = World<TwoArms>;

/** Metres above the rest height that count as lifted, and to which experts lift. */
const RAISED = 0.05;
const HIGH = 0.16;
/** Hands that raise one thing together stay within this of the lower one, metres. */
const LIFT_STEP = 0.05;

/** Lift the named bar with a hand at each end. */
const liftBar: TwoArmsTask = {
  name: 'lift-bar',
  maxSteps: 140,
  phrasings: {
    train: [
      'lift the {object} with both hands',
      'pick up the {object} with both hands',
      'raise the {object} at both ends',
      'please raise the {object} with both hands',
    ],
    heldOut: ['please pick up the {object} with both hands', 'lift the {object} at both ends'],
  },
  subtasks: ['reach', 'grip', 'raise'],
  steps: {
    reach: { instruction: 'reach for both ends of the {object}', because: 'the hands are not at its ends' },
    grip: { instruction: 'close both grippers on the {object}', because: 'both hands are at the ends of the {object}' },
    raise: { instruction: 'raise the {object} with both hands', because: 'both hands hold the {object}' },
  },
  scene: 'bars',
  goals: () => [],

  layout(random) {
    return { ...barsScene(random), ...chooseTarget(random, [0, 1]) };
  },

  judge(world) {
    const raised = (bar: number): boolean =>
      ends(world, bar, 0.2).every(({ position }) => isRaised(world, bar, position));
    if (world.others().some(raised)) return 'wrong';
    return raised(world.layout.target) ? 'success' : 'running';
  },

  plan(world) {
    const { left, right } = world.robot;
    const [leftEnd, rightEnd] = ends(world, world.layout.target, 0.15);
    const lower = Math.min(left.position()[2], right.position()[2]);
    const raise = (hand: Hand): Aim => ({ ...stay(hand), position: at(hand, Math.min(HIGH, lower + LIFT_STEP)) });
    if (holds(left, leftEnd) && holds(right, rightEnd)) {
      return { subtask: 'raise', aim: { left: raise(left), right: raise(right) } };
    }
    return together(takeOrHold(left, leftEnd), takeOrHold(right, rightEnd));
  },

  goal: () => null,
};

/** Lift one block with each hand, at the same time. */
const liftBoth: TwoArmsTask = {
  name: 'lift-both',
  maxSteps: 140,
  phrasings: {
    train: [
      'lift the {object} with the left hand and the {goal} with the right hand',
      'pick up the {object} with the left hand and the {goal} with the right hand',
      'left hand: lift the {object}, right hand: lift the {goal}',
      'please lift the {object} on the left and the {goal} on the right',
    ],
    heldOut: [
      'please pick up the {object} with the left hand and the {goal} with the right hand',
      'lift the {object} on the left and the {goal} on the right',
    ],
  },
  subtasks: ['reach', 'grip', 'raise'],
  steps: {
    reach: {
      instruction: 'reach for the {object} with the left hand and for the {goal} with the right hand',
      because: 'a hand is not at its thing',
    },
    grip: {
      instruction: 'close the left gripper on the {object} and the right one on the {goal}',
      because: 'the left hand is at the {object} and the right hand at the {goal}',
    },
    raise: {
      instruction: 'raise the {object} and the {goal}',
      because: 'the left hand holds the {object} and the right hand holds the {goal}',
    },
  },
  scene: 'pairs',
  goals: ({ objects }) => objects.map(objectName),

  layout(random) {
    const scene = pairsScene(random);
    const goal = 2 + random.integer(2);
    return { ...scene, goal, goalName: objectName(scene.objects[goal]!), ...chooseTarget(random, [0, 1]) };
  },

  judge(world) {
    const { target, goal, objects } = world.layout;
    const raised = (object: number): boolean => isRaised(world, object, world.position(object));
    if (objects.some((_, object) => object !== target && object !== goal && raised(object))) return 'wrong';
    return raised(target) && raised(goal!) ? 'success' : 'running';
  },

  plan(world) {
    const { left, right } = world.robot;
    const things = [thing(world, world.layout.target), thing(world, world.layout.goal!)] as const;
    const raise = (hand: Hand): Aim => ({ ...stay(hand), position: at(hand, HIGH) });
    if (holds(left, things[0]) && holds(right, things[1])) {
      return { subtask: 'raise', aim: { left: raise(left), right: raise(right) } };
    }
    return together(takeOrHold(left, things[0]), takeOrHold(right, things[1]));
  },

  goal: () => null,
};

/** Where sticks change hands, metres, and how near to it is near enough. */
const MEETING: Vector3 = [0.5, 0, 0.2];
const NEAR = 0.025;
/** Where the right hand waits, and where the left goes afterwards. */
const WAITING: Vector3 = [0.46, -0.16, 0.24];
const AWAY: Vector3 = [0.46, 0.2, 0.24];

/** Take the named stick with the left hand and hand it to the right one. */
const handOver: TwoArmsTask = {
  name: 'hand-over',
  maxSteps: 200,
  phrasings: {
    train: [
      'hand the {object} over to the right hand',
      'give the {object} to the right hand',
      'pass the {object} from the left hand to the right hand',
      'please pass the {object} to the right hand',
    ],
    heldOut: ['please give the {object} to the right hand', 'hand the {object} from the left hand to the right hand'],
  },
  subtasks: ['reach', 'grip', 'carry', 'take', 'release'],
  steps: {
    reach: {
      instruction: 'reach for the {object} with the left hand',
      because: 'the left gripper is not around the {object}',
    },
    grip: {
      instruction: 'close the left gripper on the {object}',
      because: 'the open left gripper is around the {object}',
    },
    carry: { instruction: 'carry the {object} to the middle', because: 'the left hand holds the {object}' },
    take: {
      instruction: 'take the {object} with the right hand',
      because: 'the left hand holds the {object} in the middle',
    },
    release: { instruction: 'let go of the {object} with the left hand', because: 'the right hand holds the {object}' },
  },
  scene: 'sticks',
  goals: () => [],

  layout(random) {
    return { ...sticksScene(random), ...chooseTarget(random, [0, 1]) };
  },

  judge(world) {
    const { left, right } = world.robot;
    const handed = (stick: number): boolean => {
      const [leftEnd, rightEnd] = ends(world, stick, GRIP);
      const free = !holds(left, leftEnd) && planarDistance(left.position(), leftEnd.position) > 0.05;
      return free && holds(right, rightEnd) && isRaised(world, stick, world.position(stick));
    };
    if (world.others().some(handed)) return 'wrong';
    return handed(world.layout.target) ? 'success' : 'running';
  },

  plan(world) {
    const { left, right } = world.robot;
    const { target } = world.layout;
    const [leftEnd, rightEnd] = ends(world, target, GRIP);
    const [leftHolds, rightHolds] = [holds(left, leftEnd), holds(right, rightEnd)];
    const waiting: Aim = { position: WAITING, yaw: leftEnd.yaw, gripper: 'open' };
    if (rightHolds && isRaised(world, target, rightEnd.position)) {
      // Let go first, then leave along the stick.
      const position: Vector3 = left.gap() < OPEN ? left.position() : [left.position()[0], AWAY[1], left.position()[2]];
      return { subtask: 'release', aim: { left: { ...stay(left), position, gripper: 'open' }, right: stay(right) } };
    }
    if (!leftHolds) {
      const { subtask, aim } = graspWith(left, leftEnd);
      return { subtask, aim: { left: aim, right: waiting } };
    }
    const centre = world.position(target);
    const off = MEETING.map((value, k) => value - centre[k]!);
    const high = centre[2] > MEETING[2] - 0.08 ? 1 : 0;
    const position = left.position().map((value, k) => value + off[k]! * (k < 2 ? high : 1)) as unknown as Vector3;
    const carry: Aim = { position, yaw: left.yaw() + turnAcross(leftEnd.yaw), gripper: 'close' };
    if (Math.hypot(...off) > NEAR) return { subtask: 'carry', aim: { left: carry, right: waiting } };
    return { subtask: 'take', aim: { left: carry, right: graspWith(right, rightEnd).aim } };
  },

  goal: (_world) => ({ position: MEETING, geom: null }),
};

/** From a stick's middle to where a hand takes it, metres, and the gap of a gripper that has let go. */
const GRIP = 0.055;
const OPEN = 0.06;

/** All tasks of the two arms. */
export const TWO_ARMS_TASKS: readonly TwoArmsTask[] = [liftBar, liftBoth, handOver];

/** The left and the right end of a long thing, `reach` metres from its middle, each as something to grasp. */
function ends(world: TwoArmsWorld, object: number, reach: number): [left: Graspable, right: Graspable] {
  const whole = thing(world, object);
  const axis = world.axis(object);
  const sign = axis[1] >= 0 ? 1 : -1;
  const end = (side: 1 | -1): Graspable => ({
    ...whole,
    position: whole.position.map((value, k) => value + side * sign * reach * axis[k]!) as unknown as Vector3,
  });
  return [end(1), end(-1)];
}

function isRaised(world: TwoArmsWorld, object: number, place: Vector3): boolean {
  return place[2] > world.shape(object).halfHeight + RAISED;
}

/** What a hand does until both hold: grasp, or wait with what it has. */
function takeOrHold(hand: Hand, wanted: Graspable): { subtask: string; aim: Aim } {
  return holds(hand, wanted) ? { subtask: 'grip', aim: stay(hand) } : graspWith(hand, wanted);
}

/** Both hands' next moves, named after the one that is further behind. */
function together(
  left: { subtask: string; aim: Aim },
  right: { subtask: string; aim: Aim },
): { subtask: string; aim: Aims } {
  const reaching = left.subtask === 'reach' || right.subtask === 'reach';
  return { subtask: reaching ? 'reach' : 'grip', aim: { left: left.aim, right: right.aim } };
}

/** Where a hand is, closed. */
function stay(hand: Hand): Aim {
  return { position: hand.position(), yaw: hand.yaw(), gripper: 'close' };
}

function at(hand: Hand, height: number): Vector3 {
  const [x, y] = hand.position();
  return [x, y, height];
}

/** The turn that lays a long thing of this yaw across, along y. */
function turnAcross(yaw: number): number {
  return -wrapAngle(yaw - Math.PI / 2, Math.PI);
}
