/** @file An arm's calibration, as the files of LeRobot have it, and the numbers that joints are read and told in because of it. */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { TICKS_PER_TURN } from '../feetech/registers.ts';
import { FULL_TURN, IDS, JOINTS, type Joint, type JointUnit } from './joints.ts';

/** One joint, with LeRobot's names. */
export interface JointCalibration {
  /** The servo's id. */
  readonly id: number;
  /** 1: percent count the other way round. LeRobot leaves degrees as they are. */
  readonly drive_mode: 0 | 1;
  /** What the servo takes from its encoder's reading, ticks. */
  readonly homing_offset: number;
  /** The ends of its motion, ticks behind the homing offset; inclusive. */
  readonly range_min: number;
  readonly range_max: number;
}

/** The whole arm. */
export type ArmCalibration = Readonly<Record<Joint, JointCalibration>>;

/** The largest reading. */
export const LAST_TICK = TICKS_PER_TURN - 1;
/** Where a joint reads when it is homed in the middle of its motion. */
export const MIDDLE_TICK = Math.floor(LAST_TICK / 2);
/** A joint that moves less (26°) was not moved through its range. */
const SHORTEST_RANGE = 300;
/** A joint whose range is nearly a turn went over the encoder's end: its homing was not in the middle. */
const LONGEST_RANGE = 3900;
/** The middle may lie this far outside the range: the arm moved a little after it was homed. */
const SLACK = 300;

const ticks = z.number().int().min(0).max(LAST_TICK);
const joint = z.object({
  id: z.number().int().min(1).max(253),
  drive_mode: z.union([z.literal(0), z.literal(1)]),
  homing_offset: z.number().int().min(-MIDDLE_TICK).max(MIDDLE_TICK),
  range_min: ticks,
  range_max: ticks,
});
const schema = z.object(Object.fromEntries(JOINTS.map((name) => [name, joint])) as Record<Joint, typeof joint>);

/** The calibration in a file's JSON; throws `bad-data` for one that cannot be an arm's. `where` names the file. */
export function parseCalibration(value: unknown, where: string): ArmCalibration {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new VlaError('bad-data', `${where}: ${path.join('.') || 'file'}: ${message}.`, {
      hint: 'Expected the calibration of an SO-100 or SO-101, as vlakit robot calibrate or LeRobot writes it.',
    });
  }
  const problems = calibrationProblems(parsed.data);
  if (problems.length > 0) throw implausible(where, problems);
  return parsed.data;
}

/** The text of a calibration file, as LeRobot writes it. */
export function formatCalibration(calibration: ArmCalibration): string {
  return JSON.stringify(Object.fromEntries(JOINTS.map((name) => [name, calibration[name]])), null, 4);
}

/** What cannot be true of an arm, a sentence each; empty when nothing. */
export function calibrationProblems(calibration: ArmCalibration): string[] {
  return JOINTS.flatMap((name, i) => {
    const { id, range_min, range_max } = calibration[name];
    const range = range_max - range_min;
    const problems: string[] = [];
    const say = (text: string): number => problems.push(`${name}: expected ${text}`);
    if (id !== IDS[i]) say(`the id ${IDS[i]}, got ${id}`);
    if (range < SHORTEST_RANGE) say(`a range of at least ${SHORTEST_RANGE} ticks, got ${range_min} to ${range_max}`);
    if (name !== FULL_TURN && range > LONGEST_RANGE) {
      say(
        `a range of at most ${LONGEST_RANGE} ticks, got ${range_min} to ${range_max}: it went over the encoder's end`,
      );
    }
    if (range_min > MIDDLE_TICK + SLACK || range_max < MIDDLE_TICK - SLACK) {
      say(`the middle (${MIDDLE_TICK}) inside its range, got ${range_min} to ${range_max}`);
    }
    return problems;
  });
}

/** The refusal of a calibration. */
export function implausible(where: string, problems: readonly string[]): VlaError {
  return new VlaError('bad-data', `${where}: ${problems.join('; ')}.`, {
    hint: 'Calibrate again: begin with every joint in the middle of its motion, then move each through its whole range.',
  });
}

/** From ticks, inside the calibrated range where the unit is a share of it, to the joint's number. */
export function jointValue(ticks: number, name: Joint, unit: JointUnit, calibration: JointCalibration): number {
  const { range_min, range_max, drive_mode } = calibration;
  if (unit === 'degrees' && name !== 'gripper') return ((ticks - (range_min + range_max) / 2) * 360) / LAST_TICK;
  const share = (Math.min(range_max, Math.max(range_min, ticks)) - range_min) / (range_max - range_min);
  if (name === 'gripper') return drive_mode === 1 ? 100 - share * 100 : share * 100;
  const percent = share * 200 - 100;
  return drive_mode === 1 ? -percent : percent;
}

/** From a joint's number to ticks, cut off towards zero as LeRobot does, and never outside the calibrated range. */
export function jointTicks(value: number, name: Joint, unit: JointUnit, calibration: JointCalibration): number {
  const { range_min, range_max, drive_mode } = calibration;
  const clip = (at: number): number => Math.min(range_max, Math.max(range_min, Math.trunc(at)));
  if (unit === 'degrees' && name !== 'gripper') return clip((value * LAST_TICK) / 360 + (range_min + range_max) / 2);
  const range = range_max - range_min;
  if (name === 'gripper') return clip(((drive_mode === 1 ? 100 - value : value) / 100) * range + range_min);
  return clip((((drive_mode === 1 ? -value : value) + 100) / 200) * range + range_min);
}

/** The joints' limits in their unit, in the order of `JOINTS`. */
export function jointLimits(unit: JointUnit, calibration: ArmCalibration): { low: number[]; high: number[] } {
  const ends = JOINTS.map((name) => {
    const { range_min, range_max } = calibration[name];
    return [range_min, range_max].map((at) => jointValue(at, name, unit, calibration[name])).sort((a, b) => a - b);
  });
  return { low: ends.map(([low]) => low!), high: ends.map(([, high]) => high!) };
}
