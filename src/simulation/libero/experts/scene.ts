/** @file What an expert knows of the world: poses, extents, contacts and truths, by LIBERO's names. */

import type { Quaternion, Vector3 } from '../../../base/rotation.ts';
import type { LiberoTask, Proposition } from '../task-model.ts';

/** Metres, world frame. */
export interface Pose {
  readonly position: Vector3;
  readonly orientation: Quaternion;
}

/** A box around a rigid part, in the frame of its pose: what the part's collision geoms fill. */
export interface Part extends Pose {
  readonly low: Vector3;
  readonly high: Vector3;
}

/** A rigid part, or one of its collision geoms, with the body that moves it. */
export interface Piece extends Part {
  readonly body: number;
}

/** The gripper: the grip site's pose (z out of the hand, x along the fingers' motion) and the fingers. */
export interface HandState extends Pose {
  /** The gap between the pads, metres. */
  readonly gap: number;
  /** The gap that the controller drives to; it leads `gap` while the fingers move. */
  readonly gapGoal: number;
  /** How fast the gap grows, metres per second. */
  readonly gapSpeed: number;
}

/** A joint that opens, closes or turns something. */
export interface Hinge {
  /** Metres or radians. */
  readonly value: number;
  /** Unit vector, world frame. */
  readonly axis: Vector3;
  /** The collision geoms of the part that it moves, each as a box. */
  readonly shapes: readonly Piece[];
}

/** A moment of an episode. */
export interface Scene {
  readonly task: LiberoTask;
  readonly hand: HandState;
  /** Where the robot's base frame is, metres, world frame; it is not turned. */
  readonly base: Vector3;
  holds(proposition: Proposition): boolean;
  /** An object's root body with the box around all of the object. */
  object(name: string): Part;
  /** A region, with its box. */
  site(name: string): Part;
  /** The rigid parts of an object: several where it has joints. */
  parts(name: string): readonly Piece[];
  /** The collision geoms of an object, each as a box in its own frame. */
  shapes(name: string): readonly Piece[];
  joint(name: string): Hinge;
  /** Whether both fingers touch the object. */
  pinched(name: string): boolean;
}
