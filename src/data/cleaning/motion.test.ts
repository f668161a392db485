/** @file Tests of what motion means: layouts from names and words, instruction rules, keyframes. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { INSTRUCTION_RULES, parseRules } from './instruction-rules.ts';
import { KEYFRAME_DEFAULTS, keyframesOf } from './keyframes.ts';
import { layoutOfNames, otherDimensions, parseLayout } from './motion-layout.ts';
import { MEASURES, measureMotion, type Measure } from './motion-measures.ts';
import { measureSpread } from './spread.ts';

const TABLETOP = ['x', 'y', 'z', 'axis_angle_x', 'axis_angle_y', 'axis_angle_z', 'finger_1', 'finger_2'];

describe('layouts', () => {
  test('names tell positions, rotations behind them, and grippers; joint names tell none', () => {
    const { positions, rotations, grippers } = layoutOfNames(TABLETOP, 8);
    assert.deepEqual(positions, [{ at: 0 }]);
    assert.deepEqual(rotations, [{ at: 3, format: 'axis-angle' }]);
    assert.deepEqual(
      grippers.map(({ at }) => at),
      [6, 7],
    );
    const two = ['left_x', 'left_y', 'left_z', 'left_roll', 'left_pitch', 'left_yaw', 'left_gripper'];
    const both = layoutOfNames([...two, ...two.map((name) => name.replace('left', 'right'))], 14);
    assert.deepEqual(both.positions, [{ at: 0 }, { at: 7 }]);
    assert.deepEqual(
      both.rotations,
      [3, 10].map((at) => ({ at, format: 'euler-xyz' })),
    );
    const quaternion = layoutOfNames(['x', 'y', 'z', 'qx', 'qy', 'qz', 'qw'], 7);
    assert.deepEqual(quaternion.rotations, [{ at: 3, format: 'quaternion-xyzw' }]);
    const joints = layoutOfNames(['kLeftWristRoll', 'kLeftWristPitch', 'kLeftWristYaw', 'kLeftElbow'], 4);
    assert.deepEqual([joints.positions, joints.rotations, joints.grippers], [[], [], []]);
    assert.deepEqual(
      layoutOfNames(['dx', 'dy', 'dz', 'axis_angle_x', 'axis_angle_y', 'axis_angle_z'], 6).positions,
      [],
    );
    assert.deepEqual(layoutOfNames(null, 3).positions, []);
  });

  test('a written layout is read, or refused with what is wrong', () => {
    const layout = parseLayout('position@0, rotation@3:quaternion-wxyz,gripper@8:closed-high', null, 9);
    assert.deepEqual(otherDimensions(layout), [7]);
    assert.throws(() => parseLayout('position@7', null, 9), /the vector has 9 numbers/);
    assert.throws(() => parseLayout('rotation@0:wxyz', null, 9), /unknown detail/);
    assert.throws(() => parseLayout('hand@0', null, 9), /not of this form/);
  });
});

describe('instructions', () => {
  /** The measures that the rules demand of an instruction. */
  const demands = (instruction: string): Measure[] =>
    INSTRUCTION_RULES.filter(({ pattern }) => new RegExp(pattern, 'i').test(instruction)).map(({ measure }) => measure);

  for (const [instruction, expected] of [
    ['Open the gripper', ['opening']],
    ['close your hand', ['closing']],
    ['open the top drawer', ['travel']],
    ['pick up the red cube', ['closing', 'rise']],
    ['pick the red cube up', ['closing', 'rise']],
    ['raise the block off the table', ['rise']],
    ['push the cup to the left', ['left', 'travel']],
    ['push the cup to the left of the bowl', ['travel']],
    ['move the left cup into the zone', ['travel']],
    ['slide it rightwards', ['right', 'travel']],
    ['turn the knob', ['rotation']],
    ['turn on the light', []],
    ['press the green button', ['fall']],
    ['have a good day', []],
  ] as const) {
    test(`"${instruction}" demands ${expected.join(' and ') || 'nothing'}`, () => {
      assert.deepEqual(demands(instruction), expected);
    });
  }

  test('measures are the largest movement of their sense, found by brute force', () => {
    const layout = parseLayout('position@0,rotation@3:axis-angle,gripper@6:closed-low', null, 7);
    const rows = Array.from({ length: 25 }, (_, t) =>
      [Math.sin(t), Math.cos(t / 3), Math.sin(t / 5 + 1), 0, 0, t / 40, (t % 7) / 10].map(Math.fround),
    );
    const column = Float32Array.from(rows.flat());
    const spread = measureSpread([column], 7);
    const largest = (of: (a: number[], b: number[]) => number): number => {
      let most = 0;
      for (const [i, a] of rows.entries()) for (const b of rows.slice(i)) most = Math.max(most, of(a, b));
      return most;
    };
    const expected: Partial<Record<Measure, number>> = {
      rise: largest((a, b) => b[2]! - a[2]!),
      fall: largest((a, b) => a[2]! - b[2]!),
      left: largest((a, b) => b[1]! - a[1]!),
      right: largest((a, b) => a[1]! - b[1]!),
      forward: largest((a, b) => b[0]! - a[0]!),
      backward: largest((a, b) => a[0]! - b[0]!),
      rotation: 24 / 40,
      opening: largest((a, b) => b[6]! - a[6]!) / spread.range[6]!,
      closing: largest((a, b) => a[6]! - b[6]!) / spread.range[6]!,
    };
    for (const [measure, value] of Object.entries(expected)) {
      const measured = measureMotion(column, layout, spread, measure as Measure)!;
      assert.ok(Math.abs(measured - value) < 1e-6, `${measure}: ${measured}, expected ${value}`);
    }
    assert.equal(measureMotion(column, parseLayout('position@0', null, 7), spread, 'opening'), null);
  });

  test('rules out of a file are checked', () => {
    const rule = { name: 'wave', pattern: '\\bwave\\b', measure: 'travel', least: 0.1 };
    assert.deepEqual(parseRules([rule], MEASURES, 'rules.json'), [rule]);
    assert.throws(() => parseRules([{ ...rule, measure: 'waving' }], MEASURES, 'rules.json'), /position 0/);
    assert.throws(() => parseRules([{ ...rule, pattern: '(' }], MEASURES, 'rules.json'), /pattern that is none/);
  });
});

