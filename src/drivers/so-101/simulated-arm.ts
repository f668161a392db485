/** @file An SO-101 of simulated servos: mounted and calibrated like a real one, for tests and for trying commands without an arm. */

import { SimulatedServos, type LineFaults } from '../feetech/simulated-servos.ts';
import { MIDDLE_TICK, type ArmCalibration } from './calibration.ts';
import { JOINTS } from './joints.ts';

/** What each servo's encoder reads in the middle of its joint's motion: horns are put on as it happens. */
const MOUNTED = [2380, 1411, 1830, 3900, 210, 1500];
/** Ticks from the middle to the ends. */
const REACH: readonly (readonly [number, number])[] = [
  [-1320, 1390],
  [-1240, 1160],
  [-1160, 1030],
  [-1140, 1180],
  [-2047, 2048],
  [-40, 1430],
];

/** Where the ends of a joint's motion are, encoder ticks of its servo; for whoever moves the arm by hand. */
export function handReach(joint: number): readonly [number, number] {
  const [low, high] = REACH[joint]!;
  return [MOUNTED[joint]! + low, MOUNTED[joint]! + high];
}

/** A new arm with every joint in the middle of its motion; `calibrated`: as after `vlakit robot calibrate`. */
export function simulatedArm({
  calibrated = true,
  faults = {},
  seed = 1,
}: { calibrated?: boolean; faults?: LineFaults; seed?: number } = {}): SimulatedServos {
  const servos = new SimulatedServos(MOUNTED, faults, seed);
  if (!calibrated) return servos;
  for (const [i, servo] of servos.servos.entries()) {
    const { homing_offset, range_min, range_max } = SIMULATED_CALIBRATION[JOINTS[i]!];
    servo.set('lock', 0);
    servo.set('returnDelay', 0);
    servo.set('homingOffset', homing_offset);
    servo.set('minPosition', range_min);
    servo.set('maxPosition', range_max);
    // A write from the line keeps what was set.
    servo.write(0, new Uint8Array(0));
    servo.powerCycle();
  }
  return servos;
}

/** The calibration of `simulatedArm`. */
export const SIMULATED_CALIBRATION = Object.fromEntries(
  JOINTS.map((name, i) => {
    const [low, high] = REACH[i]!;
    const homing_offset = MOUNTED[i]! - MIDDLE_TICK;
    return [
      name,
      { id: i + 1, drive_mode: 0, homing_offset, range_min: MIDDLE_TICK + low, range_max: MIDDLE_TICK + high },
    ];
  }),
) as unknown as ArmCalibration;
