/** @file `vlakit evaluate`: success rates of a policy in closed loop, as a table, a JSON file and films. */

import os from 'node:os';
import { Option, type Command } from 'commander';
import { unseenSeed } from '../benchmarks/protocol.ts';
import { commandLine } from '../benchmarks/provenance.ts';
import { nameList, positiveNumber, wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';
import { measure } from './measure.ts';
import {
  environmentOptions,
  executeCount,
  namedEnvironment,
  namedPolicy,
  samplingOptions,
  samplingSettings,
  type EnvironmentOptions,
  type SamplingOptions,
} from './players.ts';
import { sessionOptions, sessionSettings, type SessionFlags } from './session-options.ts';

/** More workers than this seldom help, and each holds a simulator. */
const MOST_WORKERS = 8;
const CONDITIONS = ['base', 'other', 'shuffled'];

interface Options extends EnvironmentOptions, SamplingOptions, SessionFlags {
  readonly tasks?: string[];
  readonly conditions: string[];
  readonly episodes: number;
  readonly seed: number;
  readonly execute?: number | 'half';
  readonly workers: number;
  readonly timeout: number;
  readonly films: boolean;
  readonly filmSize: number;
  readonly out?: string;
  readonly json?: true;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  sessionOptions(
    samplingOptions(
      environmentOptions(command)
        .argument(
          '<policy>',
          'a checkpoint or run folder, "expert", a module that exports openPolicy, or a policy server (ws://host:port)',
        )
        .option('--tasks <names>', 'tasks, separated by commas, or "all" (default: those it was trained for)', nameList)
        .addOption(
          new Option(
            '--conditions <names>',
            'base, other, shuffled, held-out, perturbations of the environment, or "all"',
          )
            .argParser(nameList)
            .default(CONDITIONS, CONDITIONS.join()),
        )
        .option('--episodes <n>', 'episodes per task and condition', wholeNumber(1), 50)
        .option('--seed <n>', 'first seed, counted within the seeds that training never uses', wholeNumber(0), 0)
        .option(
          '--execute <n>',
          'actions of a chunk to execute before the next inference, or "half" (default: as its recipe says)',
          executeCount,
        )
        .option(
          '--workers <n>',
          'worker threads; one with --runtime webgpu',
          wholeNumber(1),
          Math.min(MOST_WORKERS, os.availableParallelism()),
        )
        .option('--timeout <seconds>', 'longest single inference', positiveNumber, 30),
    ),
  )
    .option('--film-size <pixels>', 'size of the films', wholeNumber(16), 192)
    .option('--no-films', 'do not film rollouts')
    .option('--out <folder>', 'where the result goes (default: the run of the checkpoint, or "evaluation")')
    .option('--json', 'print the result as JSON instead of the table')
    .action((policy: string, options: Options) => run(policy, options));
}

async function run(word: string, options: Options): Promise<void> {
  const policy = await namedPolicy(word, samplingSettings(options), sessionSettings(options));
  const { environment, stage } = namedEnvironment(options, policy, options.filmSize);
  await withInterrupt('Stopping; what is finished will be saved.', (signal) =>
    measure({
      policy,
      environment,
      stage,
      films: options.films,
      tasks: options.tasks ?? policy.tasks,
      conditions: options.conditions,
      episodes: options.episodes,
      firstSeed: unseenSeed(options.seed),
      execute: options.execute ?? policy.execute,
      // Two threads of onnxruntime-node 1.30 that use WebGPU at a time end the process.
      workers: options.runtime === 'webgpu' ? 1 : options.workers,
      timeoutSeconds: options.timeout,
      folder: options.out ?? policy.run ?? 'evaluation',
      command: commandLine(),
      print: options.json ? 'json' : 'table',
      signal,
    }),
  );
}
