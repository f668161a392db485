/** @file One run of a benchmark: what is played, its journal, its table and its exit code. */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { VlaError } from '../../base/errors.ts';
import { lockFolder } from '../../base/folder-lock.ts';
import { EpisodeJournal } from '../../benchmarks/episode-journal.ts';
import type { BenchmarkRun } from '../../benchmarks/evaluate.ts';
import type { ModuleCall } from '../../base/user-module.ts';
import type { FailureRules } from '../../benchmarks/failures.ts';
import { commandLine, versions } from '../../benchmarks/provenance.ts';
import type { EvaluationResult } from '../../benchmarks/result.ts';
import { parseShard } from '../../benchmarks/shard.ts';
import type { Benchmark } from '../../benchmarks/table/benchmark.ts';
import { findBenchmark } from '../../benchmarks/table/index.ts';
import { isRemoteWord, remotePolicy } from '../../serving/remote-policy.ts';
import { withInterrupt } from '../interrupt.ts';
import { measure } from '../measure.ts';
import { namedPolicy, samplingSettings, type NamedPolicy, type SamplingOptions } from '../players.ts';
import { sessionSettings, type SessionFlags } from '../session-options.ts';
import { journalFile } from './journal-files.ts';
import { resultNameOf, tableOf, writePage } from './tell-result.ts';

/** What the command line says. */
export interface BenchmarkOptions extends SamplingOptions, SessionFlags {
  readonly policy?: string;
  readonly name?: string;
  readonly tasks?: string[];
  readonly conditions?: string[];
  readonly degradation?: true;
  readonly episodes?: number;
  readonly seed?: number;
  readonly imageSize?: number;
  readonly execute?: number | 'half';
  readonly workers: number;
  readonly timeout: number;
  readonly shard?: string;
  readonly onError: FailureRules['onError'];
  readonly wait: number;
  readonly films: boolean;
  readonly filmSize: number;
  readonly out?: string;
  readonly fresh?: true;
  readonly json?: true;
}

/** Attempts of an episode, and episodes in a row that cannot be finished before the run ends. */
const ATTEMPTS = 3;
const IN_A_ROW = 5;
/** Longest wait for a server that was never there, which may be a mistake. */
const CONNECT_SECONDS = 60;
/** The exit code where some episodes are broken. */
const EXIT_BROKEN = 3;

/** Plays a benchmark by its name. */
export async function playBenchmark(name: string, options: BenchmarkOptions): Promise<void> {
  const benchmark = findBenchmark(name);
  const shard = options.shard === undefined ? null : parseShard(options.shard);
  const { policy, again } = await chosenPolicy(options);
  const { seed = benchmark.seed.value, episodes = benchmark.episodes, filmSize } = options;
  const imageSize = options.imageSize ?? policy.imageSize;
  const opened = await benchmark.open({ seed, episodes, imageSize, filmSize });
  const folder = options.out ?? policy.run ?? 'benchmark';
  const resultName = `${resultNameOf(name)}${shard === null ? '' : `-${shard.index}-of-${shard.count}`}`;
  const file = journalFile(folder, resultName);
  const release = lockFolder(path.dirname(file));
  const open: { journal?: EpisodeJournal } = {};
  try {
    if (options.fresh === true) fs.rmSync(file, { force: true });
    const result = await withInterrupt('Stopping; finished episodes are kept.', (signal) =>
      measure({
        policy,
        environment: opened.environment,
        stage: opened.stage,
        films: options.films,
        tasks: options.tasks ?? ['all'],
        conditions: conditionsOf(benchmark, options),
        episodes,
        firstSeed: opened.firstSeed,
        execute: options.execute ?? policy.execute,
        // Two threads of onnxruntime-node 1.30 that use WebGPU at a time end the process.
        workers: options.runtime === 'webgpu' ? 1 : options.workers,
        // A server's client keeps the time itself, and can be told to wait for one that went away.
        timeoutSeconds: again === null ? options.timeout : null,
        folder,
        resultName,
        benchmark: {
          name,
          text: opened.text,
          settings: opened.settings,
          conditions: benchmark.conditions,
          shard,
          ...(again === null ? {} : { policyAgain: again }),
          failures: { onError: options.onError, attempts: ATTEMPTS, inARow: IN_A_ROW },
          openLog: (head) => {
            const run = { created: new Date().toISOString(), command: commandLine(), versions: versions() };
            return (open.journal = EpisodeJournal.open(file, head, run));
          },
        } satisfies BenchmarkRun,
        table: tableOf(benchmark, folder),
        command: commandLine(),
        print: options.json ? 'json' : 'table',
        signal,
      }),
    );
    writePage(benchmark, folder, resultName, result);
    tellBroken(result);
  } finally {
    open.journal?.close();
    release();
  }
}

/** The policy, and for one on a server how it is opened again when that went away. */
async function chosenPolicy(options: BenchmarkOptions): Promise<{ policy: NamedPolicy; again: ModuleCall | null }> {
  if (options.policy === undefined) {
    throw new VlaError('bad-argument', 'benchmark: expected --policy, got none.', {
      hint: 'Name a checkpoint, a policy server (ws://host:port), a module, or "expert".',
    });
  }
  const policy = await namedPolicy(options.policy, samplingSettings(options), sessionSettings(options));
  const named = options.name === undefined ? policy : { ...policy, name: options.name };
  if (!isRemoteWord(options.policy)) return { policy: named, again: null };
  const patience = {
    connectSeconds: Math.min(options.wait, CONNECT_SECONDS),
    answerSeconds: options.timeout,
    retries: 0,
    wholeEpisodes: true,
  };
  return {
    policy: { ...named, call: remotePolicy(options.policy, patience) },
    again: remotePolicy(options.policy, { ...patience, connectSeconds: options.wait }),
  };
}

/** Named ones, or the benchmark's own; "all" is what its world can play. */
function conditionsOf(
  { conditions }: Benchmark,
  { conditions: wanted, degradation }: BenchmarkOptions,
): readonly string[] {
  if (degradation === true) return ['degradation'];
  return wanted ?? conditions.slice(0, 1);
}

/** What a script must know is in the exit code. */
function tellBroken({ broken = [] }: EvaluationResult): void {
  if (broken.length === 0) return;
  process.stderr.write(`${broken.length} episodes are broken; the same command plays them again.\n`);
  process.exitCode = EXIT_BROKEN;
}
