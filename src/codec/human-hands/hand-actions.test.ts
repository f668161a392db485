/** @file The 32 numbers of two hands: there and back, by 4 × 4 matrices, whatever the frame, and with hands that are not seen. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import {
  angleBetween,
  axisAngleToQuaternion,
  multiplyQuaternions,
  normaliseQuaternion,
  quaternionToMatrix,
  rotateVector,
  type Quaternion,
  type Vector3,
} from '../../base/rotation.ts';
import { decodeGrasp, fitEigengrasps, HAND_JOINTS, mirrorJoints, type Eigengrasps } from './eigengrasps.ts';
import { decodeHands, encodeHands, handActionSize, type HandPose, type Hands } from './hand-actions.ts';

const random = new Random(5);
const numbers = (count: number): number[] => Array.from({ length: count }, () => random.normal());
const grasps: Eigengrasps = fitEigengrasps(numbers(70 * HAND_JOINTS));

/** A hand that the ten components can say. */
function drawHand(side: 'left' | 'right'): HandPose {
  const joints = decodeGrasp(grasps, numbers(10));
  return {
    position: numbers(3) as unknown as Vector3,
    rotation: normaliseQuaternion(numbers(4) as unknown as Quaternion),
    joints: side === 'left' ? mirrorJoints(joints) : joints,
  };
}
const drawHands = (): Hands => ({ left: drawHand('left'), right: drawHand('right') });

function assertSame(got: HandPose | null, expected: HandPose | null): void {
  if (expected === null || got === null) return assert.equal(got, expected);
  got.position.forEach((value, k) => assert.ok(Math.abs(value - expected.position[k]!) < 1e-9));
  assert.ok(angleBetween(got.rotation, expected.rotation) < 1e-6);
  Array.from(got.joints).forEach((value, i) => assert.ok(Math.abs(value - expected.joints[i]!) < 1e-9));
}

test('two hands are 32 numbers, and come back from them', () => {
  assert.equal(handActionSize(grasps), 32);
  for (let draw = 0; draw < 30; draw++) {
    const first = drawHands();
    const future = Array.from({ length: 5 }, drawHands);
    const { data, mask, size } = encodeHands(grasps, first, future);
    assert.equal(data.length, 5 * size);
    assert.ok(mask.every((value) => value === 1));
    for (const [i, hands] of decodeHands(grasps, first, data).entries()) {
      assertSame(hands.left, future[i]!.left);
      assertSame(hands.right, future[i]!.right);
    }
  }
});

test('the wrist’s numbers are those of T₀⁻¹T as a 4 × 4 matrix', () => {
  const [first, now] = [drawHand('right'), drawHand('right')];
  const { data } = encodeHands(grasps, { left: null, right: first }, [{ left: null, right: now }]);
  const [R0, R] = [quaternionToMatrix(first.rotation), quaternionToMatrix(now.rotation)];
  // R₀ᵀ (p − p₀), and R₀ᵀ R.
  const moved = now.position.map((value, k) => value - first.position[k]!);
  const translation = [0, 1, 2].map((i) => [0, 1, 2].reduce((sum, k) => sum + R0[3 * k + i]! * moved[k]!, 0));
  const rotation = [0, 1, 2].flatMap((i) =>
    [0, 1, 2].map((j) => [0, 1, 2].reduce((sum, k) => sum + R0[3 * k + i]! * R[3 * k + j]!, 0)),
  );
  translation.forEach((value, i) => assert.ok(Math.abs(value - data[16 + i]!) < 1e-12));
  const turn = [...data.subarray(19, 22)] as unknown as Vector3;
  assert.ok(Math.hypot(...turn) <= Math.PI + 1e-12);
  quaternionToMatrix(axisAngleToQuaternion(turn)).forEach((value, i) => {
    assert.ok(Math.abs(value - rotation[i]!) < 1e-9);
  });
});

test('the numbers do not depend on the frame in which wrists are given', () => {
  const [turn, shift] = [normaliseQuaternion([0.3, -0.5, 0.7, 0.2]), [1, -2, 0.5] as const];
  const moved = (hand: HandPose | null): HandPose => {
    const [x, y, z] = rotateVector(turn, hand!.position);
    return {
      ...hand!,
      position: [x + shift[0], y + shift[1], z + shift[2]],
      rotation: multiplyQuaternions(turn, hand!.rotation),
    };
  };
  const both = ({ left, right }: Hands): Hands => ({ left: moved(left), right: moved(right) });
  const [first, now] = [drawHands(), drawHands()];
  const [here, there] = [encodeHands(grasps, first, [now]), encodeHands(grasps, both(first), [both(now)])];
  here.data.forEach((value, i) => assert.ok(Math.abs(value - there.data[i]!) < 1e-9));
});

test('a hand that is not seen, now or at first, is masked and zero', () => {
  const [first, seen] = [drawHands(), drawHands()];
  const { data, mask } = encodeHands(grasps, first, [seen, { ...seen, left: null }, { ...seen, right: null }]);
  const part = (values: Float64Array | Float32Array, row: number, hand: 0 | 1): number[] => [
    ...values.subarray(32 * row + 16 * hand, 32 * row + 16 * (hand + 1)),
  ];
  for (const [row, hand] of [
    [1, 0],
    [2, 1],
  ] as const) {
    assert.ok(part(data, row, hand).every((value) => value === 0));
    assert.ok(part(mask, row, hand).every((value) => value === 0));
    assert.ok(part(mask, row, hand === 0 ? 1 : 0).every((value) => value === 1));
  }
  const without = encodeHands(grasps, { ...first, left: null }, [seen]);
  assert.deepEqual(part(without.mask, 0, 0), Array<number>(16).fill(0));
  const [back] = decodeHands(grasps, { ...first, left: null }, without.data);
  assert.equal(back!.left, null);
  assertSame(back!.right, seen.right);
});
