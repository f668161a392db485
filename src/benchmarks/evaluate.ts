/** @file Closed-loop evaluation of any policy in any environment, spread over worker threads. Node only. */

import type { EpisodeLog, FinishedEpisode } from './episode-journal.ts';
import { FailureDesk, type FailureRules } from './failures.ts';
import { filmEpisodes, inWords, type FilmPlan, type Rollout } from './film-episodes.ts';
import { PlayerPool, type PoolHooks } from './player-pool.ts';
import type { ModuleCall } from './player.ts';
import { benchmarkConditions, chooseConditions, chooseTasks, planEpisodes, type PlannedEpisode } from './protocol.ts';
import { machine, versions } from './provenance.ts';
import type { BenchmarkIdentity, BrokenEpisode, EvaluationResult } from './result.ts';
import { protocolHash, type RunHead } from './run-head.ts';
import { resultOf } from './run-result.ts';
import { shardOf, type Shard } from './shard.ts';
import { summariseLatency } from './summarise.ts';
import type { Introduction, Report } from './worker-messages.ts';

/** A benchmark's way of evaluation: task after task, in parts, going on after a stop, and without counting what the policy is not to blame for. */
export interface BenchmarkRun extends Pick<BenchmarkIdentity, 'name' | 'text' | 'settings'> {
  /** Those of protocol.ts that its environment can play, beside its perturbations: what "all" and "degradation" are made of. */
  readonly conditions: readonly string[];
  /** The part that is played here; null: all. */
  readonly shard: Shard | null;
  readonly failures: FailureRules;
  /** How the policy is opened again after it failed, for example with more patience; left out: as before. */
  readonly policyAgain?: ModuleCall;
  /** Where finished episodes are kept. Called once, before the first one; what is finished there is not played again. */
  readonly openLog: (head: RunHead) => EpisodeLog;
}

/** What to evaluate, where, how often. */
export interface EvaluateOptions {
  readonly environment: ModuleCall;
  readonly policy: ModuleCall;
  /** Task names, or ['all']. */
  readonly tasks: readonly string[];
  /** Condition names (protocol.ts and the environment's perturbations), or ['all']. */
  readonly conditions: readonly string[];
  /** Episodes per task and condition. */
  readonly episodes: number;
  /** The seeds are firstSeed … firstSeed + episodes − 1. */
  readonly firstSeed: number;
  /** Actions of a chunk that are executed before the next inference. */
  readonly execute: number | 'half';
  /** Worker threads. The numbers do not depend on it. */
  readonly workers: number;
  /** Longest single inference, milliseconds; null: no limit. */
  readonly inferenceTimeoutMs: number | null;
  /** Hears the episodes, from within the one worker that plays them; left out: nothing does. */
  readonly listener?: ModuleCall;
  /** Plays the episodes in another way than in the plain closed loop, which waits for the policy; left out: nothing does. Not filmed. */
  readonly player?: ModuleCall;
  /** Left out: a plain evaluation, in which tasks take turns and the first error ends the run. */
  readonly benchmark?: BenchmarkRun;
  /** Which episodes to film afterwards; null: none. */
  readonly film: FilmPlan | null;
  /** What tables call the policy; null: as it calls itself. */
  readonly policyName: string | null;
  /** For the record. */
  readonly command: string;
  readonly checkpoint: { readonly path: string; readonly sha256: string } | null;
  /**
   * Aborting ends the run after the control step under way, with what is finished: marked partial when episodes are
   * missing, with a warning when films are.
   */
  readonly signal?: AbortSignal;
  /** Called with the finished episodes so far, the planned ones, and a short note. */
  readonly onProgress?: (done: number, total: number, note: string) => void;
  /** The same while chosen episodes are filmed. */
  readonly onFilm?: (done: number, total: number) => void;
}

/** The result, and the films of the chosen episodes. */
export interface Evaluation {
  readonly result: EvaluationResult;
  readonly rollouts: readonly Rollout[];
  /** How many episodes were chosen for filming; more than there are rollouts when filming failed or was stopped. */
  readonly chosen: number;
  /** What went wrong with the listener. */
  readonly listenerProblems: readonly Error[];
  /** Why a benchmark ended before its last episode, where that was no abort; null: it did not. */
  readonly stopped: Error | null;
}

