/** @file What the tabletop asks of a robot that works at it: hands, commands, cameras, and its part of the model. */

import type { Random } from '../../base/random.ts';
import type { Vector3 } from '../../base/rotation.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Sim } from '../mujoco/sim.ts';

/** A hand with a parallel gripper, as experts see it. */
export interface Hand {
  /** The grip site, metres. */
  position(): Vector3;
  /** The rotation about the vertical, in [−π, π). */
  yaw(): number;
  /** The gap between the pads, metres. */
  gap(): number;
}

/** Where a hand should be. */
export interface Aim {
  /** Grip site, metres. */
  readonly position: Vector3;
  /** Rotation about the vertical; the hand points down. Radians. */
  readonly yaw: number;
  readonly gripper: 'open' | 'close';
  /** Largest translation command, (0, 1]; default 1. */
  readonly speed?: number;
}

/** Where a hand is when an episode starts, pointing down, open. */
export interface HandPose {
  readonly position: Vector3;
  readonly yaw: number;
}

/** What a snapshot of a robot holds beside the simulation's own state. */
export interface RobotState {
  readonly values: Float64Array;
}

/** A robot in a simulation. `A`: what an expert of its tasks aims at; with one hand, an `Aim`. */
export interface TableRobot<A = unknown> {
  /** Everything at rest with the hands at these poses, one per hand. Call after `Sim.reset`. */
  place(hands: readonly HandPose[]): void;
  /** One control period; clips to the embodiment's limits. */
  step(action: ArrayLike<number>): void;
  state(): Float32Array;
  /** The hand that deals with what is at a place: of several, the nearest. */
  handAt(place: Vector3): Hand;
  /** The action that goes towards an aim. */
  towards(aim: A): Float32Array;
  save(): RobotState;
  restore(saved: RobotState): void;
}

/** A robot with one hand. */
export interface ArmRobot extends TableRobot<Aim>, Hand {}

/** A camera of a robot's model, and what it is fixed to: a stand, or a hand. */
export interface MountedCamera {
  readonly name: string;
  readonly mount: 'stand' | 'hand';
}

/** A part of the table, metres. */
export interface Area {
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
}

/** A robot before it is part of a simulation. */
export interface RobotModel<R extends TableRobot = TableRobot> {
  embodiment(imageSize: number): Embodiment;
  /** In the embodiment's order. */
  readonly cameras: readonly MountedCamera[];
  /** Where things may lie about that no task is about: in view, beside the workspace. */
  readonly clutter: readonly Area[];
  /** MJCF: cameras on stands and the body tree; actuators; pairs of bodies that do not collide. */
  readonly bodies: string;
  readonly actuators: string;
  readonly exclusions: string;
  /** Geoms that count as a hand when something is touched. */
  readonly handGeoms: readonly string[];
  create(sim: Sim): R;
  /** Draws where the hands are when an episode starts. */
  start(random: Random): readonly HandPose[];
}
