/** @file What an SO-101's servos must be set to: checked before anything moves, and written only while the arm is limp. */

import { VlaError } from '../../base/errors.ts';
import type { FeetechBus } from '../feetech/bus.ts';
import { STS3215_MODEL, type RegisterName } from '../feetech/registers.ts';
import type { ArmCalibration } from './calibration.ts';
import { IDS, JOINTS } from './joints.ts';

/** Bit 4 of `phase`: positions count turns instead of staying between 0 and 4095. */
const COUNTS_TURNS = 0x10;

/** Which servos answer, of which make; rejects with `io` or `mismatch`, naming the joint. */
export async function checkServos(bus: FeetechBus): Promise<void> {
  for (const [i, id] of IDS.entries()) {
    if (!(await bus.ping(id))) {
      throw new VlaError('io', `${JOINTS[i]}: expected a servo with the id ${id}, got no answer.`, {
        hint: 'Check its cable; vlakit robot scan shows who answers.',
      });
    }
    const model = await bus.read(id, 'model');
    if (model === STS3215_MODEL) continue;
    throw new VlaError('mismatch', `${JOINTS[i]}: expected an STS3215 (model ${STS3215_MODEL}), got model ${model}.`);
  }
}

/** The motors go limp, and their memory can be written. A lifted arm falls. */
export async function release(bus: FeetechBus): Promise<void> {
  for (const id of IDS) {
    await bus.writeChecked(id, 'torqueEnable', 0);
    await bus.write(id, 'lock', 0);
  }
}

/** What is kept in each servo without power: gains against shaking and a gripper that does not burn, as LeRobot has them. */
function settings(joint: string): readonly (readonly [RegisterName, number])[] {
  const all = [
    ['returnDelay', 0],
    ['operatingMode', 0],
    ['proportionalGain', 16],
    ['integralGain', 0],
    ['derivativeGain', 32],
  ] as const;
  if (joint !== 'gripper') return all;
  return [...all, ['maxTorque', 500], ['protectionCurrent', 250], ['overloadTorque', 25]];
}

/** Writes the settings into limp servos; they stay there without power. */
export async function writeSettings(bus: FeetechBus): Promise<void> {
  for (const [i, id] of IDS.entries()) {
    const phase = await bus.read(id, 'phase');
    if (phase & COUNTS_TURNS) await bus.writeChecked(id, 'phase', phase & ~COUNTS_TURNS);
    for (const [name, value] of settings(JOINTS[i]!)) await bus.writeChecked(id, name, value);
  }
}

/** Writes a calibration into limp servos. */
export async function writeCalibration(bus: FeetechBus, calibration: ArmCalibration): Promise<void> {
  for (const name of JOINTS) {
    const { id, homing_offset, range_min, range_max } = calibration[name];
    await bus.writeChecked(id, 'homingOffset', homing_offset);
    await bus.writeChecked(id, 'minPosition', range_min);
    await bus.writeChecked(id, 'maxPosition', range_max);
  }
}

/** Rejects with `mismatch` unless the servos hold this calibration and turn to positions: the file may be another arm's. */
export async function checkCalibration(bus: FeetechBus, calibration: ArmCalibration): Promise<void> {
  const differences: string[] = [];
  for (const name of JOINTS) {
    const { id, homing_offset, range_min, range_max } = calibration[name];
    const wanted: readonly (readonly [RegisterName, number])[] = [
      ['homingOffset', homing_offset],
      ['minPosition', range_min],
      ['maxPosition', range_max],
      ['operatingMode', 0],
    ];
    for (const [register, value] of wanted) {
      const got = await bus.read(id, register);
      if (got !== value) differences.push(`${name} ${register}: expected ${value}, got ${got}`);
    }
  }
  if (differences.length === 0) return;
  throw new VlaError('mismatch', `the servos do not hold this calibration: ${differences.join('; ')}.`, {
    hint: 'Use the file of this arm, write it into the servos (vlakit robot calibrate --write), or calibrate again.',
  });
}
