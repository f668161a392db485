/**
 * @file One number of an action within its limits of position, velocity, acceleration and jerk. Whatever is wanted, tick after tick, what comes
 * out keeps all four, because a step is only taken from which a standstill within them can still be reached.
 */

import { VlaError } from '../../base/errors.ts';
import {
  advance,
  allowedAccelerations,
  brakingAcceleration,
  brakingSpan,
  brakingVelocities,
  clamp,
  isAtRest,
  largestChange,
  type Motion,
  type Range,
  type StepLimits,
} from './braking.ts';

/** Which limit a wanted number broke. */
export type Breach = 'position' | 'velocity' | 'acceleration' | 'jerk';

/** An answer: the acceleration of the next tick, and what was broken by what was wanted. */
export interface AxisChoice {
  readonly acceleration: number;
  readonly breaches: readonly Breach[];
}

/** What an axis is made of, in the action's units and per tick. */
export interface AxisLimits extends StepLimits {
  /** `absolute`: the action is the position; `delta`: it is the step. */
  readonly reference: 'absolute' | 'delta';
  /** Infinite where nothing bounds it. */
  readonly low: number;
  readonly high: number;
}

/** Halvings in the search for the largest step that is safe. */
const HALVINGS = 14;
/** Share of the range that plans of measured positions keep free at each end, for what a measurement may jump. */
const MEASURED_MARGIN = 0.01;

/** One moving number of an action. Its state is what it was told; it knows nothing of the robot but `anchor` and `measure`. */
export class AxisLimiter {
  private readonly absolute: boolean;
  private readonly hard: Range;
  private readonly planned: Range;
  /** Tighter than asked for by what rounding to float32 adds to the differences of what is sent. */
  private readonly limits: StepLimits;
  private readonly rounding: number;
  private readonly longestStop: number;
  private readonly motion: Motion;
  private target: number | null = null;

  /** `where` begins what an error says. */
  constructor(where: string, axis: AxisLimits) {
    const { low, high, velocity, acceleration, jerk } = axis;
    this.absolute = axis.reference === 'absolute';
    this.rounding = float32Step(this.absolute ? Math.max(Math.abs(low), Math.abs(high)) : velocity);
    const r = this.rounding;
    this.limits = { velocity: velocity - r, acceleration: acceleration - 2 * r, jerk: jerk - 4 * r };
    if (!(this.limits.jerk > jerk / 2 && this.limits.acceleration > 0 && this.limits.velocity > 0)) {
      throw new VlaError(
        'bad-argument',
        `${where}: expected limits above what 32-bit numbers resolve, got a step of ${r}.`,
        {
          hint: 'State larger limits or a smaller range of positions; limits count per control period.',
        },
      );
    }
    const margin = this.absolute ? r : MEASURED_MARGIN * (high - low);
    this.hard = { low: low + r / 2, high: high - r / 2 };
    this.planned = Number.isFinite(margin) ? { low: low + margin, high: high - margin } : this.hard;
    this.motion = { position: this.absolute ? NaN : 0, velocity: 0, acceleration: 0 };
    const { velocity: v, acceleration: a } = this.limits;
    this.longestStop = brakingSpan({ position: 0, velocity: v, acceleration: a }, this.limits).high;
  }

  /** The number last sent: the position or the step. */
  get sent(): number {
    return this.absolute ? this.motion.position : this.motion.velocity;
  }

  /** The last step, as a share of the largest one. */
  get pace(): number {
    return Math.abs(this.motion.velocity) / this.limits.velocity;
  }

  get atRest(): boolean {
    return isAtRest(this.motion, this.limits);
  }

  get position(): number {
    return this.motion.position;
  }

  /** Standing still at `position`. */
  anchor(position: number): void {
    Object.assign(this.motion, { position, velocity: 0, acceleration: 0 });
    this.target = null;
  }

  /** Where a measurement has it; of absolute targets only what was told counts. */
  measure(position: number): void {
    if (!this.absolute) this.motion.position = position;
  }

  /** What comes nearest to `wanted`; takes no step. */
  choose(wanted: number): AxisChoice {
    return this.absolute ? this.chooseTarget(wanted) : this.chooseStep(wanted);
  }

  /** The way to a standstill, as fast as it goes. */
  brake(): number {
    const { low, high } = allowedAccelerations(this.motion, this.limits);
    return clamp(brakingAcceleration(this.motion, this.limits), low, high);
  }

  /** Whether a standstill within the limits can be reached after this step. */
  isSafe(acceleration: number): boolean {
    const next = { ...this.motion };
    advance(next, acceleration);
    return this.stopsInside(next);
  }

  /** Whether the step itself stays inside, or leads back from outside. */
  isInside(acceleration: number): boolean {
    const { position, velocity } = this.motion;
    const next = position + (velocity + acceleration);
    return next >= Math.min(this.hard.low, position) && next <= Math.max(this.hard.high, position);
  }

  /** The velocity that an acceleration leads to. */
  stepOf(acceleration: number): number {
    return this.motion.velocity + acceleration;
  }

