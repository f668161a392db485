/** @file One made-up episode of a person at a table: a hand reaches, grasps, lifts, and perhaps puts down, while the other rests. */

import type { Random } from '../../base/random.ts';
import {
  axisAngleToQuaternion,
  invertQuaternion,
  multiplyQuaternions,
  rotateVector,
  type Vector3,
} from '../../base/rotation.ts';
import { COLOUR_NAMES, type ColourName } from '../tabletop/colours.ts';
import { apart, drawUntil } from '../tabletop/draw.ts';
import { handAt, type HandKey, type Stretch } from './motion.ts';
import { drawHabit, GRASPS, posture } from './postures.ts';
import type { Side, WristPose } from './skeleton.ts';

/** Shapes of things, which are also the nouns of instructions. */
export type ThingShape = keyof typeof GRASPS;

/** A thing on the table at the start. */
export interface Thing {
  readonly shape: ThingShape;
  readonly colour: ColourName;
  readonly position: Vector3;
}

/** A flat square on the table. */
export interface Pad {
  readonly colour: ColourName;
  readonly position: Vector3;
}

/** One frame: both hands, where the things are, and what the active hand does. */
export interface HandFrame {
  readonly hands: Readonly<Record<Side, HandKey>>;
  readonly things: readonly Vector3[];
  readonly subtask: HandSubtask;
}

/** A whole episode. */
export interface HandEpisode {
  readonly instruction: string;
  readonly things: readonly Thing[];
  readonly pads: readonly Pad[];
  /** Index of the thing that the instruction names. */
  readonly target: number;
  /** Index of the pad that it is put on; null: it is only lifted. */
  readonly goal: number | null;
  readonly frames: readonly HandFrame[];
}

/** Frames per second. */
export const HAND_HZ = 10;
/** What a hand may do. */
export const HAND_SUBTASKS = ['reach', 'grasp', 'lift', 'carry', 'release', 'withdraw'] as const;
/** One of them. */
export type HandSubtask = (typeof HAND_SUBTASKS)[number];

/** Half heights of things, metres. */
export const THING_HALF: Readonly<Record<ThingShape, number>> = { cube: 0.022, cylinder: 0.04, ball: 0.026 };
/** From the wrist to where a right hand grasps, in the wrist's frame; metres. */
const GRASP_CENTRE: Vector3 = [0.115, 0.02, -0.045];
/** The hand points this far down while it grasps, radians. */
const PITCH = 0.9;
/** Metres. */
const LIFTED = 0.15;
const THINGS = 3;

const PICK_UP = [
  'pick up the {object} with the {hand} hand',
  'lift the {object} with the {hand} hand',
  'take the {object} with your {hand} hand',
];
const PUT = [
  'put the {object} on the {goal} with the {hand} hand',
  'move the {object} to the {goal} with your {hand} hand',
  'take the {object} with the {hand} hand and put it on the {goal}',
];

/** Draws an episode; the same stream gives the same one. */
export function drawHandEpisode(random: Random): HandEpisode {
  const { things, pads } = drawScene(random);
  const target = random.integer(THINGS);
  const goal = random.uniform() < 0.5 ? random.integer(pads.length) : null;
  const thing = things[target]!;
  // The nearer hand, mostly.
  const near: Side = thing.position[1] > 0 ? 'left' : 'right';
  const active: Side = random.uniform() < 0.85 ? near : near === 'left' ? 'right' : 'left';
  const habit = drawHabit(random);
  const rest = { left: drawRest('left', habit, random), right: drawRest('right', habit, random) };
  const place = goal === null ? null : pads[goal]!.position;
  const stretches = drawStretches(active, thing, place, rest[active], habit, random);
  const idle = drawIdling(rest[active === 'left' ? 'right' : 'left'], stretches, random);
  const words = random
    .pick(goal === null ? PICK_UP : PUT)
    .replace('{object}', `${thing.colour} ${thing.shape}`)
    .replace('{hand}', active)
    .replace('{goal}', goal === null ? '' : `${pads[goal]!.colour} pad`);
  const seconds = stretches.reduce((sum, stretch) => sum + stretch.seconds, 0);
  const frames = Array.from({ length: Math.floor(seconds * HAND_HZ) + 1 }, (_, i): HandFrame => {
    const time = i / HAND_HZ;
    const { hand, subtask } = handAt(rest[active], stretches, time);
    const other = handAt(idle.start, idle.stretches, time).hand;
    const moved = things.map(({ position }, index): Vector3 =>
      index === target ? carried(position, hand, subtask as HandSubtask, stretches, place) : position,
    );
    const hands = active === 'left' ? { left: hand, right: other } : { left: other, right: hand };
    return { hands, things: moved, subtask: subtask as HandSubtask };
  });
  return { instruction: words, things, pads, target, goal, frames };
}

function drawScene(random: Random): { things: Thing[]; pads: Pad[] } {
  const colours = random.shuffle(COLOUR_NAMES);
  const points = drawUntil(
    () => Array.from({ length: THINGS + 2 }, () => [random.range(0.3, 0.46), random.range(-0.2, 0.2)] as const),
    (drawn) => apart(drawn, 0.1),
  );
  const things = points.slice(0, THINGS).map(([x, y], i): Thing => {
    const shape = random.pick(['cube', 'cylinder', 'ball'] as const);
    return { shape, colour: colours[i]!, position: [x, y, THING_HALF[shape]] };
  });
  const pads = points.slice(THINGS).map(([x, y], i): Pad => ({ colour: colours[THINGS + i]!, position: [x, y, 0] }));
  return { things, pads };
}

