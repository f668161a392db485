/** @file From motions to a plan: joint paths with their durations, the gripper's opening, and what becomes of the things. */

import type { Random } from '../../base/random.ts';
import type { Box, CollisionRules, Held } from './collision.ts';
import type { Motion } from './motion.ts';
import { duration, type JointPath, type SpeedLimits } from './path.ts';
import type { ArmPlanner, HandPose } from './planner.ts';
import { boxOf, type SceneObject } from './scene.ts';

/** A stretch of a plan: a path from rest to rest, or a pause while the gripper moves. */
export interface Phase {
  /** Seconds. */
  readonly duration: number;
  /** null: the arm rests at `rest`. */
  readonly path: JointPath | null;
  readonly rest: Float64Array;
  /** The gap between the pads at the phase's ends, metres; it changes evenly. */
  readonly opening: readonly [from: number, to: number];
  /** What the gripper is told: 1 closes, −1 opens. */
  readonly command: 1 | -1;
  /** Things that may be touched here. */
  readonly touching: readonly number[];
  /** The thing that is held or pushed along. */
  readonly carried: number | null;
}

/** A whole plan; times begin at 0 and phases follow each other. */
export interface Plan {
  readonly phases: readonly Phase[];
  /** Seconds. */
  readonly duration: number;
}

/** Free moves keep this distance from everything; lines go near things on purpose. Metres. */
const [FREE_MARGIN, LINE_MARGIN] = [0.01, 0.0025];
/** On a line a held thing may graze the table by this: what rounding leaves of lying on it, metres. */
const TABLE_SLACK = 1e-3;
/** The gripper takes this long to open or close, seconds. */
const GRIPPER_SECONDS = 0.4;
/** The arm rests before it starts and after it ends, seconds. */
const REST_SECONDS = 0.1;
/** Usual speeds of the hand, m/s: free moves, lines, pushing. */
const [MOVE_SPEED, LINE_SPEED, PUSH_SPEED] = [0.6, 0.35, 0.2];
/** The share of the joints' own limits that is used at most. */
const SHARE = 0.8;

interface State {
  q: Float64Array;
  pose: HandPose;
  opening: number;
  command: 1 | -1;
  /** The held thing, its box in the tool's frame, and the height of the tool above its foot. */
  held: { readonly object: number; readonly box: Held; readonly pose: HandPose } | null;
  readonly boxes: Box[];
  /** What the last motion might touch: while the gripper moves it still may. */
  touching: readonly number[];
}

/** Plans the motions from the posture `start` whose hand is at `pose`; null when one of them cannot be done. */
export function makePlan(
  planner: ArmPlanner,
  objects: readonly SceneObject[],
  motions: readonly Motion[],
  start: Float64Array,
  pose: HandPose,
  pace: number,
  random: Random,
): Plan | null {
  const open = planner.robot.tool.opening;
  const state: State = {
    q: start,
    pose,
    opening: open,
    command: -1,
    held: null,
    boxes: objects.map((one) => boxOf(one)),
    touching: [],
  };
  planner.checker.setBoxes(state.boxes);
  const phases: Phase[] = [resting(state, REST_SECONDS)];
  for (const motion of motions) {
    const next = planMotion(planner, objects, motion, state, pace, random);
    if (next === null) return null;
    phases.push(...next);
  }
  phases.push(resting(state, REST_SECONDS));
  return { phases, duration: phases.reduce((sum, phase) => sum + phase.duration, 0) };
}

function planMotion(
  planner: ArmPlanner,
  objects: readonly SceneObject[],
  motion: Motion,
  state: State,
  pace: number,
  random: Random,
): Phase[] | null {
  if (motion.kind === 'close') return [close(objects, motion.object, state)];
  if (motion.kind === 'open') return [open(planner, state)];
  const { pose } = motion;
  const held = state.held;
  const own = held === null ? [] : [held.object];
  if (motion.kind === 'move') {
    const rules = rulesOf(FREE_MARGIN, FREE_MARGIN, own, held?.box ?? null);
    const paths = planner.move(state.q, state.pose, pose, rules, random);
    if (paths === null) return null;
    return follow(planner, state, paths, pose, limits(MOVE_SPEED, pace), own, own[0] ?? null);
  }
  const { touching, pushing } = motion;
  const path = planner.line(state.q, state.pose, pose, rulesOf(LINE_MARGIN, -TABLE_SLACK, touching, held?.box ?? null));
  if (path === null) return null;
  const speed = pushing !== null || (held !== null && isLow(motion.pose, state.pose)) ? PUSH_SPEED : LINE_SPEED;
  const from = state.pose;
  const phases = follow(planner, state, [path], pose, limits(speed, pace), touching, pushing ?? own[0] ?? null);
  if (pushing !== null && !pushed(state, objects, pushing, from, pose)) return null;
  return phases;
}