  /** The velocities of a step and of the ticks from there to a standstill. */
  velocitiesFrom(acceleration: number): number[] {
    const next = { ...this.motion };
    advance(next, acceleration);
    return [next.velocity, ...brakingVelocities(next, this.limits)];
  }

  /** Takes the step; returns the number to send. */
  take(acceleration: number): number {
    advance(this.motion, acceleration);
    if (isAtRest(this.motion, this.limits)) Object.assign(this.motion, { velocity: 0, acceleration: 0 });
    return this.sent;
  }

  private chooseTarget(wanted: number): AxisChoice {
    const { motion, limits } = this;
    const target = clamp(wanted, this.planned.low, this.planned.high);
    const step = target - motion.position;
    const change = step - motion.velocity;
    const drift = this.target === null ? 0 : clamp(target - this.target, -limits.velocity, limits.velocity);
    // Behind a target, passing it is not catching up with it: the chase knows when to slow down.
    const kept = this.target === null || Math.abs(this.target - motion.position) <= this.rounding;
    this.target = target;
    const allowed = allowedAccelerations(motion, limits);
    const reached = kept || Math.abs(step - drift) <= this.rounding;
    if (reached && contains(allowed, change) && this.isSafe(change)) {
      return { acceleration: change, breaches: this.outside(wanted) };
    }
    const breaches = [...this.outside(wanted), ...this.broken(step, change)];
    const chased = this.chase(
      { ...motion, position: motion.position - target + drift, velocity: motion.velocity - drift },
      allowed,
    );
    return { acceleration: this.nearestSafe(chased), breaches };
  }

  private chooseStep(wanted: number): AxisChoice {
    const { motion, limits } = this;
    const allowed = allowedAccelerations(motion, limits);
    const step = clamp(wanted, -limits.velocity, limits.velocity);
    const change = step - motion.velocity;
    const breaches = this.broken(wanted, change);
    if (contains(allowed, change)) {
      if (this.isSafe(change)) return { acceleration: change, breaches };
      return { acceleration: this.nearestSafe(change), breaches: [...breaches, 'position'] };
    }
    // Towards the wanted velocity, and onto it without going past.
    const most = Math.min(Math.abs(change), largestChange(Math.abs(change), limits.jerk));
    const towards = clamp(change > 0 ? most : -most, allowed.low, allowed.high);
    const acceleration = this.nearestSafe(towards);
    return { acceleration, breaches: acceleration === towards ? breaches : [...breaches, 'position'] };
  }

  /**
   * The fastest approach that does not go past. `gap` is this axis as seen from a target that moves on at its own pace: at position 0
   * with velocity 0 it has caught up.
   */
  private chase(gap: Motion, allowed: Range): number {
    const { limits } = this;
    const brake = clamp(brakingAcceleration(gap, limits), allowed.low, allowed.high);
    const spanAfter = (acceleration: number): ReturnType<typeof brakingSpan> => {
      const next = { ...gap };
      advance(next, acceleration);
      return brakingSpan(next, limits);
    };
    if (spanAfter(brake).rest < 0) return furthest(brake, allowed.high, (a) => spanAfter(a).high <= 0);
    return furthest(brake, allowed.low, (a) => spanAfter(a).low >= 0);
  }

  private nearestSafe(acceleration: number): number {
    if (this.isSafe(acceleration)) return acceleration;
    return furthest(this.brake(), acceleration, (a) => this.isSafe(a));
  }

  private stopsInside(next: Motion): boolean {
    const { low, high } = this.planned;
    const { longestStop } = this;
    if (next.position - longestStop >= low && next.position + longestStop <= high) return true;
    const from = this.motion.position;
    const span = brakingSpan(next, this.limits);
    return span.low >= Math.min(low, from) && span.high <= Math.max(high, from);
  }

  private outside(wanted: number): Breach[] {
    const slack = 2 * this.rounding;
    return wanted < this.hard.low - slack || wanted > this.hard.high + slack ? ['position'] : [];
  }

  private broken(step: number, change: number): Breach[] {
    const { velocity, acceleration, jerk } = this.limits;
    const slack = 4 * this.rounding;
    const breaches: Breach[] = [];
    if (Math.abs(step) > velocity + slack) breaches.push('velocity');
    if (Math.abs(change) > acceleration + slack) breaches.push('acceleration');
    if (Math.abs(change - this.motion.acceleration) > jerk + slack) breaches.push('jerk');
    return breaches;
  }
}

/** From `good` towards `end` as far as `holds` does; `good` where nothing beyond it does. */
function furthest(good: number, end: number, holds: (value: number) => boolean): number {
  if (holds(end)) return end;
  let [inside, outside] = [good, end];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (inside + outside) / 2;
    if (holds(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}

function contains({ low, high }: Range, value: number): boolean {
  return value >= low && value <= high;
}

/** The distance between neighbouring 32-bit numbers of about this size. */
function float32Step(size: number): number {
  return 2 ** (Math.floor(Math.log2(size)) - 23);
}
