/**
 * @file Collision-free paths of one arm. Free moves: the straight line in joint space, else the hand's straight line, else a detour over the
 * top or nearer to the base, else RRT-Connect (Kuffner and LaValle 2000) with shortcuts. Lines: the hand's straight line by inverse kinematics, knot by knot.
 * Postures are checked so closely that no point of the arm moves further between two checks than the margin covers.
 */

import type { Vector3 } from '../../base/rotation.ts';
import type { Random } from '../../base/random.ts';
import { CollisionChecker, type CollisionRules } from './collision.ts';
import { handDown, InverseKinematics } from './inverse-kinematics.ts';
import { Kinematics } from './kinematics.ts';
import { JointPath } from './path.ts';
import type { RobotArm } from './robot.ts';
import { connectTrees, shorten } from './rrt-connect.ts';

/** Where the hand is to be, pointing down: the point between the fingertips (metres), turned by `yaw` about the vertical. */
export interface HandPose {
  readonly position: Vector3;
  readonly yaw: number;
}

/** Knots of a hand's line are no further apart: metres, radians. */
const [KNOT_DISTANCE, KNOT_TURN] = [0.03, 0.2];
/** Joint angles for a far pose are found in steps of at most this: metres, radians. */
const [MARCH_DISTANCE, MARCH_TURN] = [0.2, 0.6];
/** Between two checks a point may move twice the margin; a little less, for rounding. */
const STEP_PER_MARGIN = 1.9;
/** A jump of a joint between two knots of a line means another branch of the inverse kinematics, radians. */
const LARGEST_JUMP = 0.5;
/** Detours of a move: how far above both ends it passes (metres), at what share of the distance to the base. */
const DETOURS = [
  { lift: 0.12, share: 1 },
  { lift: 0.22, share: 1 },
  { lift: 0.05, share: 0.65 },
  { lift: 0.25, share: 0.7 },
];
/** What may be beyond the last frame of the chain (a held thing), metres. */
const BEYOND = 0.16;

/** Plans for one arm; keeps buffers, so it serves one plan at a time. */
export class ArmPlanner {
  readonly robot: RobotArm;
  readonly kinematics: Kinematics;
  readonly checker: CollisionChecker;
  private readonly inverse: InverseKinematics;
  /** Per joint, how far any point can be from its axis, metres. */
  private readonly reaches: Float64Array;
  private readonly q: Float64Array;
  private readonly rotation = new Float64Array(9);

  constructor(robot: RobotArm) {
    this.robot = robot;
    this.kinematics = new Kinematics(robot);
    this.checker = new CollisionChecker(this.kinematics);
    this.inverse = new InverseKinematics(this.kinematics);
    this.q = new Float64Array(this.kinematics.size);
    this.reaches = jointReaches(robot);
  }

  /** Joint angles for `goal`, reached step by step from `from` (angles whose pose is `start`); null when it is out of reach. */
  reach(from: Float64Array, start: HandPose, goal: HandPose): Float64Array | null {
    const q = from.slice();
    const steps = stepsBetween(start, goal, MARCH_DISTANCE, MARCH_TURN);
    for (let i = 1; i <= steps; i++) {
      const pose = between(start, goal, i / steps);
      if (!this.inverse.solve(q, pose.position, handDown(pose.yaw, this.rotation), this.robot.home)) return null;
    }
    return q;
  }

  /** Paths from rest to rest, one after the other, from `from` (at `start`) to `goal`; null when none was found. */
  move(
    from: Float64Array,
    start: HandPose,
    goal: HandPose,
    rules: CollisionRules,
    random: Random,
  ): readonly JointPath[] | null {
    const to = this.reach(from, start, goal);
    if (to === null) return null;
    const direct = JointPath.straight(from, to);
    if (this.isFree(direct, rules)) return [direct];
    if (!this.postureFree(from, rules) || !this.postureFree(to, rules)) return null;
    return (
      listOf(this.line(from, start, goal, rules)) ??
      this.detour(from, start, goal, rules) ??
      this.search(from, to, rules, random)
    );
  }

  /** The path on which the hand goes straight (and turns evenly) from `start` to `goal`; null when it cannot. */
  line(from: Float64Array, start: HandPose, goal: HandPose, rules: CollisionRules): JointPath | null {
    const knots = this.lineKnots(from, start, goal);
    if (knots === null) return null;
    const path = new JointPath(from.length, knots);
    return this.isFree(path, rules) && this.withinLimits(path) ? path : null;
  }

  /** Whether every posture of the path is free. */
  isFree(path: JointPath, rules: CollisionRules): boolean {
    const steps = path.stepsFor(this.reaches, STEP_PER_MARGIN * rules.margin);
    for (let i = 0; i <= steps; i++) {
      path.evaluate(i / steps, this.q);
      if (!this.checker.free(this.q, 0, rules)) return false;
    }
    return true;
  }

