/** @file `vlakit robot` as a process, on an arm that exists only in numbers. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after } from 'node:test';
import { assertFine, assertOneError, filesBelow, scratchFolder, vlakit } from '../../tests/processes/vlakit.ts';
import { readJson } from '../base/files.ts';
import { parseCalibration } from '../drivers/so-101/calibration.ts';

const cwd = scratchFolder('robot');
after(() => fs.rmSync(cwd, { recursive: true }));
const ENTER = /press Enter/g;
const PORT = ['--port', 'simulated', '--timeout', '5000'];

test('the serial devices of this machine are listed', async () => {
  const ended = await vlakit(['robot', 'ports'], { cwd });
  assertFine(ended);
  assert.match(ended.out, /^(no serial devices\n|(\S+ .*\n)+)$/);
});

test('a scan shows every servo', async () => {
  const ended = await vlakit(['robot', 'scan', '--port', 'simulated', '--timeout', '300'], { cwd });
  assertFine(ended);
  assert.match(ended.out, /^id +model +position +torque/);
  assert.match(ended.out, /^6 +STS3215 +2047 +off +0\.0 +12\.0 +30 +-547 +2007 +3477$/m);
  assert.equal(ended.out.trim().split('\n').length, 7);
});

test('joints are read in degrees', async () => {
  const ended = await vlakit(['robot', 'read', ...PORT], { cwd });
  assertFine(ended);
  assert.match(ended.out, /^shoulder_pan +-3\.08$/m);
  assert.match(ended.out, /^gripper +2\.72$/m);
});

test('a calibration asks, watches until all joints were moved, and is one that LeRobot reads', async () => {
  const ended = await vlakit(['robot', 'calibrate', ...PORT, '--out', 'arm.json'], { cwd, enterAt: ENTER });
  assertFine(ended);
  const calibration = parseCalibration(readJson(path.join(cwd, 'arm.json')), 'arm.json');
  assert.equal(calibration.shoulder_lift.homing_offset, 1411 - 2047);
  assert.deepEqual(filesBelow(cwd), ['arm.json']);
  const again = await vlakit(['robot', 'calibrate', ...PORT, '--out', 'arm.json'], { cwd, enterAt: ENTER });
  assertOneError(again, 'bad-argument', /expected a new file/);
  const written = await vlakit(['robot', 'calibrate', ...PORT, '--out', 'arm.json', '--write'], {
    cwd,
    enterAt: ENTER,
  });
  assertFine(written);
  assert.match(written.out, /the servos hold arm\.json/);
});

test('what was found is kept when it is interrupted, and a new arm is told from the old one', async () => {
  const first = await vlakit(['robot', 'calibrate', ...PORT, '--out', 'later.json'], {
    cwd,
    enterAt: /in the middle.*press Enter/g,
    interruptAt: [/Move every joint/],
  });
  assertOneError(first, 'interrupted', /what was found is in later\.json\.partial\.json/);
  // A new simulated arm was never homed.
  const second = await vlakit(['robot', 'calibrate', ...PORT, '--out', 'later.json'], { cwd, enterAt: ENTER });
  assertOneError(second, 'mismatch', /expected the homing of the interrupted calibration/);
});

test('the file of another arm is refused', async () => {
  const arm = readJson<Record<string, { homing_offset: number }>>(path.join(cwd, 'arm.json'));
  arm['wrist_roll']!.homing_offset += 7;
  fs.writeFileSync(path.join(cwd, 'other.json'), JSON.stringify(arm));
  const ended = await vlakit(['robot', 'read', ...PORT, '--calibration', 'other.json'], { cwd });
  assertOneError(
    ended,
    'mismatch',
    /the servos do not hold this calibration: .*wrist_roll homingOffset: expected -1830/,
  );
  fs.writeFileSync(path.join(cwd, 'bad.json'), '{"shoulder_pan": {}}');
  const bad = await vlakit(['robot', 'read', ...PORT, '--calibration', 'bad.json'], { cwd });
  assertOneError(bad, 'bad-data', /bad\.json: shoulder_pan\.id/);
});
