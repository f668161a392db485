/** @file `vlakit robot`: look at an arm of serial servos and bring it up; the motors stay limp in all of it. */

import type { Command } from 'commander';
import { defineCalibrate } from './robot/calibrate.ts';
import { definePorts, defineRead, defineRelease, defineScan } from './robot/look.ts';

/** Adds the commands below it. */
export function define(command: Command): void {
  definePorts(command.command('ports').summary('list the serial devices of this machine'));
  defineScan(command.command('scan').summary('find the servos on a line, and how they are'));
  defineCalibrate(command.command('calibrate').summary('find the ranges of an SO-101’s joints, and write them down'));
  defineRead(command.command('read').summary('show where the joints of a calibrated SO-101 are'));
  defineRelease(command.command('release').summary('make the motors limp; a lifted arm falls'));
}
