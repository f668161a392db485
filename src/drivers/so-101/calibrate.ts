/**
 * @file The way to a calibration, in steps that can be taken up again: home the limp arm in the middle of its motion, watch it while it is
 * moved through its ranges, check, write. LeRobot's flow, with refusals.
 */

import { VlaError } from '../../base/errors.ts';
import type { FeetechBus } from '../feetech/bus.ts';
import {
  LAST_TICK,
  MIDDLE_TICK,
  calibrationProblems,
  implausible,
  type ArmCalibration,
  type JointCalibration,
} from './calibration.ts';
import { release, writeCalibration, writeSettings } from './configure.ts';
import { FULL_TURN, IDS, JOINTS } from './joints.ts';

/** What is known so far; plain data, in the order of `JOINTS`. */
export interface CalibrationProgress {
  readonly homingOffsets: readonly number[];
  /** Ticks behind the homing offset. */
  readonly lowest: readonly number[];
  readonly highest: readonly number[];
}

/** Between two looks a joint cannot move this far: it went over the encoder's end. */
const LARGEST_STEP = 1500;

/** Makes the arm limp, takes where it is for the middle of every joint, and writes that into the servos. */
export async function homeArm(bus: FeetechBus): Promise<CalibrationProgress> {
  await release(bus);
  await writeSettings(bus);
  for (const id of IDS) {
    await bus.writeChecked(id, 'homingOffset', 0);
    await bus.writeChecked(id, 'minPosition', 0);
    await bus.writeChecked(id, 'maxPosition', LAST_TICK);
  }
  const positions = await bus.syncRead(IDS, 'presentPosition');
  // The register's magnitude ends at 2047; at the one place that would need 2048, the middle is a tick off.
  const homingOffsets = positions.map((at) => Math.min(MIDDLE_TICK, at - MIDDLE_TICK));
  for (const [i, id] of IDS.entries()) await bus.writeChecked(id, 'homingOffset', homingOffsets[i]!);
  const now = await bus.syncRead(IDS, 'presentPosition');
  const off = JOINTS.filter((_, i) => Math.abs(now[i]! - MIDDLE_TICK) > 50);
  if (off.length > 0) {
    throw new VlaError('bad-data', `${off.join(', ')}: expected the arm to be still while it is homed, got motion.`, {
      hint: 'Hold the arm still with every joint in the middle of its motion, and try again.',
    });
  }
  return { homingOffsets, lowest: now, highest: now };
}

/** Takes an interrupted calibration up again: the arm goes limp; rejects with `mismatch` when its servos were homed otherwise since. */
export async function resumeCalibration(bus: FeetechBus, progress: CalibrationProgress): Promise<CalibrationProgress> {
  await release(bus);
  const offsets = await bus.syncRead(IDS, 'homingOffset');
  const changed = JOINTS.filter((_, i) => offsets[i] !== progress.homingOffsets[i]);
  if (changed.length > 0) {
    throw new VlaError('mismatch', `${changed.join(', ')}: expected the homing of the interrupted calibration.`, {
      hint: 'Delete the .partial.json file beside the calibration, and begin anew.',
    });
  }
  return progress;
}

/** Watches the limp arm: `look` measures once and tells what is known by then. */
export class RangeWatch {
  private progress: CalibrationProgress;
  private last: readonly number[] | null = null;
  private readonly bus: FeetechBus;

  constructor(bus: FeetechBus, progress: CalibrationProgress) {
    [this.bus, this.progress] = [bus, progress];
  }

  /** One look; rejects with `bad-data` when a joint went over its encoder's end. */
  async look(): Promise<{ readonly positions: readonly number[]; readonly progress: CalibrationProgress }> {
    const positions = await this.bus.syncRead(IDS, 'presentPosition');
    const { last } = this;
    const jumped = JOINTS.filter(
      (name, i) => name !== FULL_TURN && last !== null && Math.abs(positions[i]! - last[i]!) > LARGEST_STEP,
    );
    if (jumped.length > 0) {
      throw new VlaError('bad-data', `${jumped.join(', ')}: went over the end of the encoder.`, {
        hint: 'It was not homed in the middle of its motion: begin anew, with every joint in the middle.',
      });
    }
    this.last = positions;
    this.progress = {
      homingOffsets: this.progress.homingOffsets,
      lowest: positions.map((at, i) => Math.min(at, this.progress.lowest[i]!)),
      highest: positions.map((at, i) => Math.max(at, this.progress.highest[i]!)),
    };
    return { positions, progress: this.progress };
  }
}

/** The calibration that was found; throws `bad-data` for one that cannot be. `drive_mode` is 0, as in LeRobot. */
export function calibrationFrom({ homingOffsets, lowest, highest }: CalibrationProgress): ArmCalibration {
  const entries = JOINTS.map((name, i): [string, JointCalibration] => [
    name,
    {
      id: IDS[i]!,
      drive_mode: 0,
      homing_offset: homingOffsets[i]!,
      range_min: name === FULL_TURN ? 0 : lowest[i]!,
      range_max: name === FULL_TURN ? LAST_TICK : highest[i]!,
    },
  ]);
  const calibration = Object.fromEntries(entries) as ArmCalibration;
  const problems = calibrationProblems(calibration);
  if (problems.length > 0) throw implausible('calibration', problems);
  return calibration;
}

/** Writes a calibration into the servos, which must be limp, and locks their memory. */
export async function keepCalibration(bus: FeetechBus, calibration: ArmCalibration): Promise<void> {
  await writeCalibration(bus, calibration);
  for (const id of IDS) await bus.writeChecked(id, 'lock', 1);
}
