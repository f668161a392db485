/** @file How a robot may move: position, velocity, acceleration and jerk of every number of its action, and where its hand may be. */

/**
 * One number of an action that moves something. What the action means follows from the embodiment's convention: an absolute target's
 * velocity is the difference between consecutive commands, a delta's is the command itself.
 *
 * Limits are in a unit of their own, SI where possible (rad, m): an action of 1 is `scale` of that unit. All are above zero, and they hold
 * for the commands as they are sent, at the embodiment's control rate.
 */
export interface MotionAxis {
  /** The name in `embodiment.action.names`. */
  readonly name: string;
  readonly kind: 'motion';
  /** 1 where the action is in the limits' unit already. */
  readonly scale: number;
  /** Inclusive, in the limits' unit; null: turns or goes on without an end. */
  readonly position: readonly [low: number, high: number] | null;
  /**
   * The name in `embodiment.state.names` that says where this axis is, in the limits' unit; null: nothing says so. Absolute targets need
   * one, and deltas with position limits.
   */
  readonly state: string | null;
  /** Unit per second, per second², per second³. */
  readonly velocity: number;
  readonly acceleration: number;
  readonly jerk: number;
}

/** One number of an action that opens and closes something. Commands may jump: acceleration and jerk mean nothing for them. */
export interface GripperAxis {
  readonly name: string;
  readonly kind: 'gripper';
  /** Inclusive, in the embodiment's units. */
  readonly position: readonly [low: number, high: number];
  /** Most that consecutive commands may differ by, per second; null: they may jump. */
  readonly velocity: number | null;
}

/** A body of a kinematic chain, and the joint that moves it against the one before. */
export interface ChainLink {
  /** The action that turns or shifts it, in radians or metres; null: it is fixed. */
  readonly action: string | null;
  readonly joint: 'revolute' | 'prismatic';
  /** Where the joint is in the frame of the link before, metres, and its orientation there as roll, pitch, yaw (fixed axes x, y, z). */
  readonly position: readonly [number, number, number];
  readonly rotation: readonly [number, number, number];
  /** The joint's axis in its own frame, of length 1. */
  readonly axis: readonly [number, number, number];
}

/** A box, metres, that a point of the robot must not leave; inclusive. */
export type Workspace =
  | {
      /** The end of a chain of joints that are told absolute positions; the box is in the frame that the chain begins in. */
      readonly kind: 'chain';
      readonly name: string;
      readonly low: readonly [number, number, number];
      readonly high: readonly [number, number, number];
      readonly links: readonly ChainLink[];
    }
  | {
      /** A base on wheels that is told steps ahead, aside and around, each in its own frame; the box is in the state's frame. */
      readonly kind: 'planar';
      readonly name: string;
      readonly low: readonly [number, number];
      readonly high: readonly [number, number];
      /** Names of the action: ahead, to the left, around to the left. */
      readonly action: readonly [string, string, string];
      /** Names of the state: x, y, cosine and sine of the heading. */
      readonly state: readonly [string, string, string, string];
    };

/**
 * What the gate before a robot holds every action to. The limits belong to the body that moves, not to what a policy was trained on: they lie
 * in a file of their own, and no checkpoint can widen them. A hand that is told where to go has its workspace in its axes' positions.
 */
export interface MotionLimits {
  /** `embodiment.name` of the robot. */
  readonly embodiment: string;
  /** One per number of the action, in its order. */
  readonly axes: readonly (MotionAxis | GripperAxis)[];
  readonly workspaces: readonly Workspace[];
  /**
   * How the robot holds still. `hold-action`: by the embodiment's; `last-target`: absolute targets are repeated.
   */
  readonly hold: 'hold-action' | 'last-target';
  /** Where numbers came from that no file of the robot states, a line each; for people. */
  readonly derived: readonly string[];
}
