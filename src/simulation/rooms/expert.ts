/** @file The base's scripted expert: the shortest way around things, the camera ahead, and a stop at the goal. */

import { wrapAngle } from '../../base/rotation.ts';
import { WAYPOINT_LIMITS } from './base.ts';
import { apartBy, type Point, type Pose2 } from './planar.ts';
import { wayThrough, type Room } from './room.ts';
import { distanceToGoal, goalPlace, type Errand, type ROOM_SUBTASKS } from './tasks.ts';

/** The expert stops this near to the place that it makes for, metres. */
const THERE = 0.12;
/** A landmark on the way counts as visited within this of it, metres; see `distanceToGoal`. */
export const VISITED = 0.3;
/** It faces the landmark at the end within this, radians. */
const FACING = 0.25;
/** Beyond this angle to the way it turns on the spot, radians. */
const TURN_FIRST = 1;

/** What the expert does next. */
export interface BasePlan {
  /** Ahead, to the left, turn to the left. */
  readonly waypoint: readonly [number, number, number];
  readonly subtask: (typeof ROOM_SUBTASKS)[number];
}

/** What leads from `pose` to the end of the errand; `visited`: whether the first landmark is done with. Memory-less but for that. */
export function planWaypoint({ room, target, first, side }: Errand, visited: boolean, pose: Pose2): BasePlan {
  const here: Point = [pose.x, pose.y];
  if (first !== null && !visited) {
    return { waypoint: towards(room, pose, goalPlace(room, first, null, here)), subtask: 'go to the first' };
  }
  const arrived = side === null && distanceToGoal(room, target, null, here) < THERE;
  const place = goalPlace(room, target, side, here);
  if (arrived || apartBy(here, place) < THERE) {
    // It ends with the landmark in view.
    const { x, y } = room.landmarks[target]!;
    const turn = turnTo(pose, [x, y]);
    return { waypoint: [0, 0, Math.abs(turn) < FACING ? 0 : limited(turn)], subtask: 'stop' };
  }
  return { waypoint: towards(room, pose, place), subtask: 'go to the goal' };
}

/** One waypoint along the shortest way to a place. */
function towards(room: Room, pose: Pose2, place: Point): [number, number, number] {
  const way = wayThrough(room, [pose.x, pose.y], place);
  const next = way?.points.find((point) => apartBy(point, [pose.x, pose.y]) > 0.02) ?? place;
  const angle = turnTo(pose, next);
  const [longest] = WAYPOINT_LIMITS;
  const share = Math.max(0, 1 - Math.abs(angle) / TURN_FIRST);
  const step = Math.min(longest * share, apartBy(next, [pose.x, pose.y]));
  return [step * Math.cos(angle), step * Math.sin(angle), limited(angle)];
}

/** The turn that faces a point, in [−π, π). */
function turnTo({ x, y, heading }: Pose2, [toX, toY]: Point): number {
  return wrapAngle(Math.atan2(toY - y, toX - x) - heading);
}

function limited(turn: number): number {
  const sharpest = WAYPOINT_LIMITS[2];
  return Math.max(-sharpest, Math.min(sharpest, turn));
}
