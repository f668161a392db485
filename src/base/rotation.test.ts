/** @file Rotations against definitions that share no formula with them: power series, products of elementary matrices, round trips. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from './random.ts';
import {
  angleBetween,
  axisAngleToQuaternion,
  cross,
  eulerToQuaternion,
  fromXyzw,
  IDENTITY,
  invertQuaternion,
  matrixToQuaternion,
  multiplyMatrices,
  multiplyQuaternions,
  normaliseQuaternion,
  quaternionToAxisAngle,
  quaternionToEuler,
  quaternionToMatrix,
  quaternionToRotation6d,
  quaternionToShortestAxisAngle,
  rotateVector,
  rotation6dToMatrix,
  rotation6dToQuaternion,
  toXyzw,
  transposeMatrix,
  wrapAngle,
} from './rotation.ts';
import type { Matrix3, Quaternion, Vector3 } from './rotation.ts';

const random = new Random(7);

function near(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ''): void {
  assert.equal(got.length, expected.length);
  for (let i = 0; i < got.length; i++) {
    assert.ok(Math.abs(got[i]! - expected[i]!) <= tolerance, `${what} [${i}]: expected ${expected[i]}, got ${got[i]}`);
  }
}

function randomQuaternion(): Quaternion {
  return normaliseQuaternion([random.normal(), random.normal(), random.normal(), random.normal()]);
}

/** Random rotations and the awkward ones: none, half turns about each axis, almost none, almost half, near gimbal lock. */
const CASES: readonly Quaternion[] = [
  IDENTITY,
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
  normaliseQuaternion([1, 1e-9, -2e-9, 3e-9]),
  normaliseQuaternion([1e-9, 0.3, -0.5, 0.8]),
  eulerToQuaternion([0.4, Math.PI / 2 - 1e-4, -1.2]),
  ...Array.from({ length: 2000 }, randomQuaternion),
];

/** exp([v]×) by its power series: the definition of axis-angle. */
function exponential(v: Vector3): Matrix3 {
  const k: Matrix3 = [0, -v[2], v[1], v[2], 0, -v[0], -v[1], v[0], 0];
  let term: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  let sum: number[] = [...term];
  for (let n = 1; n < 60; n++) {
    term = multiplyMatrices(term, k).map((value) => value / n) as unknown as Matrix3;
    sum = sum.map((value, i) => value + term[i]!);
  }
  return sum as unknown as Matrix3;
}

test('axis-angle is the exponential of the cross-product matrix', () => {
  for (let i = 0; i < 300; i++) {
    const v: Vector3 = [random.normal(), random.normal(), random.normal()];
    near(quaternionToMatrix(axisAngleToQuaternion(v)), exponential(v), 1e-12);
  }
  for (const size of [0, 1e-12, 1e-7, 1e-5]) {
    const v: Vector3 = [0.6 * size, 0, 0.8 * size];
    near(quaternionToMatrix(axisAngleToQuaternion(v)), exponential(v), 1e-15);
    near(quaternionToAxisAngle(axisAngleToQuaternion(v)), v, 1e-18, 'small angle');
  }
});

test('a matrix turns a vector as the quaternion does', () => {
  near(rotateVector(axisAngleToQuaternion([0, 0, Math.PI / 2]), [1, 0, 0]), [0, 1, 0], 1e-15);
  for (const q of CASES) {
    const v: Vector3 = [random.normal(), random.normal(), random.normal()];
    const pure = multiplyQuaternions(multiplyQuaternions(q, [0, ...v]), invertQuaternion(q));
    near(rotateVector(q, v), pure.slice(1), 1e-12);
  }
});

test('products of quaternions and of matrices agree, and inverses undo', () => {
  for (const a of CASES.slice(0, 300)) {
    const b = randomQuaternion();
    const both = multiplyQuaternions(a, b);
    near(quaternionToMatrix(both), multiplyMatrices(quaternionToMatrix(a), quaternionToMatrix(b)), 1e-14);
    near(multiplyQuaternions(both, invertQuaternion(b)), a, 1e-14);
    near(transposeMatrix(quaternionToMatrix(a)), quaternionToMatrix(invertQuaternion(a)), 1e-15);
  }
});

