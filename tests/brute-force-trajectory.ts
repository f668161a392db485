/**
 * @file What a trajectory does, found out again without its planner: things are carried by a gripper that closes around them and pushed by one
 * that meets them; links are clouds of points.
 */

import assert from 'node:assert/strict';
import type { Vector3 } from '../src/base/rotation.ts';
import type { LanguageTrajectory } from '../src/simulation/language-actions/generate.ts';
import { Kinematics } from '../src/simulation/language-actions/kinematics.ts';
import { FINGER_RADIUS, gripperCapsules, type Capsule } from '../src/simulation/language-actions/robot.ts';
import type { Samples } from '../src/simulation/language-actions/trajectory.ts';

/** Where a thing is: a frame of its own, row-major rotation. */
interface Frame {
  position: number[];
  rotation: number[];
}

/** Points on a link's axis are no further apart, metres. */
const SPACING = 0.008;
/** Rounding, metres. */
const SLACK = 1e-4;

function apply(r: ArrayLike<number>, at: number, v: ArrayLike<number>): number[] {
  return [0, 1, 2].map((i) => r[at + 3 * i]! * v[0]! + r[at + 3 * i + 1]! * v[1]! + r[at + 3 * i + 2]! * v[2]!);
}

/** The vector in the frame whose axes are the columns of `r`. */
function into(r: ArrayLike<number>, at: number, v: ArrayLike<number>): number[] {
  return [0, 1, 2].map((i) => r[at + i]! * v[0]! + r[at + 3 + i]! * v[1]! + r[at + 6 + i]! * v[2]!);
}

function product(a: ArrayLike<number>, at: number, b: readonly number[]): number[] {
  return [0, 1, 2].flatMap((i) =>
    [0, 1, 2].map((j) => [0, 1, 2].reduce((sum, k) => sum + a[at + 3 * i + k]! * b[3 * k + j]!, 0)),
  );
}

/** Plays samples back; at each of them the things' frames are in `things`. */
export class Replay {
  readonly things: Frame[];
  readonly halves: Vector3[];
  /** Index of the held thing. */
  held: number | null = null;
  /** How often the gripper has closed around something. */
  grasps = 0;
  readonly kinematics: Kinematics;
  private readonly samples: Samples;
  private readonly trajectory: LanguageTrajectory;
  private readonly clouds: { capsule: Capsule; points: number[][] }[];
  private grip: Frame | null = null;
  private hand: Vector3 | null = null;

  constructor(trajectory: LanguageTrajectory, samples: Samples) {
    this.trajectory = trajectory;
    this.samples = samples;
    this.kinematics = new Kinematics(trajectory.robot);
    this.halves = trajectory.objects.map(({ size }) => [size[0] / 2, size[1] / 2, size[2] / 2]);
    this.things = trajectory.objects.map(({ place, turn, size }) => {
      const [c, s] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
      return { position: [...place, size[2] / 2], rotation: [c, -s, 0, s, c, 0, 0, 0, 1] };
    });
    this.clouds = [...trajectory.robot.links, ...gripperCapsules(trajectory.robot)].map((capsule) => {
      const { from, to } = capsule;
      const count = Math.ceil(Math.hypot(...from.map((a, i) => to[i]! - a)) / SPACING);
      const points = Array.from({ length: count + 1 }, (_, k) =>
        from.map((a, i) => a + ((to[i]! - a) * k) / Math.max(1, count)),
      );
      return { capsule, points };
    });
  }

  /** Goes to sample i (in order): the arm moves, and things with it. */
  go(i: number): void {
    const { samples, kinematics, things } = this;
    const n = kinematics.size;
    kinematics.forward(samples.joints, i * n);
    const { positions: p, rotations: r, tool } = kinematics;
    const hand: Vector3 = [p[3 * tool]!, p[3 * tool + 1]!, p[3 * tool + 2]!];
    const [now, before] = [samples.commands[i]!, i === 0 ? -1 : samples.commands[i - 1]!];
    if (now > before) this.close(hand);
    if (this.held !== null && this.grip !== null) {
      const offset = apply(r, 9 * tool, this.grip.position);
      things[this.held] = {
        position: offset.map((value, k) => value + hand[k]!),
        rotation: product(r, 9 * tool, this.grip.rotation),
      };
    } else if (now > 0 && this.hand !== null) this.push(this.hand, hand);
    if (now < before) [this.held, this.grip] = [null, null];
    this.hand = hand;
  }

  /** The thing between the fingertips, if there is one, is held from now on. */
  private close(hand: Vector3): void {
    const { positions: p, rotations: r, tool } = this.kinematics;
    const found = this.things.flatMap(({ position }, k) =>
      Math.hypot(position[0]! - hand[0], position[1]! - hand[1]) < 2e-3 &&
      Math.abs(position[2]! - hand[2]) < this.halves[k]![2]
        ? [k]
        : [],
    );
    if (found.length === 0) return;
    assert.equal(found.length, 1, 'one thing between the fingers');
    this.held = found[0]!;
    this.grasps++;
    const { position, rotation } = this.things[this.held]!;
    const tools = Array.from(r.subarray(9 * tool, 9 * tool + 9));
    const transposed = [0, 3, 6, 1, 4, 7, 2, 5, 8].map((k) => tools[k]!);
    this.grip = {
      position: into(
        r,
        9 * tool,
        position.map((value, k) => value - p[3 * tool + k]!),
      ),
      rotation: product(transposed, 0, rotation),
    };
    // Across the fingers' line it fits into the open gripper.
    const across = into(rotation, 0, [r[9 * tool + 1]!, r[9 * tool + 4]!, r[9 * tool + 7]!]);
    const width = this.trajectory.objects[this.held]!.round
      ? 2 * this.halves[this.held]![0]
      : 2 * across.reduce((sum, value, k) => sum + Math.abs(value) * this.halves[this.held!]![k]!, 0);
    assert.ok(width < this.trajectory.robot.tool.opening, `${width} m do not fit between the fingers`);
  }