function drawRest(side: Side, habit: Habit, random: Random): HandKey {
  const mirror = side === 'left' ? 1 : -1;
  const position: Vector3 = [random.range(0.12, 0.18), mirror * random.range(0.12, 0.2), random.range(0.06, 0.1)];
  const rotation = pointing(-mirror * random.range(0.1, 0.4), random.range(0.05, 0.3));
  return { position, rotation, joints: ofSide(side, habit(posture('relaxed'))) };
}

type Habit = ReturnType<typeof drawHabit>;

function drawStretches(
  side: Side,
  { shape, position }: Thing,
  place: Vector3 | null,
  rest: HandKey,
  habit: Habit,
  random: Random,
): Stretch[] {
  const closed = ofSide(side, habit(posture(random.pick(GRASPS[shape]))));
  const open = ofSide(side, habit(posture('open')));
  const pitch = PITCH + random.range(-0.15, 0.15);
  const over = ([x, y, z]: Vector3, height: number): WristPose => graspPose(side, [x, y, z + height], pitch);
  const at = over(position, 0);
  const pace = random.range(0.85, 1.2);
  const key = (pose: WristPose, joints: Float64Array): HandKey => ({ ...pose, joints });
  const reach: Stretch = {
    to: key(at, open),
    seconds: pace * random.range(0.8, 1.1),
    subtask: 'reach',
    // Fingers open widest at about two thirds of a reach (Jeannerod 1984).
    through: { joints: open.map((value, i) => value + 0.15 * (value - closed[i]!)), at: 0.65 },
  };
  const grasp: Stretch = { to: key(at, closed), seconds: pace * random.range(0.3, 0.5), subtask: 'grasp' };
  const lift: Stretch = {
    to: key(over(position, LIFTED), closed),
    seconds: pace * random.range(0.5, 0.8),
    subtask: 'lift',
  };
  if (place === null) return [reach, grasp, lift];
  const down: Vector3 = [place[0], place[1], THING_HALF[shape]];
  return [
    reach,
    grasp,
    lift,
    { to: key(over(down, 0.06), closed), seconds: pace * random.range(0.7, 1), subtask: 'carry' },
    { to: key(over(down, 0), closed), seconds: pace * 0.4, subtask: 'carry' },
    { to: key(over(down, 0), open), seconds: pace * random.range(0.25, 0.4), subtask: 'release' },
    { to: rest, seconds: pace * random.range(0.7, 1), subtask: 'withdraw' },
  ];
}

/** The resting hand drifts a little. */
function drawIdling(
  start: HandKey,
  active: readonly Stretch[],
  random: Random,
): { start: HandKey; stretches: Stretch[] } {
  const stretches = active.map(({ seconds }): Stretch => {
    const position = start.position.map((value) => value + 0.004 * random.normal()) as unknown as Vector3;
    const joints = start.joints.map((value) => value + 0.03 * random.normal());
    return { to: { position, rotation: start.rotation, joints }, seconds, subtask: '' };
  });
  return { start, stretches };
}

/** Where the thing is: on the table, in the hand, or put down. */
function carried(
  start: Vector3,
  hand: HandKey,
  subtask: HandSubtask,
  stretches: readonly Stretch[],
  place: Vector3 | null,
): Vector3 {
  if (subtask === 'reach' || subtask === 'grasp') return start;
  if (place !== null && (subtask === 'release' || subtask === 'withdraw')) return [place[0], place[1], start[2]];
  // As it lay in the hand when the grasp closed.
  const taken = stretches[1]!.to;
  const held = rotateVector(invertQuaternion(taken.rotation), subtract(start, taken.position));
  const [x, y, z] = rotateVector(hand.rotation, held);
  return [hand.position[0] + x, hand.position[1] + y, hand.position[2] + z];
}

/** The wrist for a grasp around a point, from the shoulder's direction. */
function graspPose(side: Side, point: Vector3, pitch: number): WristPose {
  const mirror = side === 'left' ? 1 : -1;
  const rotation = pointing(Math.atan2(point[1] - mirror * 0.2, point[0] + 0.1), pitch);
  const [x, y, z] = rotateVector(rotation, [GRASP_CENTRE[0], -mirror * GRASP_CENTRE[1], GRASP_CENTRE[2]]);
  return { position: [point[0] - x, point[1] - y, point[2] - z], rotation };
}

/** A hand that points along a heading and down by a pitch, the palm below. */
function pointing(heading: number, pitch: number): WristPose['rotation'] {
  return multiplyQuaternions(axisAngleToQuaternion([0, 0, heading]), axisAngleToQuaternion([0, pitch, 0]));
}

/** Numbers of a right hand as those of this side: a mirror image turns about x and z the other way round. */
function ofSide(side: Side, joints: Float64Array): Float64Array {
  return side === 'right' ? joints : joints.map((value, i) => (i % 3 === 1 ? value : -value));
}

function subtract(a: Vector3, b: Vector3): Vector3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}
