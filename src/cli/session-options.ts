/** @file Options of the command line that say how a checkpoint's policy runs: where, in what numbers, with how many threads. */

import type { Command } from 'commander';
import type { Arithmetic, Runtime, WeightPrecision } from '../engine/index.ts';
import type { CheckpointPolicyOptions } from '../training/policy-module.ts';
import { oneOf, wholeNumber } from './argument-parsers.ts';

/** Options that say how a checkpoint's policy runs. */
export interface SessionFlags {
  readonly runtime?: Runtime;
  readonly arithmetic?: Arithmetic;
  readonly weights?: WeightPrecision;
  readonly threads?: number;
  readonly robot?: string;
}

/** What a policy is opened with. */
export type SessionSettings = Pick<
  CheckpointPolicyOptions,
  'runtime' | 'arithmetic' | 'threads' | 'weightPrecision' | 'robot' | 'batch'
>;

/** Adds those of the options of `sessionSettings` that say how numbers are computed to a command. */
export function computationOptions(command: Command): Command {
  return command
    .option('--runtime <name>', 'cpu, or webgpu: a graphics card (default: cpu)', oneOf(['cpu', 'webgpu']))
    .option(
      '--arithmetic <type>',
      'what matrix products are computed in: f32, or f16 on graphics cards (default: f32)',
      oneOf(['f32', 'f16']),
    )
    .option(
      '--weights <precision>',
      'how large matrices are held: f32, int8 or int4 (default: f32)',
      oneOf(['f32', 'int8', 'int4']),
    );
}

/** Adds the options of `sessionSettings` to a command. */
export function sessionOptions(command: Command): Command {
  return computationOptions(command)
    .option('--threads <n>', 'threads of one inference (default: 1; large models want more)', wholeNumber(1))
    .option('--robot <name>', 'another robot of the mixture that it was trained on, by its dataset’s name');
}

/** Those that were given. */
export function sessionSettings({ runtime, arithmetic, weights, threads, robot }: SessionFlags): SessionSettings {
  return {
    ...(runtime === undefined ? {} : { runtime }),
    ...(arithmetic === undefined ? {} : { arithmetic }),
    ...(weights === undefined ? {} : { weightPrecision: weights }),
    ...(threads === undefined ? {} : { threads }),
    ...(robot === undefined ? {} : { robot }),
  };
}
