/** @file Shards of a benchmark, played on several machines, as one result. Node only. */

import { VlaError } from '../base/errors.ts';
import { readJournal, type FinishedEpisode, type JournalContents } from './episode-journal.ts';
import { machine } from './provenance.ts';
import type { BrokenEpisode, EvaluationResult } from './result.ts';
import { requireSameProtocol } from './run-head.ts';
import { resultOf } from './run-result.ts';

/** Journals whose result is one, by what they share. */
export interface MergeGroup {
  readonly files: readonly string[];
  readonly result: EvaluationResult;
}

/**
 * One result of journals that were played by the same protocol; throws `mismatch` with the differences where they were not. An episode that several
 * have counts once; where they tell different things of it, that is a warning.
 */
export function mergeJournals(files: readonly string[], command: string): EvaluationResult {
  const journals = files.map((file) => ({ file, ...readJournal(file) }));
  const [first] = journals;
  if (first === undefined) {
    throw new VlaError('bad-argument', 'merge: expected journals, got none.', {
      hint: 'Name the folders of the shards.',
    });
  }
  for (const { file, head } of journals) {
    requireSameProtocol(
      `${file} beside ${first.file}`,
      first.head,
      head,
      'Play all shards with the same command but for --shard and --out.',
    );
  }
  const finished = new Map<number, FinishedEpisode>();
  const broken = new Map<number, BrokenEpisode>();
  const different: string[] = [];
  for (const journal of journals) {
    for (const [index, one] of journal.finished) {
      const before = finished.get(index)?.episode;
      if (before === undefined) finished.set(index, one);
      else if (before.actionsHash !== one.episode.actionsHash || before.outcome !== one.episode.outcome) {
        different.push(`${one.episode.task}, seed ${one.episode.seed}`);
      }
    }
    for (const [index, one] of journal.broken) broken.set(index, one);
  }
  for (const index of finished.keys()) broken.delete(index);
  const { head } = first;
  const benchmark = head.benchmark === null ? null : { ...head.benchmark, shard: null };
  const seconds = [...finished.values()].reduce((sum, { episode }) => sum + episode.timing.seconds, 0);
  const runs = journals.flatMap((journal) => journal.runs);
  return resultOf(
    { ...head, benchmark },
    {
      created:
        runs
          .map(({ created }) => created)
          .sort()
          .at(-1) ?? new Date().toISOString(),
      command,
      planned: head.total,
      versions: runs.at(-1)?.versions ?? {},
      machine: machine(),
      warnings: warningsOf(journals, different),
      seconds,
      workers: 1,
    },
    [...finished.values()],
    [...broken.values()],
  );
}

function warningsOf(journals: readonly JournalContents[], different: readonly string[]): string[] {
  const warnings: string[] = [];
  if (different.length > 0) {
    const some = different.slice(0, 3).join('; ');
    warnings.push(`${different.length} episodes were played twice and differ (${some}): the first is counted.`);
  }
  return [...warnings, ...versionWarnings(journals.flatMap(({ runs }) => runs))];
}

/** What was played with several versions of one package. */
export function versionWarnings(runs: readonly { readonly versions: Readonly<Record<string, string>> }[]): string[] {
  const found = new Map<string, Set<string>>();
  for (const { versions } of runs) {
    for (const [name, version] of Object.entries(versions)) {
      found.set(name, (found.get(name) ?? new Set()).add(version));
    }
  }
  return [...found]
    .filter(([, versions]) => versions.size > 1)
    .map(([name, versions]) => `Episodes were played with ${name} ${[...versions].join(' and ')}.`);
}
