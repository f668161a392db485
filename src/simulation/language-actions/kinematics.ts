/** @file Forward kinematics and the Jacobian of an arm, without garbage: every result lies in the object's own arrays. */

import type { RobotArm } from './robot.ts';

/** A chain of frames: 0 is the base, 1 to n the joints, n + 1 the tool. */
export class Kinematics {
  readonly robot: RobotArm;
  /** Joints. */
  readonly size: number;
  /** Index of the tool's frame. */
  readonly tool: number;
  /** Origins in the base's coordinates, metres: frame i at 3 · i. */
  readonly positions: Float64Array;
  /** Axes in the base's coordinates, row-major: frame i at 9 · i. */
  readonly rotations: Float64Array;
  /** Row-major [6 × n], set by `jacobian`: metres and radians of the tool per radian, in the base's coordinates. */
  readonly jacobianRows: Float64Array;
  /** Per joint: position x, y, z, cosine and sine of the roll, offset. */
  private readonly table: Float64Array;

  constructor(robot: RobotArm) {
    this.robot = robot;
    this.size = robot.joints.length;
    this.tool = this.size + 1;
    this.positions = new Float64Array(3 * (this.size + 2));
    this.rotations = new Float64Array(9 * (this.size + 2));
    this.jacobianRows = new Float64Array(6 * this.size);
    this.table = Float64Array.from(
      robot.joints.flatMap(({ position, roll, offset }) => [...position, Math.cos(roll), Math.sin(roll), offset]),
    );
    const c = Math.cos(robot.baseTurn);
    const s = Math.sin(robot.baseTurn);
    this.rotations.set([c, -s, 0, s, c, 0, 0, 0, 1]);
  }

  /** Sets `positions` and `rotations` for these joint angles, radians (`q` from `at` on). */
  forward(q: Float64Array, at = 0): void {
    const { size, table } = this;
    for (let i = 0; i < size; i++) {
      const t = 6 * i;
      const angle = q[at + i]! + table[t + 5]!;
      this.append(
        i,
        table[t]!,
        table[t + 1]!,
        table[t + 2]!,
        table[t + 3]!,
        table[t + 4]!,
        Math.cos(angle),
        Math.sin(angle),
      );
    }
    const { length, flipped, turn } = this.robot.tool;
    this.append(size, 0, 0, length, flipped ? -1 : 1, 0, Math.cos(turn), Math.sin(turn));
  }

  /** Frame i + 1 from frame i: moved by (x, y, z), rolled by (rollCos, rollSin) about x, turned by (c, s) about z. */
  private append(
    i: number,
    x: number,
    y: number,
    z: number,
    rollCos: number,
    rollSin: number,
    c: number,
    s: number,
  ): void {
    const { positions: p, rotations: r } = this;
    for (let row = 0; row < 3; row++) {
      const from = 9 * i + 3 * row;
      const a = r[from]!;
      const b = r[from + 1]!;
      const d = r[from + 2]!;
      p[3 * i + 3 + row] = p[3 * i + row]! + a * x + b * y + d * z;
      // The second and third axis after the roll.
      const second = b * rollCos + d * rollSin;
      const to = from + 9;
      r[to] = a * c + second * s;
      r[to + 1] = second * c - a * s;
      r[to + 2] = d * rollCos - b * rollSin;
    }
  }

  /** Sets `jacobianRows` for the angles of the last `forward`. */
  jacobian(): void {
    const { size, tool, positions: p, rotations: r, jacobianRows: j } = this;
    const x = p[3 * tool]!;
    const y = p[3 * tool + 1]!;
    const z = p[3 * tool + 2]!;
    for (let i = 0; i < size; i++) {
      const f = 9 * (i + 1);
      const o = 3 * (i + 1);
      const ax = r[f + 2]!;
      const ay = r[f + 5]!;
      const az = r[f + 8]!;
      const dx = x - p[o]!;
      const dy = y - p[o + 1]!;
      const dz = z - p[o + 2]!;
      j[i] = ay * dz - az * dy;
      j[size + i] = az * dx - ax * dz;
      j[2 * size + i] = ax * dy - ay * dx;
      j[3 * size + i] = ax;
      j[4 * size + i] = ay;
      j[5 * size + i] = az;
    }
  }
}
