/** @file Relative poses against matrices and the exponential series, their way back, and what is refused. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, tinyDesign, tinyRobot } from '../../tests/codec-fixtures.ts';
import { Random } from '../base/random.ts';
import {
  multiplyMatrices,
  normaliseQuaternion,
  quaternionToAxisAngle,
  quaternionToEuler,
  quaternionToMatrix,
  quaternionToRotation6d,
  quaternionToShortestAxisAngle,
  toXyzw,
  transposeMatrix,
  type Matrix3,
  type Quaternion,
  type Vector3,
} from '../base/rotation.ts';
import type { CodecDesign } from './design-codec.ts';
import { relatePose, unrelatePose, type PoseChange, type RotationFormat } from './relative-pose.ts';
import { createVectorCodec } from './vector-steps.ts';

const EYE: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Σ [v]ₓᵏ / k!, the rotation by |v| about v. */
function exponential([x, y, z]: ArrayLike<number> & Vector3): Matrix3 {
  const skew: Matrix3 = [0, -z, y, z, 0, -x, -y, x, 0];
  let term = EYE;
  let sum = EYE;
  for (let k = 1; k < 60; k++) {
    term = multiplyMatrices(term, skew).map((value) => value / k) as unknown as Matrix3;
    sum = sum.map((value, i) => value + term[i]!) as unknown as Matrix3;
  }
  return sum;
}

const apply = (m: Matrix3, [x, y, z]: Vector3): Vector3 => [
  m[0] * x + m[1] * y + m[2] * z,
  m[3] * x + m[4] * y + m[5] * z,
  m[6] * x + m[7] * y + m[8] * z,
];

function close(got: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(got.length, expected.length, what);
  for (let i = 0; i < got.length; i++) {
    assert.ok(Math.abs(got[i]! - expected[i]!) < 1e-9, `${what}, number ${i}: ${got[i]}, expected ${expected[i]}`);
  }
}

const FORMATS: readonly (readonly [RotationFormat, (q: Quaternion) => readonly number[]])[] = [
  ['axis-angle', quaternionToAxisAngle],
  ['euler-xyz', quaternionToEuler],
  ['quaternion-wxyz', (q) => q],
  ['quaternion-xyzw', toXyzw],
  ['rotation-6d', quaternionToRotation6d],
];

const randomTurn = (random: Random): Quaternion =>
  normaliseQuaternion([random.normal(), random.normal(), random.normal(), random.normal()]);
const randomPoint = (random: Random): Vector3 => [random.normal(), random.normal(), random.normal()];

for (const [stateFormat, write] of FORMATS) {
  test(`with a state in ${stateFormat}: δp = Rₜᵀ (p − pₜ), Exp(δr) = Rₜᵀ R, and back`, () => {
    const random = new Random(1);
    const size = write([1, 0, 0, 0]).length;
    // A gripper stands between position and rotation; the state begins with another number.
    const change: PoseChange = {
      position: [0, 1, 2],
      rotation: [4, 5, 6],
      format: 'axis-angle',
      statePosition: [1, 2, 3],
      stateRotation: Array.from({ length: size }, (_, i) => 4 + i),
      stateFormat,
    };
    for (let round = 0; round < 50; round++) {
      const [origin, orientation] = [randomPoint(random), randomTurn(random)];
      const state = [9, ...origin, ...write(orientation)];
      const poses = [0, 1].map(() => ({ point: randomPoint(random), turn: randomTurn(random) }));
      const absolute = poses.flatMap(({ point, turn }) => [...point, 0.25, ...quaternionToShortestAxisAngle(turn)]);
      const rows = Float64Array.from(absolute);
      relatePose(rows, 7, state, change);
      const inverse = transposeMatrix(quaternionToMatrix(orientation));
      for (const [i, { point, turn }] of poses.entries()) {
        const row = rows.subarray(7 * i, 7 * i + 7);
        const moved = point.map((value, axis) => value - origin[axis]!) as unknown as Vector3;
        close(row.subarray(0, 3), apply(inverse, moved), 'position');
        const angle = row.subarray(4, 7);
        assert.ok(Math.hypot(...angle) <= Math.PI + 1e-9);
        const expected = multiplyMatrices(inverse, quaternionToMatrix(turn));
        close(exponential([...angle] as unknown as Vector3), expected, 'rotation');
        assert.equal(row[3], 0.25);
      }
      unrelatePose(rows, 7, state, change);
      close(rows, absolute, 'back');
    }
  });
}

