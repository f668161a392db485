/** @file A room: its walls, what stands in it, where the base starts, and how it is drawn at random. */

import type { Random } from '../../base/random.ts';
import { wrapAngle } from '../../base/rotation.ts';
import { COLOUR_NAMES, type ColourName } from '../tabletop/colours.ts';
import { apartBy, aroundCircle, distanceTo, grown, rectangle, type Point, type Polygon, type Pose2 } from './planar.ts';
import { shortestWay, type Way } from './shortest-path.ts';

/** Names of landmarks, which are also the nouns of instructions. */
export type LandmarkShape = 'pillar' | 'box' | 'ball';

/** A coloured thing that instructions name. */
export interface Landmark {
  readonly shape: LandmarkShape;
  readonly colour: ColourName;
  readonly x: number;
  readonly y: number;
}

/** A low wall inside the room, along an axis. */
export interface Partition {
  readonly centre: Point;
  /** Half sizes, metres. */
  readonly half: Point;
}

/** Everything about a room before anyone moves. The origin is its middle. */
export interface Room {
  /** Half sizes, metres. */
  readonly half: Point;
  readonly landmarks: readonly Landmark[];
  readonly partitions: readonly Partition[];
  readonly start: Pose2;
}

/** Half widths (radii) of landmarks, metres. */
export const LANDMARK_RADIUS: Readonly<Record<LandmarkShape, number>> = { pillar: 0.2, box: 0.25, ball: 0.28 };
/** Radius of the base, metres. */
export const BASE_RADIUS = 0.2;
/** How far planned ways keep from things beyond the base's radius, metres. */
const CLEARANCE = 0.1;
const LANDMARKS = 4;
const PARTITIONS = 2;
/** From a landmark's middle to walls and partitions, to the start, and to other landmarks, at least; metres. */
const AROUND = 1.15;
const FAR = 2.2;
const APART = 1.9;
/** Half the angle within which all landmarks are seen from the start, radians. */
const IN_VIEW = 0.64;
const SHAPES: readonly LandmarkShape[] = ['pillar', 'box', 'ball'];

/** How an instruction calls a landmark: "red pillar". */
export function landmarkName({ colour, shape }: Landmark): string {
  return `${colour} ${shape}`;
}

/** Where a landmark stands, seen from above. */
export function outline({ shape, x, y }: Landmark): Polygon {
  const radius = LANDMARK_RADIUS[shape];
  return shape === 'box' ? rectangle([x, y], [radius, radius]) : aroundCircle([x, y], radius);
}

/** Everything that a base may run into, the outer walls left out. */
export function obstacles({ landmarks, partitions }: Room): Polygon[] {
  return [...landmarks.map(outline), ...partitions.map(({ centre, half }) => rectangle(centre, half))];
}

/** Whether a base fits at a point, `margin` metres to spare. */
export function isFree(room: Room, point: Point, margin = 0): boolean {
  const radius = BASE_RADIUS + margin;
  return (
    Math.abs(point[0]) <= room.half[0] - radius &&
    Math.abs(point[1]) <= room.half[1] - radius &&
    obstacles(room).every((polygon) => distanceTo(polygon, point) >= radius)
  );
}

/** The shortest way of the base's middle between two points, with clearance; null when there is none. */
export function wayThrough(room: Room, start: Point, goal: Point): Way | null {
  const radius = BASE_RADIUS + CLEARANCE;
  const polygons = obstacles(room).map((polygon) => grown(polygon, radius));
  const bounds = rectangle([0, 0], [room.half[0] - BASE_RADIUS, room.half[1] - BASE_RADIUS]);
  return shortestWay(polygons, bounds, start, goal);
}

/** Draws of one thing before the whole room is drawn anew. */
const PATIENCE = 60;

/** A room whose landmarks are all in view from the start, each with free places around it. */
export function drawRoom(random: Random): Room {
  for (;;) {
    const room = tryRoom(random);
    if (room !== null) return room;
  }
}

function tryRoom(random: Random): Room | null {
  const half: Point = [random.range(3.2, 4.2), random.range(2.8, 3.8)];
  // Near the wall at x = −half, looking into the room.
  const start: Pose2 = {
    x: -half[0] + random.range(0.35, 0.6),
    y: random.range(-0.6, 0.6),
    heading: random.range(-0.15, 0.15),
  };
  const within = (margin: number): Point => [
    random.range(margin - half[0], half[0] - margin),
    random.range(margin - half[1], half[1] - margin),
  ];
  const colours = random.shuffle(COLOUR_NAMES);
  const landmarks: Landmark[] = [];
  while (landmarks.length < LANDMARKS) {
    const at = firstFitting(
      () => within(AROUND),
      ([x, y]) =>
        Math.abs(wrapAngle(Math.atan2(y - start.y, x - start.x) - start.heading)) < IN_VIEW &&
        apartBy([x, y], [start.x, start.y]) > FAR &&
        landmarks.every((other) => apartBy([x, y], [other.x, other.y]) > APART),
    );
    if (at === null) return null;
    landmarks.push({ shape: random.pick(SHAPES), colour: colours[landmarks.length]!, x: at[0], y: at[1] });
  }
  const partitions: Partition[] = [];
  while (partitions.length < PARTITIONS) {
    const partition = firstFitting(
      (): Partition => {
        const [long, thin] = [random.range(0.5, 0.9), 0.05];
        return { centre: within(0.6), half: random.uniform() < 0.5 ? [long, thin] : [thin, long] };
      },
      ({ centre, half: size }) => {
        const polygon = rectangle(centre, size);
        return (
          landmarks.every(({ x, y }) => distanceTo(polygon, [x, y]) > AROUND) &&
          distanceTo(polygon, [start.x, start.y]) > 0.6
        );
      },
    );
    if (partition === null) return null;
    partitions.push(partition);
  }
  return { half, landmarks, partitions, start };
}

/** The first of a few draws that fits; null when none does. */
function firstFitting<T>(draw: () => T, fits: (value: T) => boolean): T | null {
  for (let i = 0; i < PATIENCE; i++) {
    const value = draw();
    if (fits(value)) return value;
  }
  return null;
}