  /** The fingers' bar takes along what it meets, on the hand's way. */
  private push(from: Vector3, to: Vector3): void {
    const way = [to[0] - from[0], to[1] - from[1]];
    const length = Math.hypot(way[0]!, way[1]!);
    if (length < 1e-7) return;
    const [ux, uy] = [way[0]! / length, way[1]! / length];
    for (const [k, thing] of this.things.entries()) {
      const [x, y] = [thing.position[0]! - to[0], thing.position[1]! - to[1]];
      const axis = into(thing.rotation, 0, [ux, uy, 0]);
      const half = this.trajectory.objects[k]!.round
        ? this.halves[k]![0]
        : Math.abs(axis[0]!) * this.halves[k]![0] + Math.abs(axis[1]!) * this.halves[k]![1];
      const along = x * ux + y * uy;
      if (to[2] > thing.position[2]! + this.halves[k]![2] || Math.abs(x * uy - y * ux) > 2e-3) continue;
      const overlap = half + FINGER_RADIUS - along;
      if (along > 0 && overlap > 0) {
        thing.position = [thing.position[0]! + ux * overlap, thing.position[1]! + uy * overlap, thing.position[2]!];
      }
    }
  }

  /** Throws when, here, a link is in the table or in a thing that it may not touch; or the held thing is. */
  checkFree(i: number): void {
    const phase = this.trajectory.plan.phases[this.samples.phases[i]!]!;
    const { positions: p, rotations: r } = this.kinematics;
    const where = `sample ${i}`;
    const others = this.things.map((_, k) => k).filter((k) => !phase.touching.includes(k) && k !== this.held);
    for (const { capsule, points } of this.clouds) {
      const f = 9 * capsule.joint;
      const o = 3 * capsule.joint;
      const { joint, radius } = capsule;
      for (let k = 0; k < points.length; k++) {
        const point = points[k]!;
        const x = p[o]! + r[f]! * point[0]! + r[f + 1]! * point[1]! + r[f + 2]! * point[2]!;
        const y = p[o + 1]! + r[f + 3]! * point[0]! + r[f + 4]! * point[1]! + r[f + 5]! * point[2]!;
        const z = p[o + 2]! + r[f + 6]! * point[0]! + r[f + 7]! * point[1]! + r[f + 8]! * point[2]!;
        if (joint >= 2 && z < radius - SLACK) assert.fail(`${where}: a link of joint ${joint} is in the table`);
        for (let t = 0; t < others.length; t++) {
          const distance = this.distanceTo(others[t]!, x, y, z);
          if (distance < radius - SLACK) {
            assert.fail(`${where}: a link of joint ${joint} is ${distance} m from thing ${others[t]}`);
          }
        }
      }
    }
    if (this.held !== null) this.checkHeld(this.held, others, where);
  }

  /** From a point to a thing's box, metres; 0 inside. */
  private distanceTo(thing: number, x: number, y: number, z: number): number {
    const { position, rotation: r } = this.things[thing]!;
    const half = this.halves[thing]!;
    const dx = x - position[0]!;
    const dy = y - position[1]!;
    const dz = z - position[2]!;
    const ex = Math.max(0, Math.abs(r[0]! * dx + r[3]! * dy + r[6]! * dz) - half[0]);
    const ey = Math.max(0, Math.abs(r[1]! * dx + r[4]! * dy + r[7]! * dz) - half[1]);
    const ez = Math.max(0, Math.abs(r[2]! * dx + r[5]! * dy + r[8]! * dz) - half[2]);
    return Math.sqrt(ex * ex + ey * ey + ez * ez);
  }

  /** Corners, edges and faces of the held thing against the table and the other things. */
  private checkHeld(held: number, others: readonly number[], where: string): void {
    const { position: p, rotation: r } = this.things[held]!;
    const half = this.halves[held]!;
    for (let k = 0; k < 125; k++) {
      const a = half[0] * ((k % 5) / 2 - 1);
      const b = half[1] * ((Math.floor(k / 5) % 5) / 2 - 1);
      const c = half[2] * (Math.floor(k / 25) / 2 - 1);
      const x = p[0]! + r[0]! * a + r[1]! * b + r[2]! * c;
      const y = p[1]! + r[3]! * a + r[4]! * b + r[5]! * c;
      const z = p[2]! + r[6]! * a + r[7]! * b + r[8]! * c;
      if (z < -1.1e-3) assert.fail(`${where}: the held thing is ${-z} m in the table`);
      for (let t = 0; t < others.length; t++) {
        if (this.distanceTo(others[t]!, x, y, z) === 0)
          assert.fail(`${where}: the held thing is in thing ${others[t]}`);
      }
    }
  }
}