  private postureFree(q: Float64Array, rules: CollisionRules): boolean {
    return this.checker.free(q, 0, rules);
  }

  private lineKnots(from: Float64Array, start: HandPose, goal: HandPose): Float64Array | null {
    const n = from.length;
    const steps = stepsBetween(start, goal, KNOT_DISTANCE, KNOT_TURN);
    const knots = new Float64Array(n * (steps + 1));
    knots.set(from);
    const q = from.slice();
    for (let k = 1; k <= steps; k++) {
      const pose = between(start, goal, k / steps);
      if (!this.inverse.solve(q, pose.position, handDown(pose.yaw, this.rotation), null)) return null;
      for (let i = 0; i < n; i++) if (Math.abs(q[i]! - knots[(k - 1) * n + i]!) > LARGEST_JUMP) return null;
      knots.set(q, k * n);
    }
    return knots;
  }

  /** Up or back, across, and down again on one spline. */
  private detour(from: Float64Array, start: HandPose, goal: HandPose, rules: CollisionRules): JointPath[] | null {
    for (const { lift, share } of DETOURS) {
      const top = Math.max(start.position[2], goal.position[2]) + lift;
      const across = [0.25, 0.5, 0.75].map((at): HandPose => {
        const { position, yaw } = between(start, goal, at);
        return { position: [position[0] * share, position[1] * share, top], yaw };
      });
      const knots = this.knotsThrough(from, [start, ...across, goal]);
      if (knots === null) continue;
      const path = new JointPath(from.length, joined(knots));
      if (this.isFree(path, rules) && this.withinLimits(path)) return [path];
    }
    return null;
  }

  private knotsThrough(from: Float64Array, ways: readonly HandPose[]): Float64Array[] | null {
    const knots = [from];
    for (let i = 1; i < ways.length; i++) {
      const q = this.reach(knots[i - 1]!, ways[i - 1]!, ways[i]!);
      if (q === null) return null;
      knots.push(q);
    }
    return knots;
  }

  private search(
    from: Float64Array,
    to: Float64Array,
    rules: CollisionRules,
    random: Random,
  ): readonly JointPath[] | null {
    const edgeFree = (a: Float64Array, b: Float64Array): boolean => this.isFree(JointPath.straight(a, b), rules);
    const found = connectTrees(from, to, this.robot.joints, edgeFree, random);
    if (found === null) return null;
    const corners = shorten(found, edgeFree, random);
    // Rounded where that is free; otherwise from corner to corner, with a stop at each.
    const smooth = new JointPath(from.length, joined(corners));
    if (this.isFree(smooth, rules) && this.withinLimits(smooth)) return [smooth];
    return corners.slice(1).map((corner, i) => JointPath.straight(corners[i]!, corner));
  }

  /** A spline may swing beyond its knots, a straight line does not. */
  private withinLimits(path: JointPath): boolean {
    if (path.pieces === 1) return true;
    const samples = 8 * path.pieces;
    for (let s = 0; s <= samples; s++) {
      path.evaluate(s / samples, this.q);
      if (!this.robot.joints.every(({ low, high }, i) => this.q[i]! >= low + 1e-3 && this.q[i]! <= high - 1e-3)) {
        return false;
      }
    }
    return true;
  }
}

function listOf(path: JointPath | null): readonly JointPath[] | null {
  return path === null ? null : [path];
}

function joined(knots: readonly Float64Array[]): Float64Array {
  return Float64Array.from(knots.flatMap((knot) => [...knot]));
}

function stepsBetween(a: HandPose, b: HandPose, distance: number, turn: number): number {
  const way = Math.hypot(...a.position.map((value, i) => b.position[i]! - value));
  return Math.max(1, Math.ceil(Math.max(way / distance, Math.abs(b.yaw - a.yaw) / turn) - 1e-9));
}

/** The pose a share of the way from `a` to `b`; yaws are not wrapped, so that a turn keeps its direction. */
export function between(a: HandPose, b: HandPose, share: number): HandPose {
  const at = (i: 0 | 1 | 2): number => a.position[i] + (b.position[i] - a.position[i]) * share;
  return { position: [at(0), at(1), at(2)], yaw: a.yaw + (b.yaw - a.yaw) * share };
}

/** The lengths of all links after each joint, and what the hand holds. */
function jointReaches(robot: RobotArm): Float64Array {
  const lengths = [
    ...robot.joints.slice(1).map(({ position }) => Math.hypot(...position)),
    Math.abs(robot.tool.length),
  ];
  let sum = BEYOND;
  const reaches = new Float64Array(robot.joints.length);
  for (let i = lengths.length - 1; i >= 0; i--) reaches[i] = sum += lengths[i]!;
  return reaches;
}
