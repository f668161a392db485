/** @file What a benchmark's command line means: policy, world, conditions, folder; everything that can be wrong is said here, before anything runs. */

import { VlaError } from '../../base/errors.ts';
import type { ModuleCall } from '../../base/user-module.ts';
import type { FailureRules } from '../../benchmarks/failures.ts';
import { parseShard, type Shard } from '../../benchmarks/shard.ts';
import type { Benchmark, OpenedBenchmark } from '../../benchmarks/table/benchmark.ts';
import { findBenchmark } from '../../benchmarks/table/index.ts';
import { isRemoteWord, remotePolicy } from '../../serving/remote-policy.ts';
import type { LiberoRendererName } from '../../simulation/libero/renderers.ts';
import { namedPolicy, samplingSettings, type NamedPolicy, type SamplingOptions } from '../players.ts';
import { sessionSettings, type SessionFlags } from '../session-options.ts';

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
  readonly renderer: LiberoRendererName;
  readonly execute?: number | 'half';
  readonly latency?: (number | 'measured')[];
  readonly strategy?: string[];
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

/** Longest wait for a server that was never there, which may be a mistake. */
const CONNECT_SECONDS = 60;

/** A benchmark that is ready to be played. */
export interface Prepared {
  readonly benchmark: Benchmark;
  readonly opened: OpenedBenchmark;
  readonly policy: NamedPolicy;
  /** How a policy on a server is opened again when that went away; null: it is on none. */
  readonly again: ModuleCall | null;
  readonly conditions: readonly string[];
  readonly episodes: number;
  readonly shard: Shard | null;
  readonly folder: string;
  readonly options: BenchmarkOptions;
}

/** Reads the command line. */
export async function prepare(name: string, options: BenchmarkOptions): Promise<Prepared> {
  const benchmark = findBenchmark(name);
  const shard = options.shard === undefined ? null : parseShard(options.shard);
  if (options.strategy !== undefined && options.latency === undefined) {
    throw new VlaError('bad-argument', '--strategy: expected --latency with it, got none.', {
      hint: 'Without latency the world waits for the policy, and there is nothing to do meanwhile.',
    });
  }
  const { policy, again } = await chosenPolicy(options);
  const { seed = benchmark.seed.value, episodes = benchmark.episodes, filmSize, renderer } = options;
  const imageSize = options.imageSize ?? policy.imageSize;
  const opened = await benchmark.open({ seed, episodes, imageSize, filmSize, renderer });
  const folder = options.out ?? policy.run ?? 'benchmark';
  return {
    benchmark,
    opened,
    policy,
    again,
    conditions: conditionsOf(benchmark, options),
    episodes,
    shard,
    folder,
    options,
  };
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
