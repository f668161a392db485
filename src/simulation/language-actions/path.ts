/**
 * @file A path through joint angles (a cubic spline, or a straight line between two knots) and the time it takes: minimum jerk from rest
 * to rest, slowed until velocities, accelerations and the hand's speed are within their limits.
 */

import type { Kinematics } from './kinematics.ts';

/** Joint angles as a function of u in [0, 1]: cubic pieces between knots, with continuous velocity. */
export class JointPath {
  readonly size: number;
  readonly pieces: number;
  /** Knots, row-major [pieces + 1, size], radians. */
  readonly knots: Float64Array;
  /** u at the knots. */
  readonly at: Float64Array;
  /** Derivatives by u at the knots. */
  private readonly slopes: Float64Array;

  constructor(size: number, knots: Float64Array) {
    this.size = size;
    this.knots = knots;
    const count = knots.length / size;
    this.pieces = count - 1;
    this.at = chordLengths(size, knots);
    this.slopes = new Float64Array(knots.length);
    for (let k = 0; k < count; k++) this.setSlope(k, count);
  }

  /** The straight line from `a` to `b`. */
  static straight(a: Float64Array, b: Float64Array): JointPath {
    const knots = new Float64Array(2 * a.length);
    knots.set(a);
    knots.set(b, a.length);
    return new JointPath(a.length, knots);
  }

  /** Angles at u into `q`, and, when given, the first and second derivatives by u. */
  evaluate(u: number, q: Float64Array, first?: Float64Array, second?: Float64Array): void {
    const { at, knots, slopes, size, pieces } = this;
    let k = 0;
    while (k < pieces - 1 && u > at[k + 1]!) k++;
    const length = at[k + 1]! - at[k]!;
    const x = Math.min(1, Math.max(0, (u - at[k]!) / length));
    for (let i = 0; i < size; i++) {
      const a = knots[k * size + i]!;
      const m = slopes[k * size + i]! * length;
      const change = knots[k * size + size + i]! - a;
      const n = slopes[k * size + size + i]! * length;
      // a + m x + c₂ x² + c₃ x³
      const c2 = 3 * change - 2 * m - n;
      const c3 = m + n - 2 * change;
      q[i] = a + x * (m + x * (c2 + x * c3));
      if (first !== undefined) first[i] = (m + x * (2 * c2 + 3 * x * c3)) / length;
      if (second !== undefined) second[i] = (2 * c2 + 6 * x * c3) / (length * length);
    }
  }

  /**
   * How many equal steps of u make no point of the arm move more than `step` metres in one, when joint i moves no point by more than
   * `reaches[i]` metres per radian: a cubic's derivative is within those of its control points.
   */
  stepsFor(reaches: Float64Array, step: number): number {
    const { at, knots, slopes, size, pieces } = this;
    let most = 0;
    for (let k = 0; k < pieces; k++) {
      const length = at[k + 1]! - at[k]!;
      let speed = 0;
      for (let i = 0; i < size; i++) {
        const a = slopes[k * size + i]!;
        const b = slopes[k * size + size + i]!;
        const middle = (3 * (knots[k * size + size + i]! - knots[k * size + i]!)) / length - a - b;
        speed += reaches[i]! * Math.max(Math.abs(a), Math.abs(b), Math.abs(middle));
      }
      most = Math.max(most, speed);
    }
    return Math.max(1, Math.ceil(most / step));
  }

  /** Straight between two knots; otherwise the slope of the parabola through a knot and its neighbours, at the ends of the chord. */
  private setSlope(k: number, count: number): void {
    const { at, knots, slopes, size } = this;
    const before = Math.max(0, k - 1);
    const after = Math.min(count - 1, k + 1);
    for (let i = 0; i < size; i++) {
      const here = knots[k * size + i]!;
      const left = k === before ? 0 : (here - knots[before * size + i]!) / (at[k]! - at[before]!);
      const right = k === after ? 0 : (knots[after * size + i]! - here) / (at[after]! - at[k]!);
      if (k === before) slopes[k * size + i] = right;
      else if (k === after) slopes[k * size + i] = left;
      else {
        const share = (at[k]! - at[before]!) / (at[after]! - at[before]!);
        slopes[k * size + i] = right * share + left * (1 - share);
      }
    }
  }
}

