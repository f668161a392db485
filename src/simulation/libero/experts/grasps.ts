/** @file How objects are gripped from above, by LIBERO's classes, and which of the possible grips suits the moment. */

import { wrapAngle } from '../../../base/rotation.ts';
import type { Vector3 } from '../../../base/rotation.ts';
import {
  add,
  axisOf,
  bounds,
  downward,
  fingerYaw,
  levelAxes,
  middle,
  nearestYaw,
  placed,
  planar,
  subtract,
  uprightAxis,
} from './geometry.ts';
import { roomAround } from './room.ts';
import type { Place } from './place.ts';
import type { Part, Scene } from './scene.ts';

/** Where the grip site goes, and along which yaw the fingers close. */
export interface Grip {
  readonly position: Vector3;
  readonly yaw: number;
}

/** A grip that may be chosen, and what speaks against it, in metres of way. */
interface Candidate extends Grip {
  readonly cost: number;
}

/** `rim`: one finger inside, one outside of an open vessel's edge. `body`: around the whole, across a side that fits. */
interface Hold {
  readonly way: 'rim' | 'body';
  /** The grip site below the object's top, metres; never deeper than half of the object. */
  readonly depth: number;
  /** From the outermost point inwards to the middle of the wall, metres; of rims. */
  readonly inset?: number;
}

const BODY: Hold = { way: 'body', depth: 0.028 };
const HOLDS: Readonly<Record<string, Hold>> = {
  AkitaBlackBowl: { way: 'rim', depth: 0.012, inset: 0.006 },
  WhiteBowl: { way: 'rim', depth: 0.012, inset: 0.006 },
  GlazedRimPorcelainRamekin: { way: 'rim', depth: 0.008, inset: 0.004 },
  Plate: { way: 'rim', depth: 0.008, inset: 0.013 },
};

/** The widest thing that the open fingers go around, metres. */
const WIDEST = 0.072;
/** Where the outer finger has no room, the grip may be further inwards, metres; closing then moves the vessel. */
const INWARD = [0, 0.01, 0.02];
/** Rims are tried at this many points. */
const RIM_POINTS = 24;
/** The hand's neutral yaw: fingers across the robot's front; and the turn either way that the wrist allows, radians. */
const NEUTRAL = Math.PI / 2;
const TURN = 1.8;
/** Costs in metres of way: per radian of turn, per point of the hand in another object. */
const TURN_COST = 0.06;
const COLLISION_COST = 0.05;
/** Further from the base than this the arm is nearly stretched, metres; a cost per metre beyond. */
const REACH = 0.72;
const REACH_COST = 4;
/** What is slid is better pushed by its hind rim than pulled by its front one. */
const PULL_COST = 0.1;

/** How objects of its class are gripped. */
export function holdOf(scene: Scene, object: string): Hold {
  return HOLDS[scene.task.objects[object]?.className ?? ''] ?? BODY;
}

/**
 * The grip that costs least from where the hand is: going there makes it cheaper yet, so the choice stays. The hand should have room there, and
 * where it brings the object.
 */
export function bestGrip(scene: Scene, object: string, place: Place): Grip {
  const { hand } = scene;
  const now = fingerYaw(hand.orientation);
  const part = scene.object(object);
  const way = subtract(place.position, [part.position[0], part.position[1], bounds(part).low[2]]);
  const here = roomAround(scene, middle(part), [object]);
  const there = roomAround(scene, add(middle(part), way), [object, ...place.onto]);
  const candidates = grips(scene, object)
    .map((grip) => {
      const yaw = reachable(nearestYaw(now, grip.yaw));
      const leading = place.slid ? PULL_COST * (1 + alignment(subtract(grip.position, middle(part)), way)) : 0;
      const far = beyondReach(scene, grip.position) + beyondReach(scene, add(grip.position, way));
      const moving = planar(grip.position, hand.position) + TURN_COST * Math.abs(yaw - now);
      const cost = grip.cost + moving + leading + REACH_COST * far;
      return { position: grip.position, yaw, cost };
    })
    .sort((a, b) => a.cost - b.cost);
  let [best, least] = [candidates[0]!, Infinity];
  for (const grip of candidates) {
    // Room only adds to the cost: from here on none is cheaper.
    if (grip.cost >= least) break;
    const pose = downward(grip.yaw);
    const met = here.collisions(grip.position, pose) + there.collisions(add(grip.position, way), pose);
    const cost = grip.cost + COLLISION_COST * met;
    if (cost < least) [best, least] = [grip, cost];
  }
  return best;
}

/** How much further from the base a place is than a hand that points down reaches with ease, metres. */
function beyondReach({ base }: Scene, place: Vector3): number {
  return Math.max(0, planar(base, place) - REACH);
}

/** The cosine of the angle between two ways, seen from above. */
function alignment(a: Vector3, b: Vector3): number {
  return (a[0] * b[0] + a[1] * b[1]) / Math.max(1e-9, Math.hypot(a[0], a[1]) * Math.hypot(b[0], b[1]));
}

function reachable(yaw: number): number {
  const turn = yaw - NEUTRAL;
  return Math.abs(turn) <= TURN ? yaw : NEUTRAL + wrapAngle(turn, Math.PI);
}

function grips(scene: Scene, object: string): Candidate[] {
  const { way, depth, inset } = holdOf(scene, object);
  const part = scene.object(object);
  if (way === 'rim') return rimGrips(part, depth, inset!);
  const { low, high } = bounds(part);
  return bodyGrips(part, high[2] - Math.min(depth, (high[2] - low[2]) / 2));
}

/** Around the edge of a vessel, however it is tilted. */
function rimGrips(part: Part, depth: number, inset: number): Candidate[] {
  const up = uprightAxis(part);
  const level = levelAxes(part);
  const centre = [0, 1, 2].map((axis) => (part.low[axis]! + part.high[axis]!) / 2);
  const rises = axisOf(part.orientation, up)[2] > 0;
  centre[up] = rises ? part.high[up]! - depth : part.low[up]! + depth;
  return INWARD.flatMap((inward) => {
    const radius = radiusOf(part) - inset - inward;
    return Array.from({ length: RIM_POINTS }, (_, i) => {
      const angle = (2 * Math.PI * i) / RIM_POINTS;
      const point = [...centre] as [number, number, number];
      point[level[0]!] += radius * Math.cos(angle);
      point[level[1]!] += radius * Math.sin(angle);
      const position = placed(part, point);
      const [x, y] = subtract(position, middle(part));
      return { position, yaw: Math.atan2(y, x), cost: inward };
    });
  });
}

/** Across each of the two level axes that the fingers go around; across the narrower one where none fits. */
function bodyGrips(part: Part, z: number): Candidate[] {
  const [x, y] = middle(part);
  const level = levelAxes(part).map((axis) => ({ axis, width: part.high[axis]! - part.low[axis]! }));
  const fitting = level.filter(({ width }) => width < WIDEST);
  const chosen = fitting.length > 0 ? fitting : level.sort((a, b) => a.width - b.width).slice(0, 1);
  return chosen.map(({ axis }) => {
    const [dx, dy] = axisOf(part.orientation, axis);
    return { position: [x, y, z], yaw: Math.atan2(dy, dx), cost: 0 };
  });
}

/** Of a round vessel: half the mean of its level extents. */
export function radiusOf(part: Part): number {
  const widths = levelAxes(part).map((axis) => part.high[axis]! - part.low[axis]!);
  return (widths[0]! + widths[1]!) / 4;
}
