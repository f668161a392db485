/**
 * @file The last look at what is sent, which shares nothing with what made it: finite, inside, and no faster than allowed, by the differences of
 * the very numbers that the robot gets. It finds nothing, unless this folder has a bug; then the robot is stopped.
 */

import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { MotionAxis, MotionLimits } from '../../interfaces/motion-limits.ts';

/** Relative slack for rounding in the limits themselves, which are decimal numbers. */
const SLACK = 1e-9;

/** Follows the actions of one robot from a standstill on. */
export class SequenceCheck {
  private readonly embodiment: Embodiment;
  private readonly limits: MotionLimits;
  private readonly absolute: boolean;
  /** For each number: where it was told to be (limits' unit), its velocity and acceleration (per second). */
  private readonly history: { place: number; velocity: number; acceleration: number }[];

  constructor(embodiment: Embodiment, limits: MotionLimits) {
    this.embodiment = embodiment;
    this.limits = limits;
    this.absolute = embodiment.action.convention.reference === 'absolute';
    this.history = limits.axes.map(() => ({ place: NaN, velocity: 0, acceleration: 0 }));
  }

  /** The robot stands where `state` says. */
  begin(state: ArrayLike<number>): void {
    for (const [i, axis] of this.limits.axes.entries()) {
      const at = axis.kind === 'motion' && axis.state !== null ? this.embodiment.state.names.indexOf(axis.state) : -1;
      this.history[i] = { place: at < 0 ? NaN : state[at]!, velocity: 0, acceleration: 0 };
    }
  }

  /** What is wrong with `action`, or null; with null it counts as sent. */
  judge(action: Float32Array): string | null {
    const { controlHz: hz } = this.embodiment;
    const next = this.limits.axes.map((axis, i) => {
      const { place, velocity, acceleration } = this.history[i]!;
      if (axis.kind === 'gripper') return { place: action[i]!, velocity: 0, acceleration: 0, jerk: 0, place0: place };
      const told = action[i]! * axis.scale;
      const now = (this.absolute ? told - place : told) * hz;
      const change = (now - velocity) * hz;
      return { place: told, velocity: now, acceleration: change, jerk: (change - acceleration) * hz, place0: place };
    });
    for (const [i, axis] of this.limits.axes.entries()) {
      const { place, velocity, acceleration, jerk, place0 } = next[i]!;
      if (!Number.isFinite(action[i]!)) return `${axis.name} is ${action[i]}`;
      if (axis.kind === 'gripper') {
        if (beyond(place, axis.position, NaN)) return `${axis.name} is ${place}`;
        continue;
      }
      if (this.absolute && beyond(place, axis.position!, place0)) return `${axis.name} is ${place}`;
      const fault = tooFast(axis, velocity, acceleration, jerk);
      if (fault !== null) return fault;
    }
    for (const [i, { place, velocity, acceleration }] of next.entries()) {
      this.history[i] = { place, velocity, acceleration };
    }
    return null;
  }
}

/** Outside, and further than `before`. */
function beyond(place: number, [low, high]: readonly [number, number], before: number): boolean {
  const slack = SLACK * (high - low) + 2 ** -23 * Math.max(Math.abs(low), Math.abs(high));
  const [least, most] = Number.isNaN(before) ? [low, high] : [Math.min(low, before), Math.max(high, before)];
  return place < least - slack || place > most + slack;
}

function tooFast(axis: MotionAxis, velocity: number, acceleration: number, jerk: number): string | null {
  const checks = { velocity, acceleration, jerk };
  for (const [what, value] of Object.entries(checks)) {
    const limit = axis[what as keyof typeof checks];
    if (!(Math.abs(value) <= limit * (1 + SLACK))) return `${axis.name}: ${what} ${value} of ${limit}`;
  }
  return null;
}
