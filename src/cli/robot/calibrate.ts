/** @file `vlakit robot calibrate`: asks, watches, checks and writes; an interrupted calibration goes on where it was. */

import fs from 'node:fs';
import process from 'node:process';
import readline from 'node:readline';
import type { Command } from 'commander';
import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { readJson, removeQuietly, writeFileAtomic } from '../../base/files.ts';
import type { FeetechBus } from '../../drivers/feetech/bus.ts';
import {
  RangeWatch,
  calibrationFrom,
  homeArm,
  keepCalibration,
  resumeCalibration,
  type CalibrationProgress,
} from '../../drivers/so-101/calibrate.ts';
import { formatCalibration, parseCalibration, type ArmCalibration } from '../../drivers/so-101/calibration.ts';
import { checkCalibration, checkServos, release, writeSettings } from '../../drivers/so-101/configure.ts';
import { FULL_TURN, JOINTS } from '../../drivers/so-101/joints.ts';
import { withInterrupt } from '../interrupt.ts';
import { handledArm, lineOptions, withBus, type LineOptions } from './line.ts';
import { table } from './look.ts';

interface Options extends LineOptions {
  readonly out: string;
  readonly write?: true;
  readonly replace?: true;
}

/** Milliseconds between looks. */
const LOOK_MS = 20;

/** Adds the options and the action. */
export function defineCalibrate(command: Command): void {
  lineOptions(command)
    .requiredOption('--out <file>', 'the calibration, a JSON file that LeRobot reads, too')
    .option('--write', 'write the calibration that is in the file into the servos')
    .option('--replace', 'make a new one in place of the one that is there')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { out } = options;
  if (options.write !== true && options.replace !== true && fs.existsSync(out)) {
    throw new VlaError('bad-argument', `${out}: expected a new file, got one that is there.`, {
      hint: 'Say --replace to calibrate again, or --write to write it into the servos.',
    });
  }
  const hands = handledArm();
  try {
    await withInterrupt('Stopping; what was found is kept.', (signal) =>
      withBus(
        options,
        async (bus) => {
          await checkServos(bus);
          if (options.write === true) return writeExisting(bus, out);
          return findNew(bus, out, signal, hands.begin);
        },
        () => hands.servos,
      ),
    );
  } finally {
    hands.end();
  }
}

async function writeExisting(bus: FeetechBus, file: string): Promise<void> {
  const calibration = parseCalibration(readJson(file), file);
  const lines = new Lines();
  try {
    await lines.enter('The motors go limp: hold the arm, and press Enter.');
  } finally {
    lines.close();
  }
  await release(bus);
  await writeSettings(bus);
  await keepCalibration(bus, calibration);
  await checkCalibration(bus, calibration);
  process.stdout.write(`the servos hold ${file}\n`);
}

async function findNew(bus: FeetechBus, out: string, signal: AbortSignal, homed: () => void): Promise<void> {
  const partial = `${out}.partial.json`;
  const lines = new Lines(signal);
  try {
    let progress: CalibrationProgress;
    if (fs.existsSync(partial)) {
      await lines.enter(`Going on with ${partial}. The motors go limp: hold the arm, and press Enter.`);
      progress = await resumeCalibration(bus, readProgress(partial));
    } else {
      await lines.enter(
        'Put every joint in the middle of its motion, hold the arm (the motors go limp), and press Enter.',
      );
      progress = await homeArm(bus);
    }
    homed();
    writeFileAtomic(partial, JSON.stringify(progress));
    const calibration = await watchRanges(bus, progress, lines, partial, signal);
    await keepCalibration(bus, calibration);
    writeFileAtomic(out, formatCalibration(calibration));
    removeQuietly(partial);
    process.stdout.write(`${out}: the calibration is kept here and in the servos\n`);
  } finally {
    lines.close();
  }
}

const ticks = z.array(z.number().int()).length(JOINTS.length).readonly();
const progressSchema = z.object({ homingOffsets: ticks, lowest: ticks, highest: ticks });

function readProgress(file: string): CalibrationProgress {
  const parsed = progressSchema.safeParse(readJson(file));
  if (parsed.success) return parsed.data;
  throw new VlaError('bad-data', `${file}: expected an interrupted calibration.`, {
    hint: 'Delete it and begin anew.',
  });
}

/** Watches until Enter finds a calibration that can be. */
async function watchRanges(
  bus: FeetechBus,
  start: CalibrationProgress,
  lines: Lines,
  partial: string,
  signal: AbortSignal,
): Promise<ArmCalibration> {
  const watch = new RangeWatch(bus, start);
  let entered = lines.enter(`Move every joint but ${FULL_TURN} through its whole range, then press Enter.`);
  let pressed = false;
  let ended: unknown = null;
  const listen = (): void =>
    void entered.then(
      () => (pressed = true),
      (error: unknown) => (ended = error),
    );
  listen();
  let drawn = 0;
  for (;;) {
    const { positions, progress } = await watch.look();
    if (process.stderr.isTTY && drawn % 5 === 0) draw(positions, progress, drawn > 0);
    drawn++;
    if (signal.aborted) {
      writeFileAtomic(partial, JSON.stringify(progress));
      throw new VlaError('interrupted', `calibrate: stopped; what was found is in ${partial}.`, {
        hint: 'Run the same command again to go on.',
      });
    }
    if (ended !== null) throw ended as Error;
    if (pressed) {
      try {
        return calibrationFrom(progress);
      } catch (error) {
        // Nothing is lost: what was not moved yet can still be.
        process.stderr.write(`${(error as Error).message}\n`);
        pressed = false;
        entered = lines.enter('Go on moving these, then press Enter again.');
        listen();
      }
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function draw(positions: readonly number[], { lowest, highest }: CalibrationProgress, again: boolean): void {
  const rows = JOINTS.map((name, i) => [
    name,
    ...[lowest, positions, highest].map((values) => `${values[i]!}`.padStart(5)),
  ]);
  const up = again ? `\u001B[${JOINTS.length + 1}A` : '';
  process.stderr.write(up + table([['joint', 'least', 'now', 'most '], ...rows]));
}

/** Waits for Enter; an end of the input or an interruption rejects. */
class Lines {
  private readonly reader = readline.createInterface({ input: process.stdin });
  private readonly signal: AbortSignal | undefined;

  constructor(signal?: AbortSignal) {
    this.signal = signal;
  }

  enter(prompt: string): Promise<void> {
    process.stderr.write(`${prompt}\n`);
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(new VlaError('interrupted', 'calibrate: stopped before Enter was pressed.'));
      this.reader.once('line', () => resolve());
      this.reader.once('close', stop);
      if (this.signal?.aborted === true) stop();
      this.signal?.addEventListener('abort', stop, { once: true });
    });
  }

  close(): void {
    this.reader.close();
  }
}
