/** @file The things on the table: what kinds there are, how they are drawn, where they lie. Places are whole centimetres, as they are said. */

import type { Vector3 } from '../../base/rotation.ts';
import type { Random } from '../../base/random.ts';
import type { Box } from './collision.ts';
import type { RobotArm } from './robot.ts';

/** A place on the table, metres: x ahead of the robot, y to its left. */
export type Place = readonly [x: number, y: number];

/** A thing on the table. */
export interface SceneObject {
  readonly noun: string;
  readonly colour: string;
  /** Length (along its own x), width, height; metres. */
  readonly size: Vector3;
  readonly round: boolean;
  /** What shows where it faces (along its own x), if anything does. */
  readonly front: string | null;
  readonly place: Place;
  /** Degrees about the vertical, counter-clockwise from straight ahead. */
  readonly turn: number;
}

/** A kind of thing; sizes in half centimetres, from–to. */
export interface Kind {
  readonly nouns: readonly string[];
  readonly round: boolean;
  readonly front: string | null;
  readonly length: readonly [number, number];
  /** null: as long as it is wide. */
  readonly width: readonly [number, number] | null;
  /** null: as high as it is wide. */
  readonly height: readonly [number, number] | null;
}

const round = { round: true, front: null, width: null } as const;
const cuboid = { round: false, front: null } as const;

/** What a gripper can hold. */
export const GRASPABLE: readonly Kind[] = [
  { ...cuboid, nouns: ['cube', 'die', 'wooden cube'], length: [6, 11], width: null, height: null },
  { ...cuboid, nouns: ['block', 'brick', 'wooden block'], length: [8, 14], width: [6, 11], height: [6, 12] },
  { ...cuboid, nouns: ['box', 'carton', 'package'], length: [11, 18], width: [6, 12], height: [7, 18] },
  { ...cuboid, nouns: ['sponge', 'bar of soap', 'eraser'], length: [13, 18], width: [8, 12], height: [5, 7] },
  { ...round, nouns: ['cup', 'mug', 'glass'], length: [11, 13], height: [12, 18] },
  { ...round, nouns: ['can', 'tin', 'jar'], length: [10, 13], height: [12, 20] },
  { ...round, nouns: ['bottle', 'flask'], length: [10, 13], height: [26, 36] },
  { ...round, nouns: ['apple', 'orange', 'ball'], length: [11, 13], height: null },
];

/** Low enough to be pushed near its top. */
export const PUSHABLE: readonly Kind[] = GRASPABLE.filter(({ height }) => height === null || height[1] <= 20);

/** Things that face somewhere. */
export const FACING: readonly Kind[] = [
  { round: false, front: 'lens', nouns: ['camera', 'webcam'], length: [11, 18], width: [8, 12], height: [8, 14] },
  { round: false, front: 'front', nouns: ['toy car', 'toy truck'], length: [16, 24], width: [8, 12], height: [8, 12] },
  { round: true, front: 'handle', nouns: ['mug', 'jug'], length: [11, 13], width: null, height: [14, 20] },
  { round: true, front: 'label', nouns: ['bottle', 'can', 'jar'], length: [11, 13], width: null, height: [18, 30] },
];

/** What things can be put into or onto; `floor` is the height above the table at which they then stand, metres. */
export const CARRIERS: readonly { readonly kind: Kind; readonly floor: number; readonly words: string }[] = [
  {
    kind: { ...round, nouns: ['bowl', 'basket', 'bin'], length: [32, 36], height: [8, 10] },
    floor: 0.01,
    words: 'into',
  },
  {
    kind: { ...round, nouns: ['plate', 'tray', 'dish'], length: [32, 40], height: [4, 4] },
    floor: 0.02,
    words: 'onto',
  },
];

/** What is in the way. */
export const OBSTACLE: Kind = {
  ...cuboid,
  nouns: ['tower', 'tall box', 'crate', 'stack of books'],
  length: [16, 24],
  width: null,
  height: [30, 50],
};

/** Adjectives of things. */
export const COLOUR_WORDS = 'red,green,blue,yellow,purple,white,black,orange,grey,pink,brown'.split(',');

const HALF_CENTIMETRE = 0.005;
/** Between the outlines of things, metres. */
const GAP = 0.05;

/** A thing of one of the kinds, in a colour that `others` do not have. */
export function drawObject(
  kinds: readonly Kind[],
  place: Place,
  turn: number,
  others: readonly SceneObject[],
  random: Random,
): SceneObject {
  const { nouns, round, front, length, width, height } = random.pick(kinds);
  const noun = random.pick(nouns);
  const used = others.map(({ colour }) => colour);
  // An orange orange is said badly.
  const colour = random.pick(COLOUR_WORDS.filter((word) => !used.includes(word) && word !== noun));
  const draw = ([low, high]: readonly [number, number]): number =>
    (low + random.integer(high - low + 1)) * HALF_CENTIMETRE;
  const first = draw(length);
  return {
    noun,
    colour,
    round,
    front,
    size: [first, width === null ? first : draw(width), height === null ? first : draw(height)],
    place,
    turn: round && front === null ? 0 : turn,
  };
}

/** How far its outline reaches from its middle, metres. */
export function outline({ size, round }: SceneObject): number {
  return round ? size[0] / 2 : Math.hypot(size[0], size[1]) / 2;
}

/** The thing's box; a round thing counts as the box around it. `height` is that of its foot, metres. */
export function boxOf({ size: [length, width, height], place: [x, y], turn }: SceneObject, foot = 0): Box {
  return {
    position: [x, y, foot + height / 2],
    yaw: radians(turn),
    half: [length / 2, width / 2, height / 2],
  };
}

/** Degrees to radians. */
export function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** Whole centimetres. */
export function onGrid(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Where something of outline `radius` fits among things and kept places; null when none was found. */
export function drawPlace(
  robot: RobotArm,
  random: Random,
  radius: number,
  taken: readonly { readonly place: Place; readonly radius: number }[],
): Place | null {
  const { near, far, side } = robot.reach;
  for (let i = 0; i < 20; i++) {
    const place: Place = [onGrid(random.range(near, far)), onGrid(random.range(-side, side))];
    if (within(robot, place) && isClear(place, radius, taken)) return place;
  }
  return null;
}

/** Whether the arm reaches there. */
export function within({ reach: { near, far, side } }: RobotArm, [x, y]: Place): boolean {
  return x >= near && x <= far && Math.abs(y) <= side && Math.hypot(x, y) <= far + 0.04;
}

/** Whether something of outline `radius` is apart from all of `taken` there. */
export function isClear(
  [x, y]: Place,
  radius: number,
  taken: readonly { readonly place: Place; readonly radius: number }[],
): boolean {
  return taken.every((one) => Math.hypot(x - one.place[0], y - one.place[1]) >= radius + one.radius + GAP);
}
