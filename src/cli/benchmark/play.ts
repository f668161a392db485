/** @file `vlakit benchmark NAME`: one result, or one per latency and strategy; the exit code. */

import process from 'node:process';
import type { EvaluationResult } from '../../benchmarks/result.ts';
import { withInterrupt } from '../interrupt.ts';
import { latencyPlayer } from './latency/player.ts';
import { tellCurve } from './latency/tell-curve.ts';
import { playPart, type Variant } from './play-part.ts';
import { prepare, type BenchmarkOptions } from './prepare.ts';

/** The exit code where some episodes are broken. */
const EXIT_BROKEN = 3;

/** Plays a benchmark by its name. */
export async function playBenchmark(name: string, options: BenchmarkOptions): Promise<void> {
  const prepared = await prepare(name, options);
  const variants = variantsOf(options, options.execute ?? prepared.policy.execute);
  const results: EvaluationResult[] = [];
  try {
    await withInterrupt('Stopping; finished episodes are kept.', async (signal) => {
      for (const variant of variants) results.push(await playPart(prepared, variant, signal));
    });
  } finally {
    // Also of those that were whole before a stop.
    const curve = tellCurve(prepared.folder, results);
    if (curve !== null && options.json !== true) process.stdout.write(`${curve}\n`);
  }
  tellBroken(results);
}

/** One per strategy and latency; null: the benchmark's own way, in which the world waits for the policy. */
function variantsOf(
  { latency, strategy = ['synchronous'] }: BenchmarkOptions,
  execute: number | 'half',
): (Variant | null)[] {
  if (latency === undefined) return [null];
  return strategy.flatMap((name) =>
    latency.map((latencyMs): Variant => {
      const measured = latencyMs === 'measured';
      return {
        suffix: `-latency-${name}-${measured ? latencyMs : `${latencyMs}ms`}`,
        player: latencyPlayer({ strategy: name, execute, latencyMs }),
        settings: { latencyMs, strategy: name },
      };
    }),
  );
}

/** What a script must know is in the exit code. */
function tellBroken(results: readonly EvaluationResult[]): void {
  const broken = results.reduce((sum, result) => sum + (result.broken?.length ?? 0), 0);
  if (broken === 0) return;
  process.stderr.write(
    `${broken === 1 ? '1 episode is broken; the same command plays it' : `${broken} episodes are broken; the same command plays them`} again.\n`,
  );
  process.exitCode = EXIT_BROKEN;
}
