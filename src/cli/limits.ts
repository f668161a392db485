/** @file `vlakit limits`: a robot's limits.json, out of its description or of a built-in world. */

import fs from 'node:fs';
import process from 'node:process';
import { InvalidArgumentError, type Command } from 'commander';
import { VlaError, lookUp } from '../base/errors.ts';
import { fileError, readJson } from '../base/files.ts';
import { parseEmbodiment } from '../codec/embodiment-file.ts';
import type { MotionLimits } from '../interfaces/motion-limits.ts';
import { checkLimits } from '../runtime/safety/check-limits.ts';
import { jointsOf, limitsFromJoints, type DescriptionOptions } from '../runtime/safety/describe/joint-limits.ts';
import { limitsFromMjcf } from '../runtime/safety/describe/mjcf.ts';
import { limitsFromUrdf, type TipBox } from '../runtime/safety/describe/urdf.ts';
import { writeLimits } from '../runtime/safety/limits-file.ts';
import { WORLD_LIMITS } from '../../recipes/motion-limits.ts';
import { nameList, positiveNumber } from './argument-parsers.ts';

interface Options {
  readonly world?: string;
  readonly embodiment?: string;
  readonly toVelocity?: number;
  readonly toAcceleration?: number;
  readonly joints?: Readonly<Record<string, string>>;
  readonly grippers?: string[];
  readonly velocities?: Readonly<Record<string, string>>;
  readonly tip?: string;
  readonly low?: Triple;
  readonly high?: Triple;
  readonly out?: string;
}

type Triple = readonly [number, number, number];

/** Adds the options and the action. */
export function define(command: Command): void {
  command
    .argument('[description]', 'a .urdf file, or an MJCF .xml file; without one, the ranges of the embodiment count')
    .option('--world <name>', 'the limits of a built-in robot instead')
    .option('--embodiment <file>', 'the robot’s embodiment.json')
    .option('--to-velocity <s>', 'seconds from rest to a joint’s full velocity; makes its acceleration', positiveNumber)
    .option('--to-acceleration <s>', 'seconds to the full acceleration; makes its jerk', positiveNumber)
    .option('--velocities <list>', 'largest velocities: pan=1.5,lift=1', pairs)
    .option('--joints <list>', 'joints whose actions have other names: action=joint,…', pairs)
    .option('--grippers <names>', 'actions that open and close', nameList)
    .option('--tip <link>', 'a URDF’s link that must stay between --low and --high')
    .option('--low <x,y,z>', 'metres, from the root link', triple)
    .option('--high <x,y,z>', 'metres, from the root link', triple)
    .option('--out <file>', 'where to write; without it, to standard output')
    .action(run);
}

function run(description: string | undefined, options: Options): void {
  const limits =
    options.world === undefined ? described(description, options) : lookUp('world', options.world, WORLD_LIMITS);
  for (const line of limits.derived) process.stderr.write(`${line}\n`);
  if (options.out === undefined) process.stdout.write(`${JSON.stringify(limits, null, 2)}\n`);
  else writeLimits(options.out, limits);
}

function described(file: string | undefined, options: Options): MotionLimits {
  const { embodiment, toVelocity, toAcceleration, joints, grippers, velocities } = options;
  if (embodiment === undefined || toVelocity === undefined || toAcceleration === undefined) {
    throw new VlaError(
      'bad-argument',
      'limits: expected --world, or --embodiment, --to-velocity and --to-acceleration.',
      {
        hint: 'No description states accelerations and jerks: say how fast the joints may get to their full velocity.',
      },
    );
  }
  const robot = parseEmbodiment(readJson(embodiment), embodiment);
  const how: DescriptionOptions = {
    embodiment: robot,
    ramp: { toVelocity, toAcceleration },
    ...(joints === undefined ? {} : { joints }),
    ...(grippers === undefined ? {} : { grippers }),
    ...(velocities === undefined ? {} : { velocities: numbers(velocities) }),
  };
  const limits = read(file, how, boxOf(options), embodiment);
  checkLimits(robot, limits);
  return limits;
}

function read(file: string | undefined, how: DescriptionOptions, box: TipBox | null, embodiment: string): MotionLimits {
  if (file === undefined) return limitsFromJoints(jointsOf(how.embodiment), how, [], embodiment);
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw fileError('limits', file, cause);
  }
  if (file.endsWith('.urdf')) return limitsFromUrdf(text, box === null ? how : { ...how, box }, file);
  if (box === null) return limitsFromMjcf(text, how, file);
  throw new VlaError('unsupported', `limits: ${file}: expected a URDF for --tip, got another file.`, {
    hint: 'Write the workspace into limits.json by hand.',
  });
}

function boxOf({ tip, low, high }: Options): TipBox | null {
  if (tip === undefined && low === undefined && high === undefined) return null;
  if (tip !== undefined && low !== undefined && high !== undefined) return { tip, low, high };
  throw new VlaError('bad-argument', 'limits: expected --tip, --low and --high together.');
}

function pairs(text: string): Record<string, string> {
  const parts = nameList(text).map((pair) => pair.split('='));
  if (parts.every((pair) => pair.length === 2 && pair.every((side) => side !== ''))) {
    return Object.fromEntries(parts) as Record<string, string>;
  }
  throw new InvalidArgumentError('Expected name=value pairs, separated by commas.');
}

function numbers(texts: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, positiveNumber(text)]));
}

function triple(text: string): Triple {
  const [x, y, z, ...rest] = text.split(',').map(Number);
  if (rest.length === 0 && [x, y, z].every(Number.isFinite)) return [x!, y!, z!];
  throw new InvalidArgumentError('Expected three numbers: x,y,z.');
}
