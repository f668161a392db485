/** @file Eigengrasps against numpy's PCA, by the identities of reconstruction errors, and with fixed signs. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { decodeGrasp, encodeGrasp, fitEigengrasps, HAND_JOINTS, mirrorJoints } from './eigengrasps.ts';

const ROWS = 60;

/** The poses of tools/golden/eigengrasps.py. */
function goldenPoses(): Float64Array {
  return Float64Array.from({ length: ROWS * HAND_JOINTS }, (_, at) => {
    const [i, j] = [Math.floor(at / HAND_JOINTS), at % HAND_JOINTS];
    let sum = 0.05 * Math.sin(1.3 * i * j + 0.1 * j);
    for (let k = 0; k < 14; k++) {
      sum += (1 / (k + 1)) * Math.sin(0.7 * (k + 1) * i + 0.3 * k) * Math.cos(0.21 * (k + 1) * j + 0.5 * k);
    }
    return sum;
  });
}

const row = (poses: Float64Array, i: number): Float64Array => poses.subarray(i * HAND_JOINTS, (i + 1) * HAND_JOINTS);

test('components, variances and weights are numpy’s', () => {
  const golden = JSON.parse(fs.readFileSync('tests/golden/eigengrasps.json', 'utf8')) as {
    variances: number[];
    totalVariance: number;
    mean: number[];
    components: number[][];
    weights: number[][];
  };
  const poses = goldenPoses();
  const grasps = fitEigengrasps(poses);
  const close = (a: readonly number[], b: readonly number[]): void =>
    a.forEach((value, i) => assert.ok(Math.abs(value - b[i]!) < 1e-8, `${i}: ${value} and ${b[i]}`));
  close(grasps.variances, golden.variances);
  close([grasps.totalVariance], [golden.totalVariance]);
  close(grasps.mean, golden.mean);
  grasps.components.forEach((component, k) => close(component, golden.components[k]!));
  golden.weights.forEach((weights, i) => close([...encodeGrasp(grasps, row(poses, i))], weights));
});

test('the mean squared error of the fitted poses is the variance that is left out', () => {
  const poses = goldenPoses();
  for (const count of [1, 4, 10, 14]) {
    const grasps = fitEigengrasps(poses, count);
    let error = 0;
    for (let i = 0; i < ROWS; i++) {
      const back = decodeGrasp(grasps, encodeGrasp(grasps, row(poses, i)));
      error += row(poses, i).reduce((sum, value, j) => sum + (value - back[j]!) ** 2, 0) / ROWS;
    }
    const left = grasps.totalVariance - grasps.variances.reduce((sum, value) => sum + value, 0);
    assert.ok(Math.abs(error - left) < 1e-10 * grasps.totalVariance, `${count}: ${error} and ${left}`);
  }
});

test('poses made of ten synergies come back whole, and weights always do', () => {
  const random = new Random(2);
  const synergies = Array.from({ length: 10 }, () => Array.from({ length: HAND_JOINTS }, () => random.normal()));
  const pose = (): number[] => {
    const weights = synergies.map(() => random.normal());
    return Array.from({ length: HAND_JOINTS }, (_, j) =>
      synergies.reduce((sum, synergy, k) => sum + weights[k]! * synergy[j]!, 0.3),
    );
  };
  const grasps = fitEigengrasps(Array.from({ length: 80 }, pose).flat());
  for (let draw = 0; draw < 20; draw++) {
    const unseen = pose();
    const back = decodeGrasp(grasps, encodeGrasp(grasps, unseen));
    unseen.forEach((value, j) => assert.ok(Math.abs(back[j]! - value) < 1e-9));
    const weights = Float64Array.from({ length: 10 }, () => random.normal());
    encodeGrasp(grasps, decodeGrasp(grasps, weights)).forEach((value, k) =>
      assert.ok(Math.abs(value - weights[k]!) < 1e-10),
    );
  }
});

test('signs are fixed: each component’s largest number is positive, whatever the order and the sign of the data', () => {
  const poses = goldenPoses();
  const grasps = fitEigengrasps(poses);
  for (const component of grasps.components) {
    assert.ok(Math.max(...component) >= Math.max(...component.map(Math.abs)) - 1e-12);
  }
  const shuffled = new Random(3).shuffle([...Array(ROWS).keys()]).flatMap((i) => [...row(poses, i)]);
  const negated = poses.map((value) => -value);
  for (const other of [fitEigengrasps(shuffled), fitEigengrasps(negated)]) {
    other.components.forEach((component, k) =>
      component.forEach((value, j) => assert.ok(Math.abs(value - grasps.components[k]![j]!) < 1e-8)),
    );
  }
  assert.deepEqual(fitEigengrasps(poses), grasps);
});

test('poses that cannot be fitted are refused', () => {
  assert.throws(() => fitEigengrasps(new Float64Array(44)), { code: 'bad-shape' });
  assert.throws(() => fitEigengrasps(new Float64Array(45)), { code: 'bad-shape' });
  assert.throws(() => fitEigengrasps(new Float64Array(45 * 5)), { code: 'bad-data' });
  assert.throws(() => fitEigengrasps(goldenPoses().subarray(0, 45 * 6)), /vary in 10 ways, got 5/);
});

test('mirroring a left hand twice gives it back', () => {
  const joints = Float64Array.from({ length: HAND_JOINTS }, (_, i) => Math.sin(i));
  assert.deepEqual(mirrorJoints(mirrorJoints(joints)), joints);
  assert.deepEqual([...mirrorJoints([1, 2, 3])], [-1, 2, -3]);
});
