/** @file `vlakit robot ports`, `scan`, `read` and `release`. */

import process from 'node:process';
import type { Command } from 'commander';
import { VlaError } from '../../base/errors.ts';
import { readJson } from '../../base/files.ts';
import type { FeetechBus } from '../../drivers/feetech/bus.ts';
import { alarmsOf } from '../../drivers/feetech/packet.ts';
import { STS3215_MODEL, type RegisterName } from '../../drivers/feetech/registers.ts';
import { listSerialDevices } from '../../drivers/serial/node-serial.ts';
import { jointValue, parseCalibration, type ArmCalibration } from '../../drivers/so-101/calibration.ts';
import { checkCalibration, checkServos, release } from '../../drivers/so-101/configure.ts';
import { IDS, JOINTS, type JointUnit } from '../../drivers/so-101/joints.ts';
import { SIMULATED_CALIBRATION } from '../../drivers/so-101/simulated-arm.ts';
import { oneOf } from '../argument-parsers.ts';
import { withInterrupt } from '../interrupt.ts';
import { SIMULATED, lineOptions, withBus, type LineOptions } from './line.ts';

/** Lists devices. */
export function definePorts(command: Command): void {
  command.action(async () => {
    const devices = await listSerialDevices();
    for (const { path, description } of devices) process.stdout.write(`${path}  ${description}\n`);
    if (devices.length === 0) process.stdout.write('no serial devices\n');
  });
}

/** Finds servos. */
export function defineScan(command: Command): void {
  lineOptions(command).action(scan);
}

/** What a scan shows of a servo: a heading, a register, and its text. */
const COLUMNS: readonly (readonly [string, RegisterName, (value: number) => string])[] = [
  ['model', 'model', (value) => (value === STS3215_MODEL ? 'STS3215' : String(value))],
  ['position', 'presentPosition', String],
  ['torque', 'torqueEnable', (value) => (value === 0 ? 'off' : 'on')],
  ['load %', 'presentLoad', (value) => (value / 10).toFixed(1)],
  ['volts', 'presentVoltage', (value) => (value / 10).toFixed(1)],
  ['°C', 'presentTemperature', String],
  ['homing', 'homingOffset', String],
  ['least', 'minPosition', String],
  ['most', 'maxPosition', String],
];

async function scan(options: LineOptions): Promise<void> {
  await withBus(options, async (bus) => {
    const ids = await bus.scan();
    if (ids.length === 0) {
      throw new VlaError('not-found', `${options.port}: expected servos that answer at 1 Mbaud, got none.`, {
        hint: 'Check the power supply and the cables; new servos come with the id 1 and 1 Mbaud.',
      });
    }
    const rows = [['id', ...COLUMNS.map(([heading]) => heading), 'alarms']];
    for (const id of ids) {
      const cells: string[] = [];
      for (const [, register, text] of COLUMNS) cells.push(text(await bus.read(id, register)));
      rows.push([String(id), ...cells, alarmsOf(bus.alarms.get(id) ?? 0).join(', ')]);
    }
    process.stdout.write(table(rows));
  });
}

/** Rows as aligned text; the first one has the headings. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

interface ReadOptions extends LineOptions {
  readonly calibration?: string;
  readonly unit: JointUnit;
  readonly watch?: true;
}

/** Shows joints. */
export function defineRead(command: Command): void {
  lineOptions(command)
    .option('--calibration <file>', 'the arm’s calibration, ours or LeRobot’s')
    .option('--unit <unit>', 'degrees or percent, as LeRobot counts them', oneOf(['degrees', 'percent']), 'degrees')
    .option('--watch', 'go on until Ctrl-C, a line of JSON per reading')
    .action(read);
}

async function read(options: ReadOptions): Promise<void> {
  const calibration = readCalibration(options);
  await withBus(options, async (bus) => {
    await checkServos(bus);
    await checkCalibration(bus, calibration);
    if (options.watch !== true) {
      const values = await joints(bus, calibration, options.unit);
      process.stdout.write(
        table([['joint', options.unit], ...values.map(([name, value]) => [name, value.toFixed(2)])]),
      );
      return;
    }
    await withInterrupt('Stopping.', async (signal) => {
      while (!signal.aborted) {
        const values = await joints(bus, calibration, options.unit);
        process.stdout.write(`${JSON.stringify(Object.fromEntries(values))}\n`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
  });
}

function readCalibration({ calibration, port }: ReadOptions): ArmCalibration {
  if (calibration !== undefined) return parseCalibration(readJson(calibration), calibration);
  if (port === SIMULATED) return SIMULATED_CALIBRATION;
  throw new VlaError('bad-argument', 'robot read: expected --calibration, got none.', {
    hint: 'Make one with vlakit robot calibrate, or use the one that LeRobot keeps.',
  });
}

async function joints(bus: FeetechBus, calibration: ArmCalibration, unit: JointUnit): Promise<[string, number][]> {
  const ticks = await bus.syncRead(IDS, 'presentPosition');
  return JOINTS.map((name, i) => [name, jointValue(ticks[i]!, name, unit, calibration[name])]);
}

/** Makes the motors limp. */
export function defineRelease(command: Command): void {
  lineOptions(command).action(async (options: LineOptions) => {
    await withBus(options, release);
    process.stdout.write('all motors are limp\n');
  });
}