/**
 * Plays every planned episode in closed loop and sums up. The same options give the same episodes (all but their
 * timing), whatever the number of workers. Rejects with the first error of a policy or an environment.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const start = performance.now();
  const created = new Date().toISOString();
  const { environment, policy, execute, workers, inferenceTimeoutMs } = options;
  const stage = options.film?.stage ?? null;
  const pool = await PlayerPool.open({
    environment,
    stage,
    policy,
    policyAgain: options.benchmark?.policyAgain ?? policy,
    listener: options.listener ?? null,
    execute,
    player: options.player ?? null,
    workers,
    inferenceTimeoutMs,
  });
  try {
    const { head, plan } = planned(options, pool.introduction);
    const run = options.benchmark;
    const mine = shardOf(plan, run?.shard ?? null);
    const log = run?.openLog(head) ?? null;
    const finished = mine.flatMap(({ index }) => log?.finished.get(index) ?? []);
    const broken: BrokenEpisode[] = [];
    const stopped = await play(pool, mine, { finished, broken, log }, options);
    const listenerProblems = options.listener === undefined ? [] : await pool.finish();
    const seconds = (performance.now() - start) / 1000;
    const episodes = finished.map(({ episode }) => episode).sort((a, b) => a.index - b.index);
    const { rollouts, warnings, chosen } =
      stopped === null ? await filmEpisodes(pool, plan, episodes, options) : { rollouts: [], warnings: [], chosen: 0 };
    const facts = { created, command: options.command, planned: mine.length, seconds, workers, warnings };
    const result = resultOf(head, { ...facts, versions: versions(), machine: machine() }, finished, broken);
    return { result, rollouts, chosen, listenerProblems, stopped };
  } finally {
    await pool.close();
  }
}

/** Everything that is fixed before the first episode. */
function planned(options: EvaluateOptions, about: Introduction): { head: RunHead; plan: readonly PlannedEpisode[] } {
  const { environment, checkpoint, episodes, firstSeed, execute, benchmark } = options;
  const tasks = chooseTasks(options.tasks, about.tasks);
  const { perturbations } = about;
  const named =
    benchmark === undefined
      ? options.conditions
      : benchmarkConditions(options.conditions, benchmark.conditions, perturbations);
  const conditions = chooseConditions(named, perturbations);
  const byTask = benchmark !== undefined;
  const plan = planEpisodes({ tasks, conditions, episodes, firstSeed, byTask });
  const unnamed = {
    policy: {
      name: options.policyName ?? about.policy,
      checkpoint: checkpoint?.path ?? null,
      sha256: checkpoint?.sha256 ?? null,
    },
    environment: { name: about.environment, options: environment.options },
    protocol: {
      tasks,
      conditions: conditions.map(({ name, meaning, wantsSuccess }) => ({ name, meaning, wantsSuccess })),
      episodesPerTask: episodes,
      firstSeed,
      execute,
      maxSteps: Object.fromEntries(tasks.map((task) => [task, about.maxSteps[task]!])),
      controlHz: about.controlHz,
    },
  };
  if (benchmark === undefined) return { head: { ...unnamed, benchmark: null, total: plan.length }, plan };
  const { name, text, settings, shard } = benchmark;
  const identity = { name, text, settings, hash: '', shard };
  const hash = protocolHash({ ...unnamed, benchmark: identity });
  return { head: { ...unnamed, benchmark: { ...identity, hash }, total: plan.length }, plan };
}

/** What a run fills. */
interface Played {
  readonly finished: FinishedEpisode[];
  readonly broken: BrokenEpisode[];
  readonly log: EpisodeLog | null;
}

/** Plays what is not finished. */
async function play(
  pool: PlayerPool,
  mine: readonly PlannedEpisode[],
  { finished, broken, log }: Played,
  { benchmark, signal, onProgress }: EvaluateOptions,
): Promise<Error | null> {
  const known = new Set(finished.map(({ episode }) => episode.index));
  const todo = mine.filter(({ index }) => !known.has(index));
  const tell = (note: string): void => onProgress?.(finished.length + broken.length, mine.length, note);
  const desk = new FailureDesk(benchmark?.failures ?? { onError: 'stop', attempts: 1, inARow: 1 }, (one) => {
    broken.push(one);
    log?.addBroken(one);
    tell(`${one.condition} ${one.task} broken`);
  });
  const hooks: PoolHooks = {
    done(i, report) {
      const one = finishedOf(todo[i]!, report);
      if (one === null) return;
      desk.succeeded();
      finished.push(one);
      log?.add(one);
      const { condition, task, outcome } = one.episode;
      tell(`${condition} ${task} ${outcome}`);
    },
    ...(benchmark === undefined ? {} : { failed: (i, error) => desk.failed(todo[i]!, error) }),
  };
  tell('');
  const orders = todo.map((one) => {
    const { task, perturbation } = one.spec;
    const group = benchmark === undefined ? {} : { group: `${task} ${perturbation ?? ''}` };
    return { order: { kind: 'play', planned: one } as const, what: inWords(one.spec), ...group };
  });
  try {
    await pool.run(orders, hooks, signal);
  } catch (error) {
    if (desk.stopped === null || desk.stopped !== error) throw error;
  }
  return desk.stopped;
}

function finishedOf(planned: PlannedEpisode, report: Report): FinishedEpisode | null {
  if (report.kind !== 'played' || report.played === null) return null;
  const { played, seconds } = report;
  const episode = {
    index: planned.index,
    condition: planned.condition,
    task: planned.spec.task,
    seed: planned.spec.seed,
    noiseSeed: planned.noiseSeed,
    instruction: played.instruction,
    outcome: played.outcome,
    length: played.length,
    actionsHash: played.actionsHash,
    inferences: played.latenciesMs.length,
    ...(played.metrics === undefined ? {} : { metrics: played.metrics }),
    timing: { seconds: Math.round(seconds * 1e4) / 1e4, latencyMs: summariseLatency(played.latenciesMs) },
  };
  return { episode, latenciesMs: played.latenciesMs.map((ms) => Math.round(ms * 1000) / 1000) };
}
