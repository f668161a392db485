/** @file From finished episodes to the result: what one run makes of its own, and a merge of several. */

import { degradationRows } from './degradation.ts';
import type { FinishedEpisode } from './episode-journal.ts';
import { RESULT_SCHEMA, type BrokenEpisode, type EvaluationResult } from './result.ts';
import type { RunHead } from './run-head.ts';
import { summarise, summariseLatency } from './summarise.ts';

/** What a result says of its making. */
export interface RunFacts extends Pick<
  EvaluationResult,
  'created' | 'command' | 'planned' | 'versions' | 'machine' | 'warnings'
> {
  readonly seconds: number;
  readonly workers: number;
}

/** The result; without the films, which are not files yet. Episodes in any order. */
export function resultOf(
  head: RunHead,
  facts: RunFacts,
  finished: readonly FinishedEpisode[],
  broken: readonly BrokenEpisode[],
): EvaluationResult {
  const { policy, environment, protocol, benchmark } = head;
  const ordered = finished.toSorted((a, b) => a.episode.index - b.episode.index);
  const episodes = ordered.map(({ episode }) => episode);
  const latenciesMs = ordered.flatMap((one) => one.latenciesMs);
  const degradation = benchmark === null ? [] : degradationRows(episodes, protocol);
  const { planned, created, command, seconds, workers, versions, machine, warnings } = facts;
  return {
    schema: RESULT_SCHEMA,
    partial: episodes.length + broken.length < planned,
    planned,
    created,
    command,
    policy,
    environment,
    protocol,
    ...(benchmark === null ? {} : { benchmark }),
    rows: summarise(
      episodes,
      protocol.conditions.map(({ name }) => name),
      protocol.tasks,
    ),
    ...(degradation.length === 0 ? {} : { degradation }),
    timing: { seconds, workers, inferences: latenciesMs.length, latencyMs: summariseLatency(latenciesMs) },
    versions,
    machine,
    warnings,
    rollouts: [],
    episodes,
    ...(broken.length === 0 ? {} : { broken: broken.toSorted((a, b) => a.index - b.index) }),
  };
}
