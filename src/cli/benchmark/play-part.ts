/** @file One result of a benchmark: its episodes in this process, its journal, its page. */

import fs from 'node:fs';
import path from 'node:path';
import { lockFolder } from '../../base/folder-lock.ts';
import type { ModuleCall } from '../../base/user-module.ts';
import { EpisodeJournal } from '../../benchmarks/episode-journal.ts';
import type { BenchmarkRun } from '../../benchmarks/evaluate.ts';
import { commandLine, versions } from '../../benchmarks/provenance.ts';
import type { EvaluationResult } from '../../benchmarks/result.ts';
import { measure } from '../measure.ts';
import { journalFile } from './journal-files.ts';
import type { Prepared } from './prepare.ts';
import { resultNameOf, tableOf, writePage } from './tell-result.ts';

/** Attempts of an episode, and episodes in a row that cannot be finished before the run ends. */
const ATTEMPTS = 3;
const IN_A_ROW = 5;

/** How a result differs from the benchmark's own. */
export interface Variant {
  /** Behind the result's name. */
  readonly suffix: string;
  readonly player: ModuleCall;
  /** Added to the settings, which parts of one result share. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** Plays what is not in the journal yet. Rejects as `measure` does. */
export async function playPart(
  prepared: Prepared,
  variant: Variant | null,
  signal: AbortSignal,
): Promise<EvaluationResult> {
  const { benchmark, opened, policy, again, shard, folder, options } = prepared;
  const part = shard === null ? '' : `-${shard.index}-of-${shard.count}`;
  const resultName = `${resultNameOf(benchmark.name)}${variant?.suffix ?? ''}${part}`;
  const file = journalFile(folder, resultName);
  const release = lockFolder(path.dirname(file));
  const open: { journal?: EpisodeJournal } = {};
  try {
    if (options.fresh === true) fs.rmSync(file, { force: true });
    const run: BenchmarkRun = {
      name: benchmark.name,
      text: opened.text,
      settings: { ...opened.settings, ...variant?.settings },
      conditions: benchmark.conditions,
      shard,
      ...(again === null ? {} : { policyAgain: again }),
      failures: { onError: options.onError, attempts: ATTEMPTS, inARow: IN_A_ROW },
      openLog: (head) => {
        const facts = { created: new Date().toISOString(), command: commandLine(), versions: versions() };
        return (open.journal = EpisodeJournal.open(file, head, facts));
      },
    };
    const result = await measure({
      policy,
      environment: opened.environment,
      stage: opened.stage,
      // Films show the plain closed loop.
      films: options.films && variant === null,
      tasks: options.tasks ?? ['all'],
      conditions: prepared.conditions,
      episodes: prepared.episodes,
      firstSeed: opened.firstSeed,
      execute: options.execute ?? policy.execute,
      // Two threads of onnxruntime-node 1.30 that use WebGPU at a time end the process.
      workers: options.runtime === 'webgpu' ? 1 : options.workers,
      // A server's client keeps the time itself, and can be told to wait for one that went away.
      timeoutSeconds: again === null ? options.timeout : null,
      folder,
      resultName,
      benchmark: run,
      ...(variant === null ? {} : { player: variant.player }),
      table: tableOf(benchmark, folder),
      command: commandLine(),
      print: options.json ? 'json' : variant === null ? 'table' : 'nothing',
      signal,
    });
    writePage(benchmark, folder, resultName, result);
    return result;
  } finally {
    open.journal?.close();
    release();
  }
}
