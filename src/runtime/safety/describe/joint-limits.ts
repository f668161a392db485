/** @file From joints as URDF and MJCF describe them to limits: what the formats lack is asked for, and derived by a rule that is said. */

import { VlaError } from '../../../base/errors.ts';
import type { Embodiment } from '../../../interfaces/embodiment.ts';
import type { GripperAxis, MotionAxis, MotionLimits, Workspace } from '../../../interfaces/motion-limits.ts';

/** A joint of a description. Radians or metres, per second. */
export interface DescribedJoint {
  /** Null: turns without an end. */
  readonly position: readonly [number, number] | null;
  /** Null: not stated. */
  readonly velocity: number | null;
}

/** Joints as the embodiment itself describes them: by the range of its actions, without velocities. For robots told joint positions. */
export function jointsOf({ action }: Embodiment): Map<string, DescribedJoint> {
  return new Map(
    action.names.map((name, i) => {
      const [low, high] = [action.low?.[i], action.high?.[i]];
      return [name, { position: low === undefined || high === undefined ? null : [low, high], velocity: null }];
    }),
  );
}

/**
 * How acceleration and jerk follow from velocity, as no description states them: the seconds in which a joint may come from rest to its
 * full velocity, and from no acceleration to the full one.
 */
export interface RampRule {
  readonly toVelocity: number;
  readonly toAcceleration: number;
}

/** What a description does not say of the robot. */
export interface DescriptionOptions {
  readonly embodiment: Embodiment;
  readonly ramp: RampRule;
  /** Action name → joint name, where they differ. */
  readonly joints?: Readonly<Record<string, string>>;
  /** Names of actions that are grippers: they go by the embodiment's `low` and `high`. */
  readonly grippers?: readonly string[];
  /** Action name → largest velocity, where the description has none or a larger one. */
  readonly velocities?: Readonly<Record<string, number>>;
}

/** The limits of a robot whose actions are targets or steps of described joints. `where` names the file. */
export function limitsFromJoints(
  joints: ReadonlyMap<string, DescribedJoint>,
  options: DescriptionOptions,
  workspaces: readonly Workspace[],
  where: string,
): MotionLimits {
  const { embodiment, ramp, grippers = [] } = options;
  const { action } = embodiment;
  if (!(ramp.toVelocity > 0 && ramp.toAcceleration > 0)) {
    throw new VlaError('bad-argument', `${where}: expected a ramp of seconds above zero, got ${JSON.stringify(ramp)}.`);
  }
  if (action.convention.frame !== 'joint') {
    throw new VlaError(
      'mismatch',
      `${where}: expected actions about joints, got the frame "${action.convention.frame}".`,
      {
        hint: 'A hand that is told where to go needs a limits.json of its own.',
      },
    );
  }
  const derived: string[] = [];
  const axes = action.names.map((name, i): MotionAxis | GripperAxis => {
    if (grippers.includes(name)) return gripper(name, embodiment, i, where);
    const joint = joints.get(options.joints?.[name] ?? name);
    if (joint === undefined) {
      throw new VlaError(
        'not-found',
        `${where}: expected a joint "${options.joints?.[name] ?? name}", got ${[...joints.keys()].join(', ')}.`,
        {
          hint: 'Say which joint each action moves, and which actions are grippers.',
        },
      );
    }
    const velocity = Math.min(joint.velocity ?? Infinity, options.velocities?.[name] ?? Infinity);
    if (!(velocity > 0) || velocity === Infinity) {
      throw new VlaError('mismatch', `${where}: ${name}: expected a largest velocity, got none.`, {
        hint: 'The description does not state it: give it beside the file.',
      });
    }
    const acceleration = velocity / ramp.toVelocity;
    const jerk = acceleration / ramp.toAcceleration;
    derived.push(
      `${name}: acceleration ${acceleration} = velocity ${velocity} in ${ramp.toVelocity} s; jerk ${jerk} = that in ${ramp.toAcceleration} s`,
    );
    const state = embodiment.state.names.includes(name) ? name : null;
    return { name, kind: 'motion', scale: 1, position: joint.position, state, velocity, acceleration, jerk };
  });
  const hold = action.convention.reference === 'absolute' ? 'last-target' : 'hold-action';
  return { embodiment: embodiment.name, axes, workspaces, hold, derived };
}

function gripper(name: string, { action }: Embodiment, i: number, where: string): GripperAxis {
  const [low, high] = [action.low?.[i], action.high?.[i]];
  if (low === undefined || high === undefined) {
    throw new VlaError('mismatch', `${where}: gripper ${name}: expected the embodiment to say its range, got none.`);
  }
  return { name, kind: 'gripper', position: [low, high], velocity: null };
}
