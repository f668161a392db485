/**
 * @file Stopping under a jerk limit, in discrete time. Everything is per tick: a step (units per tick, the velocity), its change from
 * tick to tick (the acceleration) and the change of that (the jerk), so that limits hold for the very numbers that are sent.
 */

/** Limits of one axis, units per tick, per tick², per tick³. */
export interface StepLimits {
  readonly velocity: number;
  readonly acceleration: number;
  readonly jerk: number;
}

/** How one axis moves. */
export interface Motion {
  position: number;
  /** Of the last tick. */
  velocity: number;
  acceleration: number;
}

/** No plan takes longer; with limits that `checkAxes` lets through none comes near. */
const LONGEST_PLAN = 100_000;

/**
 * The largest change x of the velocity by which a velocity of `distance` (≥ 0) can be taken to zero with changes x, x − jerk, x − 2·jerk … 0.
 * Their sum is T(x) = (n + 1)·x − jerk·n·(n + 1)/2 with n = ⌊x/jerk⌋, which is turned around here.
 */
export function largestChange(distance: number, jerk: number): number {
  const n = Math.floor((Math.sqrt(1 + (8 * distance) / jerk) - 1) / 2);
  return (distance + (jerk * n * (n + 1)) / 2) / (n + 1);
}

/** The acceleration of the next tick on the way to a standstill, as fast as the limits let it. */
export function brakingAcceleration({ velocity, acceleration }: Readonly<Motion>, limits: StepLimits): number {
  const { jerk } = limits;
  const most = Math.min(limits.acceleration, largestChange(Math.abs(velocity), jerk));
  return clamp(velocity > 0 ? -most : most, acceleration - jerk, acceleration + jerk);
}

/** The accelerations of the next tick from which velocity, acceleration and jerk stay within their limits for good. */
export function allowedAccelerations({ velocity, acceleration }: Readonly<Motion>, limits: StepLimits): Range {
  const { jerk } = limits;
  const up = Math.min(limits.acceleration, largestChange(Math.max(0, limits.velocity - velocity), jerk));
  const down = Math.min(limits.acceleration, largestChange(Math.max(0, limits.velocity + velocity), jerk));
  const low = Math.max(acceleration - jerk, -down);
  const high = Math.min(acceleration + jerk, up);
  if (low <= high) return { low, high };
  // Rounding left nothing between them: the jerk's own end is then right up to rounding.
  const only = up < acceleration - jerk ? acceleration - jerk : acceleration + jerk;
  return { low: only, high: only };
}

/** An inclusive range. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** One tick on. */
export function advance(motion: Motion, acceleration: number): void {
  motion.acceleration = acceleration;
  motion.velocity += acceleration;
  motion.position += motion.velocity;
}

/** What is passed on the way to a standstill, from where `motion` is (inclusive) to where it comes to rest. */
export function brakingSpan(motion: Readonly<Motion>, limits: StepLimits): Range & { readonly rest: number } {
  const at = { ...motion };
  let [low, high] = [at.position, at.position];
  for (let tick = 0; tick < LONGEST_PLAN && !isAtRest(at, limits); tick++) {
    advance(at, brakingAcceleration(at, limits));
    low = Math.min(low, at.position);
    high = Math.max(high, at.position);
  }
  return { low, high, rest: at.position };
}

/** The velocities of the ticks to a standstill; empty at rest. */
export function brakingVelocities(motion: Readonly<Motion>, limits: StepLimits): number[] {
  const at = { ...motion };
  const path: number[] = [];
  while (path.length < LONGEST_PLAN && !isAtRest(at, limits)) {
    advance(at, brakingAcceleration(at, limits));
    path.push(at.velocity);
  }
  return path;
}

/** Whether nothing moves, up to what rounding leaves. */
export function isAtRest({ velocity, acceleration }: Readonly<Motion>, { jerk }: StepLimits): boolean {
  return Math.abs(velocity) <= 1e-9 * jerk && Math.abs(acceleration) <= 1e-9 * jerk;
}

/** The nearest value in [low, high]. */
export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
