/**
 * @file Joint angles for a pose of the tool: damped least squares, Δq = z + Jᵀ(JJᵀ + λ²)⁻¹(e − Jz), with the damping λ² falling
 * with the squared error (after Sugihara 2011), so that it converges quadratically; z draws towards a posture while the error is large.
 */

import type { Random } from '../../base/random.ts';
import { solveSymmetric } from '../control/dense.ts';
import type { Kinematics } from './kinematics.ts';

const MOST_ITERATIONS = 50;
/** Metres and radians. */
const CLOSE_ENOUGH = 1e-6;
const [DAMPING, LEAST_DAMPING] = [0.02, 1e-9];
/** The largest change of a joint in one iteration, radians. */
const LARGEST_STEP = 0.4;
/** While the error is larger than this, a posture draws with this gain. */
const [POSTURE_UNTIL, POSTURE_GAIN] = [0.02, 0.05];

/** The orientation of a hand that points down, turned by `yaw` about the vertical; row-major into `out`. */
export function handDown(yaw: number, out: Float64Array): Float64Array {
  const c = Math.cos(yaw);
  const s = Math.sin(yaw);
  out[0] = c;
  out[1] = s;
  out[2] = 0;
  out[3] = s;
  out[4] = -c;
  out[5] = 0;
  out[6] = 0;
  out[7] = 0;
  out[8] = -1;
  return out;
}

/** Inverse kinematics of one arm. */
export class InverseKinematics {
  readonly kinematics: Kinematics;
  private readonly error = new Float64Array(6);
  private readonly rest = new Float64Array(6);
  private readonly square = new Float64Array(36);
  private readonly work = new Float64Array(36);
  private readonly step: Float64Array;
  private readonly pull: Float64Array;

  constructor(kinematics: Kinematics) {
    this.kinematics = kinematics;
    this.step = new Float64Array(kinematics.size);
    this.pull = new Float64Array(kinematics.size);
  }

  /**
   * Moves `q` (radians, within the limits and kept there) until the tool is at `position` (metres) with `rotation` (row-major).
   * False when it does not get there; `q` is then wherever it stopped. `posture` draws redundant joints towards it.
   */
  solve(
    q: Float64Array,
    position: ArrayLike<number>,
    rotation: ArrayLike<number>,
    posture: readonly number[] | null,
  ): boolean {
    const { kinematics } = this;
    for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
      kinematics.forward(q);
      const size = this.measure(position, rotation);
      if (size < CLOSE_ENOUGH) return true;
      kinematics.jacobian();
      this.update(q, size, size > POSTURE_UNTIL ? posture : null);
    }
    return false;
  }

  /** As `solve`, but from other starts when the first fails: `home`, then up to `tries` random postures. */
  search(
    q: Float64Array,
    position: ArrayLike<number>,
    rotation: ArrayLike<number>,
    random: Random,
    tries: number,
  ): boolean {
    const { home, joints } = this.kinematics.robot;
    if (this.solve(q, position, rotation, home)) return true;
    q.set(home);
    for (let i = 0; i <= tries; i++) {
      if (this.solve(q, position, rotation, home)) return true;
      for (const [j, { low, high }] of joints.entries()) q[j] = random.range(low, high);
    }
    return false;
  }

  /** Position and rotation error into `error`, base frame; gives the larger norm of both. */
  private measure(goal: ArrayLike<number>, g: ArrayLike<number>): number {
    const { error, kinematics } = this;
    const { positions, rotations: r, tool } = kinematics;
    const f = 9 * tool;
    for (let c = 0; c < 3; c++) error[c] = goal[c]! - positions[3 * tool + c]!;
    // The antisymmetric part and the trace of goal · nowᵀ.
    let x = 0;
    let y = 0;
    let z = 0;
    let trace = 0;
    for (let c = 0; c < 3; c++) {
      const n0 = r[f + c]!;
      const n1 = r[f + 3 + c]!;
      const n2 = r[f + 6 + c]!;
      const g0 = g[c]!;
      const g1 = g[3 + c]!;
      const g2 = g[6 + c]!;
      x += n1 * g2 - n2 * g1;
      y += n2 * g0 - n0 * g2;
      z += n0 * g1 - n1 * g0;
      trace += n0 * g0 + n1 * g1 + n2 * g2;
    }
    const sine = Math.sqrt(x * x + y * y + z * z) / 2;
    const angle = Math.atan2(sine, (trace - 1) / 2);
    // Half a turn has no axis in the antisymmetric part: any axis leads away from there.
    const scale = sine > 1e-9 ? angle / (2 * sine) : 0.5;
    error[3] = sine > 1e-9 ? x * scale : angle > 1 ? angle : 0;
    error[4] = y * scale;
    error[5] = z * scale;
    return Math.max(Math.sqrt(error[0]! ** 2 + error[1]! ** 2 + error[2]! ** 2), angle);
  }

  private update(q: Float64Array, size: number, posture: readonly number[] | null): void {
    const { error, rest, square, work, step, pull, kinematics } = this;
    const { jacobianRows: j, size: n, robot } = kinematics;
    const damping = DAMPING * size * size + LEAST_DAMPING;
    for (let i = 0; i < n; i++) pull[i] = posture === null ? 0 : POSTURE_GAIN * (posture[i]! - q[i]!);
    for (let a = 0; a < 6; a++) {
      let along = 0;
      for (let i = 0; i < n; i++) along += j[a * n + i]! * pull[i]!;
      rest[a] = error[a]! - along;
      for (let b = 0; b <= a; b++) {
        let sum = a === b ? damping : 0;
        for (let i = 0; i < n; i++) sum += j[a * n + i]! * j[b * n + i]!;
        square[6 * a + b] = square[6 * b + a] = sum;
      }
    }
    solveSymmetric(square, 6, rest, work);
    let largest = 0;
    for (let i = 0; i < n; i++) {
      let sum = pull[i]!;
      for (let a = 0; a < 6; a++) sum += j[a * n + i]! * rest[a]!;
      step[i] = sum;
      largest = Math.max(largest, Math.abs(sum));
    }
    const scale = largest > LARGEST_STEP ? LARGEST_STEP / largest : 1;
    for (let i = 0; i < n; i++) {
      const { low, high } = robot.joints[i]!;
      q[i] = Math.min(high, Math.max(low, q[i]! + scale * step[i]!));
    }
  }
}
