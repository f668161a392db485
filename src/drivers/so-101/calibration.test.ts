/** @file Calibrations: numbers as LeRobot reads and writes them, its files, and refusals of what cannot be. */

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { readJson } from '../../base/files.ts';
import type { VlaError } from '../../base/errors.ts';
import {
  formatCalibration,
  jointLimits,
  jointTicks,
  jointValue,
  parseCalibration,
  type ArmCalibration,
} from './calibration.ts';
import { JOINTS } from './joints.ts';

interface Numbers {
  readonly degrees: boolean;
  readonly drive_mode: 0 | 1;
  readonly ranges: readonly [number, number][];
  readonly ticks: readonly [number, number[]][];
  readonly values: readonly [number, number[]][];
}
const golden = readJson<{ numbers: Numbers[] }>(path.join(repositoryRoot, 'tests/golden/feetech.json')).numbers;

function calibrationOf({ ranges, drive_mode }: Numbers): ArmCalibration {
  const entries = JOINTS.map((name, i) => {
    const [range_min, range_max] = ranges[i]!;
    return [name, { id: i + 1, drive_mode, homing_offset: 0, range_min, range_max }];
  });
  return Object.fromEntries(entries) as ArmCalibration;
}

test('joints are read in the numbers that LeRobot reads', () => {
  let compared = 0;
  for (const numbers of golden) {
    const calibration = calibrationOf(numbers);
    const unit = numbers.degrees ? 'degrees' : 'percent';
    for (const [ticks, values] of numbers.ticks) {
      for (const [i, name] of JOINTS.entries()) {
        const got = jointValue(ticks, name, unit, calibration[name]);
        assert.ok(Math.abs(got - values[i]!) < 1e-9, `${unit} ${name} at ${ticks}: ${got}, LeRobot ${values[i]}`);
        compared++;
      }
    }
  }
  assert.equal(compared, 4 * 9 * 6);
});

test('joints are told the ticks that LeRobot tells them, but never outside their range', () => {
  let [equal, clipped] = [0, 0];
  for (const numbers of golden) {
    const calibration = calibrationOf(numbers);
    const unit = numbers.degrees ? 'degrees' : 'percent';
    for (const [value, ticks] of numbers.values) {
      for (const [i, name] of JOINTS.entries()) {
        const { range_min, range_max } = calibration[name];
        const got = jointTicks(value, name, unit, calibration[name]);
        const theirs = ticks[i]!;
        assert.equal(got, Math.min(range_max, Math.max(range_min, theirs)), `${unit} ${name} at ${value}`);
        if (theirs === got) equal++;
        else clipped++;
      }
    }
  }
  assert.ok(equal > 200 && clipped > 10, `${equal} equal, ${clipped} clipped`);
});

test('limits are the ends of the range, also where a joint counts the other way round', () => {
  for (const numbers of golden) {
    const calibration = calibrationOf(numbers);
    const { low, high } = jointLimits(numbers.degrees ? 'degrees' : 'percent', calibration);
    assert.deepEqual([low[5], high[5]], [0, 100]);
    if (!numbers.degrees) assert.deepEqual([low[0], high[0]], [-100, 100]);
    for (let i = 0; i < 6; i++) assert.ok(low[i]! < high[i]!);
  }
});

const good = calibrationOf(golden[0]!);
const text = formatCalibration(good);

test('files are laid out as LeRobot’s: four blanks, no line break at the end, and read back', () => {
  assert.match(text, /^\{\n {4}"shoulder_pan": \{\n {8}"id": 1,\n {8}"drive_mode": 0,\n {8}"homing_offset": 0,\n/);
  assert.ok(text.endsWith('    }\n}'));
  assert.deepEqual(parseCalibration(JSON.parse(text), 'arm.json'), good);
});

test('what cannot be an arm is refused, with the joint', () => {
  const refused = (joint: keyof ArmCalibration, change: object): string => {
    const broken = { ...good, [joint]: { ...good[joint], ...change } };
    try {
      parseCalibration(JSON.parse(JSON.stringify(broken)), 'arm.json');
    } catch (error) {
      assert.equal((error as VlaError).code, 'bad-data');
      return (error as VlaError).message;
    }
    assert.fail(`accepted ${JSON.stringify(change)}`);
  };
  assert.match(refused('elbow_flex', { range_min: 2000, range_max: 2100 }), /elbow_flex: expected a range of at least/);
  assert.match(refused('elbow_flex', { range_min: 3000, range_max: 1000 }), /elbow_flex/);
  assert.match(refused('shoulder_pan', { range_min: 0, range_max: 4095 }), /went over the encoder's end/);
  assert.match(refused('gripper', { range_min: 2400, range_max: 3600 }), /gripper: expected the middle/);
  assert.match(refused('wrist_flex', { id: 7 }), /wrist_flex: expected the id 4, got 7/);
  assert.match(refused('wrist_flex', { homing_offset: 2500 }), /wrist_flex\.homing_offset/);
  assert.match(refused('wrist_flex', { range_max: 4096 }), /wrist_flex\.range_max/);
  assert.match(refused('wrist_flex', { range_max: 3000.5 }), /wrist_flex\.range_max/);
  assert.match(refused('wrist_flex', { drive_mode: 2 }), /wrist_flex\.drive_mode/);
  assert.throws(() => parseCalibration({ shoulder_pan: good.shoulder_pan }, 'arm.json'), /shoulder_lift/);
});