/** Sideways over the table with something in the hand. */
function isLow(a: HandPose, b: HandPose): boolean {
  return (
    Math.abs(a.position[2] - b.position[2]) < 1e-9 &&
    Math.hypot(a.position[0] - b.position[0], a.position[1] - b.position[1]) > 0
  );
}

function limits(speed: number, pace: number): SpeedLimits {
  return { handSpeed: speed * pace, share: SHARE };
}

function rulesOf(margin: number, lowest: number, touching: readonly number[], held: Held | null): CollisionRules {
  return { margin, lowest, armMayTouch: touching, held, heldMayTouch: touching };
}

function follow(
  planner: ArmPlanner,
  state: State,
  paths: readonly JointPath[],
  pose: HandPose,
  speeds: SpeedLimits,
  touching: readonly number[],
  carried: number | null,
): Phase[] {
  const phases = paths.map((path): Phase => ({
    ...resting(state, duration(path, planner.kinematics, speeds)),
    path,
    rest: path.knots.slice(-path.size),
    touching,
    carried,
  }));
  state.q = phases.at(-1)!.rest;
  state.pose = pose;
  state.touching = touching;
  return phases;
}

function resting({ q, opening, command, held, touching }: State, seconds: number): Phase {
  return {
    duration: seconds,
    path: null,
    rest: q,
    opening: [opening, opening],
    command,
    touching,
    carried: held?.object ?? null,
  };
}

function close(objects: readonly SceneObject[], object: number | null, state: State): Phase {
  const { pose, boxes, opening } = state;
  const to = object === null ? 0 : Math.min(opening, gripWidth(objects[object]!, boxes[object]!, pose.yaw));
  Object.assign(state, { command: 1, opening: to });
  if (object !== null) state.held = { object, box: inTool(boxes[object]!, pose), pose };
  const phase = resting(state, GRIPPER_SECONDS);
  return { ...phase, opening: [opening, to] };
}

function open(planner: ArmPlanner, state: State): Phase {
  const { held, opening } = state;
  const to = planner.robot.tool.opening;
  Object.assign(state, { command: -1, opening: to, held: null });
  if (held === null) return { ...resting(state, GRIPPER_SECONDS), opening: [opening, to] };
  state.boxes[held.object] = moved(state.boxes[held.object]!, held.pose, state.pose);
  planner.checker.setBoxes(state.boxes);
  return { ...resting(state, GRIPPER_SECONDS), opening: [opening, to] };
}

/** The gap of pads that lie on both sides of the thing: its extent along the fingers' line. */
function gripWidth({ round, size }: SceneObject, { yaw, half }: Box, handYaw: number): number {
  if (round) return size[0];
  return Math.abs(Math.sin(yaw - handYaw)) < 0.5 ? 2 * half[1] : 2 * half[0];
}

/** A box as the hand sees it. The hand points down: its y and z are the reverse of those of its heading. */
function inTool({ position, yaw, half }: Box, hand: HandPose): Held {
  const [dx, dy, dz] = [0, 1, 2].map((i) => position[i]! - hand.position[i]!) as [number, number, number];
  const [c, s] = [Math.cos(hand.yaw), Math.sin(hand.yaw)];
  const [tc, ts] = [Math.cos(yaw - hand.yaw), Math.sin(yaw - hand.yaw)];
  return {
    position: [c * dx + s * dy, s * dx - c * dy, -dz],
    rotation: [tc, -ts, 0, -ts, -tc, 0, 0, 0, -1],
    half,
  };
}

/** A held box after the hand has gone from one pose to another. */
function moved({ position, yaw, half }: Box, from: HandPose, to: HandPose): Box {
  const turn = to.yaw - from.yaw;
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  const [dx, dy] = [position[0] - from.position[0], position[1] - from.position[1]];
  return {
    half,
    yaw: yaw + turn,
    position: [
      to.position[0] + c * dx - s * dy,
      to.position[1] + s * dx + c * dy,
      to.position[2] + position[2] - from.position[2],
    ],
  };
}

/** Moves a pushed thing along; false when it would meet another. */
function pushed(state: State, objects: readonly SceneObject[], index: number, from: HandPose, to: HandPose): boolean {
  const box = moved(state.boxes[index]!, from, to);
  state.boxes[index] = box;
  const radius = Math.hypot(box.half[0], box.half[1]);
  return objects.every((_, other) => {
    if (other === index) return true;
    const { position, half } = state.boxes[other]!;
    const way = Math.hypot(to.position[0] - from.position[0], to.position[1] - from.position[1]);
    // The nearest point of the way to the other thing.
    const [x, y] = [position[0] - box.position[0], position[1] - box.position[1]];
    const [ux, uy] = [(from.position[0] - to.position[0]) / way, (from.position[1] - to.position[1]) / way];
    const along = Math.min(way, Math.max(0, x * ux + y * uy));
    return Math.hypot(x - along * ux, y - along * uy) > radius + Math.hypot(half[0], half[1]) + LINE_MARGIN;
  });
}
