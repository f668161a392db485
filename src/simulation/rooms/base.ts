/** @file The base on wheels: waypoints in its own frame, and what stops it. */

import type { Vector3 } from '../../base/rotation.ts';
import { wrapAngle } from '../../base/rotation.ts';
import type { Pose2 } from './planar.ts';
import { isFree, type Room } from './room.ts';

/** Control periods per second; each action is the next waypoint. */
export const BASE_HZ = 2;
/** Most that a waypoint may lie ahead or aside, metres, and turn, radians. */
export const WAYPOINT_LIMITS: Vector3 = [0.5, 0.5, 0.625];
/** Pieces of a waypoint's way that are looked at for collisions. */
const PIECES = 25;

/** A pose in the frame of `origin`. */
export function relativePose(origin: Pose2, { x, y, heading }: Pose2): Pose2 {
  const [cosine, sine] = [Math.cos(origin.heading), Math.sin(origin.heading)];
  const [dx, dy] = [x - origin.x, y - origin.y];
  return {
    x: cosine * dx + sine * dy,
    y: cosine * dy - sine * dx,
    heading: wrapAngle(heading - origin.heading),
  };
}

/** The inverse of `relativePose`: a pose given in the frame of `origin`, in the world's. */
export function absolutePose(origin: Pose2, { x, y, heading }: Pose2): Pose2 {
  const [cosine, sine] = [Math.cos(origin.heading), Math.sin(origin.heading)];
  return {
    x: origin.x + cosine * x - sine * y,
    y: origin.y + sine * x + cosine * y,
    heading: wrapAngle(origin.heading + heading),
  };
}

/**
 * Where the base is after a waypoint (dx ahead, dy to the left, dtheta to the left), clipped to the limits. It goes straight and
 * turns on the way, and stops in front of what it would run into (it still turns).
 */
export function drive(room: Room, from: Pose2, waypoint: ArrayLike<number>): Pose2 {
  const [dx, dy, turn] = WAYPOINT_LIMITS.map((limit, i) => Math.max(-limit, Math.min(limit, waypoint[i]!)));
  let at = from;
  for (let piece = 1; piece <= PIECES; piece++) {
    const share = piece / PIECES;
    const next = absolutePose(from, { x: share * dx!, y: share * dy!, heading: share * turn! });
    if (!isFree(room, [next.x, next.y])) return { x: at.x, y: at.y, heading: wrapAngle(from.heading + turn!) };
    at = next;
  }
  return at;
}
