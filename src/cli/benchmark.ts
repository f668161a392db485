/** @file `vlakit benchmark`: any policy on a benchmark, in parts, going on after a stop; the parts merged. */

import os from 'node:os';
import { Option, type Command } from 'commander';
import { BENCHMARKS } from '../benchmarks/table/index.ts';
import { LIBERO_RENDERERS } from '../simulation/libero/renderers.ts';
import { defineMerge } from './benchmark/merge.ts';
import { define as definePull } from './benchmark/pull.ts';
import { latencyList, strategyList } from './benchmark/latency/latencies.ts';
import { playBenchmark } from './benchmark/play.ts';
import type { BenchmarkOptions } from './benchmark/prepare.ts';
import { nameList, oneOf, positiveNumber, wholeNumber } from './argument-parsers.ts';
import { STRATEGY_NAMES } from './control/strategy-choice.ts';
import { executeCount, samplingOptions } from './players.ts';
import { sessionOptions } from './session-options.ts';

/** More workers than this seldom help, and each holds a simulator. */
const MOST_WORKERS = 8;

/** Adds the arguments, the options, the action and the commands below it. */
export function define(command: Command): void {
  const lines = BENCHMARKS.map(({ name, summary, tasks, episodes, seed }) => {
    return `  ${name.padEnd(16)} ${summary}; ${tasks} tasks of ${episodes} episodes; --seed: ${seed.meaning} (default: ${seed.value})`;
  });
  sessionOptions(
    samplingOptions(
      command
        .usage('<name> --policy <policy> [options]')
        .argument('<name>', 'the benchmark')
        .option(
          '--policy <policy>',
          'a checkpoint or run folder, "expert", a module that exports openPolicy, or a policy server (ws://host:port)',
        )
        .option(
          '--name <text>',
          'what the policy is called; shards of one policy behind several addresses need the same',
        )
        .option('--tasks <names>', 'tasks, separated by commas (default: all)', nameList)
        .option('--conditions <names>', 'base, perturbations of the environment, or "all" (default: base)', nameList)
        .option(
          '--degradation',
          'play every condition in which the policy is to succeed, and say what each change costs',
        )
        .option('--episodes <n>', 'episodes per task and condition (default: the benchmark’s)', wholeNumber(1))
        .option('--seed <n>', 'see below', wholeNumber(0))
        .option(
          '--image-size <pixels>',
          'side of the cameras’ images (default: the policy’s, or the benchmark’s)',
          wholeNumber(16),
        )
        .addOption(
          new Option(
            '--renderer <name>',
            'who draws LIBERO’s images: cpu (the same bytes everywhere), or webgpu (a graphics card; npm install webgpu)',
          )
            .argParser(oneOf(LIBERO_RENDERERS))
            .default('cpu'),
        )
        .option(
          '--execute <n>',
          'actions of a chunk to execute before the next inference, or "half" (default: as the policy’s recipe says, or half)',
          executeCount,
        )
        .option(
          '--workers <n>',
          'worker threads; one with --runtime webgpu',
          wholeNumber(1),
          Math.min(MOST_WORKERS, os.availableParallelism()),
        )
        .option(
          '--latency <ms>',
          'the world keeps moving while the policy thinks: milliseconds, separated by commas, or "measured"; gives a curve',
          latencyList,
        )
        .option(
          '--strategy <names>',
          `with --latency, what the robot does meanwhile: ${STRATEGY_NAMES.join(', ')} (default: synchronous, it waits)`,
          strategyList,
        )
        .option('--timeout <seconds>', 'longest single inference', positiveNumber, 30)
        .option('--shard <i/n>', 'play only the i-th of n parts; "merge" puts them together')
        .addOption(
          new Option(
            '--on-error <what>',
            'of an episode in which the policy or its server fails: retry it (3 times, then leave it), continue with the next, or stop',
          )
            .argParser(oneOf(['retry', 'continue', 'stop']))
            .default('retry'),
        )
        .option('--wait <seconds>', 'how long to wait for a policy server that went away', positiveNumber, 300),
    ),
  )
    .option('--film-size <pixels>', 'size of the films', wholeNumber(16), 256)
    .option('--no-films', 'do not film rollouts')
    .option('--out <folder>', 'where result, films and journal go (default: the run of the checkpoint, or "benchmark")')
    .option('--fresh', 'begin anew instead of going on')
    .option('--json', 'print the result as JSON instead of the table')
    .addHelpText(
      'after',
      `\nBenchmarks:\n${lines.join('\n')}\n\nExit codes: 0 all episodes are valid, 1 an error, 3 some episodes are broken, 130 stopped. The same command goes on.\n`,
    )
    .action((name: string, options: BenchmarkOptions) => playBenchmark(name, options));
  defineMerge(command.command('merge').summary('put the shards of a benchmark together'));
  definePull(command.command('pull').summary('fetch a benchmark’s files, on the terms of their licences'));
}