test('actions in euler angles come back as they were', () => {
  const random = new Random(2);
  const change: PoseChange = {
    position: [0, 1, 2],
    rotation: [3, 4, 5],
    format: 'euler-xyz',
    statePosition: [0, 1, 2],
    stateRotation: [3, 4, 5],
    stateFormat: 'euler-xyz',
  };
  const codec = createVectorCodec(
    ['x', 'y', 'z', 'roll', 'pitch', 'yaw'],
    [{ kind: 'relative-pose', poses: [change] }],
    'action',
  );
  assert.equal(codec.needsState, true);
  for (let round = 0; round < 50; round++) {
    const pose = (): number[] => [...randomPoint(random), ...quaternionToEuler(randomTurn(random))];
    const [state, absolute] = [pose(), [...pose(), ...pose()]];
    const encoded = codec.encode(absolute, state, 'action');
    close(codec.decode(encoded, state, 'action'), absolute, 'back');
    close(codec.encode(state, state, 'action'), [0, 0, 0, 0, 0, 0], 'the same pose');
  }
});

test('a pose that does not fit, or that two steps change, is refused', () => {
  const names = ['x', 'y', 'z', 'rx', 'ry', 'rz', 'grip'];
  const { gripper } = tinyRobot.action.convention;
  const convention = { rotation: 'axis-angle', frame: 'base', gripper, reference: 'absolute', unit: 'si' } as const;
  const zeros = names.map(() => 0);
  const ones = names.map(() => 1);
  const statistics = { min: zeros, max: ones, mean: zeros, std: ones, q01: zeros, q99: ones };
  const pose: PoseChange = {
    position: [0, 1, 2],
    rotation: [3, 4, 5],
    format: 'axis-angle',
    statePosition: [0, 1, 2],
    stateRotation: [3, 4, 5],
    stateFormat: 'axis-angle',
  };
  const slots = { state: [0, 1, 2, 3, 4, 5, 6], action: [0, 1, 2, 3, 4, 5, 8] };
  const design = (changes: Partial<CodecDesign>): CodecDesign => ({
    ...tinyDesign,
    embodiment: { ...tinyRobot, state: { names, convention }, action: { names, convention }, holdAction: zeros },
    statistics: { state: statistics, action: statistics },
    supervision: [],
    stateSize: 9,
    actionSize: 9,
    poses: [pose],
    slots,
    ...changes,
  });
  const codec = codecOf(design({}));
  assert.deepEqual([...codec.actionDimensions], [1, 1, 1, 1, 1, 1, 0, 0, 1]);
  assert.equal(codec.needsState, true);
  const refused = (changes: Partial<CodecDesign>, message: RegExp): void =>
    assert.throws(() => codecOf(design(changes)), { message });
  refused(
    { poses: [{ ...pose, rotation: [3, 4, 7] }] },
    /rotation: expected 3 different indices below 7, got \[3, 4, 7\]/,
  );
  refused({ poses: [{ ...pose, position: [1, 2, 3] }] }, /index 3 in both/);
  refused({ poses: [{ ...pose, stateFormat: 'rotation-6d' }] }, /stateRotation: expected 6 different indices/);
  refused({ poses: [pose, pose] }, /got two for index 0/);
  const to = 'relative-to-chunk-start' as const;
  const change = { from: 'absolute' as const, to, period: null };
  refused({ reference: { ...change, stateIndex: [0, null, null, null, null, null, 6] } }, /got two for index 0/);
  codecOf(design({ reference: { ...change, stateIndex: [null, null, null, null, null, null, 6] } }));
});
