/** @file Takes an object: over it, turned to fit it and open, down, close. */

import type { Vector3 } from '../../../base/rotation.ts';
import { axisOf, downward, fingerYaw, planar, ramp } from './geometry.ts';
import { bestGrip } from './grasps.ts';
import { wrapAngle } from '../../../base/rotation.ts';
import { wayOver } from './motion.ts';
import type { Place } from './place.ts';
import type { Move } from './plan.ts';
import type { HandState, Scene } from './scene.ts';

/** The open gripper's gap, and the gap from which on it goes down around something, metres. */
const WIDE = 0.072;
/** Closing begins this near to the grip: horizontally, above it, and in yaw; it goes on within the second bounds. */
const BEGIN = { off: 0.011, above: 0.01, turn: 0.17 };
const GO_ON = { off: 0.022, above: 0.022, turn: 0.35 };
/** The command leads the fingers by this much while they move or squeeze, metres. */
const LEAD = 0.0015;
/** Fingers that close slower than this have met something, metres per second. */
const STILL = 0.03;
/** A gap that is closed. */
const SHUT = 0.003;
/** The hand waits this far above the grip until it is turned and open, metres. */
const HOVER = 0.05;
/** A hand that still lies level turns down this much higher, clear of what it was at, metres. */
const HIGH = 0.18;
/** Above what stands by. */
const TIPS = 0.012;

/** Whether the gripper holds an object: both fingers touch it, squeeze, and close no further. */
export function isHeld(scene: Scene, object: string): boolean {
  const { hand } = scene;
  return isSqueezing(hand) && scene.pinched(object);
}

/** Whether the fingers are told to close, and something between them holds them up. */
export function isSqueezing(hand: HandState): boolean {
  return hand.gapGoal < hand.gap - LEAD && hand.gapSpeed > -STILL && hand.gap > SHUT;
}

/** What the hand does until it holds an object that is to go to a place. */
export function grasp(scene: Scene, object: string, place: Place): Move {
  const { hand } = scene;
  const grip = bestGrip(scene, object, place);
  const off = planar(hand.position, grip.position);
  const above = hand.position[2] - grip.position[2];
  const turn = Math.abs(wrapAngle(fingerYaw(hand.orientation) - grip.yaw, Math.PI));
  const orientation = downward(grip.yaw);
  const within = (limit: typeof BEGIN): boolean => off < limit.off && above < limit.above && turn < limit.turn;
  if (within(BEGIN) ? !isOpening(hand) : within(GO_ON) && isClosing(hand)) {
    return { subtask: 'grip', aim: { position: grip.position, orientation, gripper: 'close' } };
  }
  return {
    subtask: 'reach',
    aim: { position: approach(scene, grip.position, turn), orientation, gripper: 'open' },
  };
}

function approach(scene: Scene, place: Vector3, turn: number): Vector3 {
  const { hand } = scene;
  // Fingers that still hold or surround something let it go first.
  if (hand.gap < WIDE) return hand.position;
  const waiting = Math.max(ramp(turn, 0.06, 0.2), ramp(WIDE - hand.gap, 0, 0.02));
  const tilt = ramp(Math.acos(Math.min(1, -axisOf(hand.orientation, 2)[2])), 0.4, 0.4);
  const over: Vector3 = [place[0], place[1], place[2] + HOVER * waiting + HIGH * tilt];
  return wayOver(scene, over, TIPS, []);
}

function isOpening(hand: HandState): boolean {
  return (hand.gapGoal > hand.gap + LEAD && hand.gap < WIDE) || (hand.gap < SHUT && hand.gapGoal < SHUT);
}

function isClosing(hand: HandState): boolean {
  return hand.gapGoal < hand.gap - LEAD && hand.gap > SHUT;
}