/** Where the knots lie in [0, 1], by their distances in joint space. */
function chordLengths(size: number, knots: Float64Array): Float64Array {
  const count = knots.length / size;
  const at = new Float64Array(count);
  for (let k = 1; k < count; k++) {
    let squared = 0;
    for (let i = 0; i < size; i++) squared += (knots[k * size + i]! - knots[k * size - size + i]!) ** 2;
    at[k] = at[k - 1]! + Math.max(1e-9, Math.sqrt(squared));
  }
  const whole = at[count - 1]!;
  for (let k = 0; k < count; k++) at[k]! /= whole;
  return at;
}

/** Share of the way at the share x of the time (minimum jerk: x³(10 − 15x + 6x²)), and its derivatives. */
export function minimumJerk(x: number): { at: number; first: number; second: number } {
  const y = 1 - x;
  return { at: x * x * x * (10 - 15 * x + 6 * x * x), first: 30 * x * x * y * y, second: 60 * x * y * (y - x) };
}

/** What `duration` holds to. */
export interface SpeedLimits {
  /** Of the hand, m/s. */
  readonly handSpeed: number;
  /** Shares of the joints' own limits, (0, 1]. */
  readonly share: number;
}

/** Samples per piece at which the limits are looked at, and what is added for what lies between them. */
const [SAMPLES, SAMPLES_PER_PIECE, RESERVE] = [24, 4, 1.04];
/** No motion is shorter, seconds. */
const SHORTEST = 0.2;

/** Seconds that the path takes. */
export function duration(path: JointPath, kinematics: Kinematics, limits: SpeedLimits): number {
  const { positions, tool } = kinematics;
  const q = new Float64Array(path.size);
  const first = new Float64Array(path.size);
  const second = new Float64Array(path.size);
  const samples = SAMPLES + SAMPLES_PER_PIECE * path.pieces;
  let joints = 0;
  let speed = 0;
  let x = 0;
  let y = 0;
  let z = 0;
  for (let s = 0; s <= samples; s++) {
    const time = minimumJerk(s / samples);
    path.evaluate(time.at, q, first, second);
    joints = Math.max(joints, jointSeconds(first, second, time, kinematics, limits.share));
    kinematics.forward(q);
    const px = positions[3 * tool]!;
    const py = positions[3 * tool + 1]!;
    const pz = positions[3 * tool + 2]!;
    if (s > 0) speed = Math.max(speed, Math.sqrt((px - x) ** 2 + (py - y) ** 2 + (pz - z) ** 2) * samples);
    x = px;
    y = py;
    z = pz;
  }
  // Accelerations jump at knots: both sides of each.
  for (let k = 1; k < path.pieces; k++) {
    const time = minimumJerk(timeOf(path.at[k]!));
    for (const u of [time.at - 1e-9, time.at + 1e-9]) {
      path.evaluate(u, q, first, second);
      joints = Math.max(joints, jointSeconds(first, second, time, kinematics, limits.share));
    }
  }
  return Math.max(SHORTEST, RESERVE * Math.max(joints, speed / limits.handSpeed));
}

/** The least duration with which the joints hold their limits at this time. */
function jointSeconds(
  first: Float64Array,
  second: Float64Array,
  time: { readonly first: number; readonly second: number },
  { robot: { joints } }: Kinematics,
  share: number,
): number {
  let most = 0;
  for (let i = 0; i < first.length; i++) {
    const joint = joints[i]!;
    const velocity = Math.abs(first[i]! * time.first) / joint.velocity / share;
    const acceleration = Math.abs(second[i]! * time.first * time.first + first[i]! * time.second);
    most = Math.max(most, velocity, Math.sqrt(acceleration / joint.acceleration / share));
  }
  return most;
}

/** The share of the time at which minimum jerk has gone this share of the way. */
function timeOf(way: number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (minimumJerk(middle).at < way) low = middle;
    else high = middle;
  }
  return low;
}