test('every format goes there and back', () => {
  for (const q of CASES) {
    const same = (back: Quaternion, what: string, tolerance = 1e-12): void =>
      near(quaternionToMatrix(back), quaternionToMatrix(q), tolerance, `${what} of ${q.join(', ')}`);
    same(matrixToQuaternion(quaternionToMatrix(q)), 'matrix');
    assert.ok(matrixToQuaternion(quaternionToMatrix(q))[0] >= 0);
    same(axisAngleToQuaternion(quaternionToAxisAngle(q)), 'axis-angle');
    same(axisAngleToQuaternion(quaternionToShortestAxisAngle(q)), 'shortest axis-angle');
    same(rotation6dToQuaternion(quaternionToRotation6d(q)), '6-d');
    same(eulerToQuaternion(quaternionToEuler(q)), 'euler', 1e-7);
    assert.deepEqual(fromXyzw(toXyzw(q)), q);
  }
});

test('axis-angle keeps the sign of the quaternion, the shortest one does not', () => {
  const q = axisAngleToQuaternion([0, 0, 1]);
  const opposite: Quaternion = [-q[0], -q[1], -q[2], -q[3]];
  near(quaternionToAxisAngle(opposite), [0, 0, -(2 * Math.PI - 1)], 1e-12);
  near(quaternionToShortestAxisAngle(opposite), [0, 0, 1], 1e-12);
  // A hand that points down stays continuous through half a turn.
  const before = quaternionToAxisAngle(normaliseQuaternion([1e-6, 1, 0, 0]));
  const after = quaternionToAxisAngle(normaliseQuaternion([-1e-6, 1, 0, 0]));
  near(before, after, 1e-5);
});

test('euler angles are turns about the fixed axes x, then y, then z', () => {
  for (let i = 0; i < 300; i++) {
    const angles: Vector3 = [random.range(-3.1, 3.1), random.range(-1.5, 1.5), random.range(-3.1, 3.1)];
    const about = (axis: Vector3, angle: number): Matrix3 =>
      exponential(axis.map((value) => value * angle) as unknown as Vector3);
    const expected = multiplyMatrices(
      about([0, 0, 1], angles[2]),
      multiplyMatrices(about([0, 1, 0], angles[1]), about([1, 0, 0], angles[0])),
    );
    const q = eulerToQuaternion(angles);
    near(quaternionToMatrix(q), expected, 1e-12);
    near(quaternionToEuler(q), angles, 1e-9);
  }
  // Gimbal lock: only yaw − roll (or yaw + roll) is determined, the rotation itself comes back.
  for (const pitch of [Math.PI / 2, -Math.PI / 2]) {
    const q = eulerToQuaternion([0.3, pitch, 0.9]);
    const angles = quaternionToEuler(q);
    assert.equal(angles[0], 0);
    near(quaternionToMatrix(eulerToQuaternion(angles)), quaternionToMatrix(q), 1e-7);
  }
});

test('6-d numbers need not be orthonormal', () => {
  for (let i = 0; i < 300; i++) {
    const six = Array.from({ length: 6 }, () => random.normal());
    const m = rotation6dToMatrix(six);
    near(multiplyMatrices(m, transposeMatrix(m)), [1, 0, 0, 0, 1, 0, 0, 0, 1], 1e-9);
    const columns = [0, 1, 2].map((c) => [m[c]!, m[3 + c]!, m[6 + c]!] as const);
    near(cross(columns[0]!, columns[1]!), columns[2]!, 1e-9, 'right-handed');
    const length = Math.hypot(six[0]!, six[1]!, six[2]!);
    near(columns[0]!, [six[0]! / length, six[1]! / length, six[2]! / length], 1e-12, 'first column');
  }
});

test('angles: between orientations, and wrapped', () => {
  for (let i = 0; i < 200; i++) {
    const q = randomQuaternion();
    const angle = random.range(0, Math.PI);
    const axis = normaliseQuaternion([0, random.normal(), random.normal(), random.normal()]).slice(1);
    const turned = multiplyQuaternions(q, axisAngleToQuaternion(axis.map((v) => v * angle) as unknown as Vector3));
    assert.ok(Math.abs(angleBetween(q, turned) - angle) < 1e-7);
  }
  assert.equal(wrapAngle(0), 0);
  near(
    [wrapAngle(3 * Math.PI), wrapAngle(-0.1), wrapAngle(7, 2), wrapAngle(1.6, Math.PI)],
    [-Math.PI, -0.1, -1, 1.6 - Math.PI],
    1e-12,
  );
  near(normaliseQuaternion([0, 0, 0, 0]), IDENTITY, 0);
});