describe('keyframes', () => {
  const layout = parseLayout('position@0,gripper@3:closed-low', null, 4);
  const rows = (positions: readonly number[], gripper: (t: number) => number = () => 0): Float32Array =>
    Float32Array.from(positions.flatMap((x, t) => [x, 0, 0, gripper(t)]));

  test('a frame is taken when the hand has moved far enough since the last one, or the gripper', () => {
    const column = rows([0, 0.004, 0.008, 0.0121, 0.013, 0.014, 0.014, 0.0251, 0.0251], (t) => (t >= 5 ? 1 : 0));
    const spread = measureSpread([column], 4);
    assert.deepEqual(keyframesOf(column, layout, spread, 10, KEYFRAME_DEFAULTS), [0, 3, 5, 7]);
    assert.deepEqual(keyframesOf(column, layout, spread, 10, { ...KEYFRAME_DEFAULTS, wait: 0.2 }), [0, 2, 4, 5, 7]);
  });

  test('between two keyframes the hand never strays further than the threshold', () => {
    const column = rows(Array.from({ length: 200 }, (_, t) => 0.05 * Math.sin(t / 9) + 0.02 * Math.sin(t / 2)));
    const spread = measureSpread([column], 4);
    const taken = keyframesOf(column, layout, spread, 10, KEYFRAME_DEFAULTS);
    assert.ok(taken.length > 20 && taken.length < 150);
    for (let t = 0; t < 200; t++) {
      const last = taken.findLast((frame) => frame <= t)!;
      if (last !== t) assert.ok(Math.abs(column[t * 4]! - column[last * 4]!) <= KEYFRAME_DEFAULTS.distance + 1e-9);
    }
  });

  test('without an end effector the joints decide', () => {
    const joints = layoutOfNames(null, 1);
    const column = Float32Array.from({ length: 101 }, (_, t) => t / 100);
    const taken = keyframesOf(column, joints, measureSpread([column], 1), 10, { ...KEYFRAME_DEFAULTS, joint: 0.1 });
    assert.ok(taken.length >= 10 && taken.length <= 11, `${taken.length}`);
  });
});
