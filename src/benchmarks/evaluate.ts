/** @file Closed-loop evaluation of any policy in any environment, spread over worker threads. Node only. */

import type { EpisodeSpec } from '../interfaces/environment.ts';
import { PlayerPool } from './player-pool.ts';
import type { ModuleCall } from './player.ts';
import { chooseConditions, chooseTasks, planEpisodes, type PlannedEpisode } from './protocol.ts';
import { machine, versions } from './provenance.ts';
import { RESULT_SCHEMA, type EpisodeRecord, type EvaluationResult } from './result.ts';
import { FILM, type Film, type FilmOptions } from './rollout.ts';
import { summarise, summariseLatency } from './summarise.ts';
import type { Report } from './worker-messages.ts';

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

/** Which episodes are filmed, and through what. */
export interface FilmPlan {
  /** The environment that is filmed while it repeats the actions, e.g. with larger images; null: the evaluation's own. */
  readonly stage: ModuleCall | null;
  /** So many successes and so many failures per task of the first condition. */
  readonly perTask: number;
  /** So many episodes of each other condition. */
  readonly perCondition: number;
  readonly options: FilmOptions;
}

/** A filmed episode of the evaluation. */
export interface Rollout {
  readonly episode: EpisodeRecord;
  readonly film: Film;
}

/** The result, and the films of the chosen episodes. */
export interface Evaluation {
  readonly result: EvaluationResult;
  readonly rollouts: readonly Rollout[];
  /** How many episodes were chosen for filming; more than there are rollouts when filming failed or was stopped. */
  readonly chosen: number;
  /** What went wrong with the listener. */
  readonly listenerProblems: readonly Error[];
}

/** Films of one success and one failure per task, and of one episode per other condition. */
export function filmPlan(stage: ModuleCall | null): FilmPlan {
  return { stage, perTask: 1, perCondition: 1, options: FILM };
}

/**
 * Plays every planned episode in closed loop and sums up. The same options give the same episodes (all but their
 * timing), whatever the number of workers. Rejects with the first error of a policy or an environment.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const start = performance.now();
  const created = new Date().toISOString();
  const { environment, policy, execute, workers, inferenceTimeoutMs, signal, onProgress } = options;
  const stage = options.film?.stage ?? null;
  const pool = await PlayerPool.open({
    environment,
    stage,
    policy,
    listener: options.listener ?? null,
    execute,
    player: options.player ?? null,
    workers,
    inferenceTimeoutMs,
  });
  try {
    const about = pool.introduction;
    const tasks = chooseTasks(options.tasks, about.tasks);
    const conditions = chooseConditions(options.conditions, about.perturbations);
    const plan = planEpisodes({ tasks, conditions, episodes: options.episodes, firstSeed: options.firstSeed });
    const finished: (EpisodeRecord | undefined)[] = plan.map(() => undefined);
    const latenciesMs: number[] = [];
    let count = 0;
    onProgress?.(0, plan.length, '');
    await pool.run(
      plan.map((planned) => ({ order: { kind: 'play', planned }, what: describe(planned.spec) })),
      (index, report) => {
        const record = recordOf(plan[index]!, report, latenciesMs);
        if (record === null) return;
        finished[index] = record;
        onProgress?.(++count, plan.length, `${record.condition} ${record.task} ${record.outcome}`);
      },
      signal,
    );
    const listenerProblems = options.listener === undefined ? [] : await pool.finish();
    const episodes = finished.filter((record) => record !== undefined);
    const seconds = (performance.now() - start) / 1000;
    const { rollouts, warnings, chosen } = await film(pool, plan, episodes, options);
    const result: EvaluationResult = {
      schema: RESULT_SCHEMA,
      partial: episodes.length < plan.length,
      planned: plan.length,
      created,
      command: options.command,
      policy: {
        name: options.policyName ?? about.policy,
        checkpoint: options.checkpoint?.path ?? null,
        sha256: options.checkpoint?.sha256 ?? null,
      },
      environment: { name: about.environment, options: environment.options },
      protocol: {
        tasks,
        conditions: conditions.map(({ name, meaning, wantsSuccess }) => ({ name, meaning, wantsSuccess })),
        episodesPerTask: options.episodes,
        firstSeed: options.firstSeed,
        execute,
        maxSteps: Object.fromEntries(tasks.map((task) => [task, about.maxSteps[task]!])),
        controlHz: about.controlHz,
      },
      rows: summarise(
        episodes,
        conditions.map(({ name }) => name),
        tasks,
      ),
      timing: { seconds, workers, inferences: latenciesMs.length, latencyMs: summariseLatency(latenciesMs) },
      versions: versions(),
      machine: machine(),
      warnings,
      rollouts: [],
      episodes,
    };
    return { result, rollouts, chosen, listenerProblems };
  } finally {
    await pool.close();
  }
}

/** One episode in words, for errors. */
function describe(spec: EpisodeSpec): string {
  return `${spec.task}, seed ${spec.seed}`;
}

function recordOf(planned: PlannedEpisode, report: Report, latenciesMs: number[]): EpisodeRecord | null {
  if (report.kind !== 'played' || report.played === null) return null;
  const { played, seconds } = report;
  for (const latency of played.latenciesMs) latenciesMs.push(latency);
  return {
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
}

/** Plays the chosen episodes again, filmed. A repeat that differs from the first time is a warning. */
async function film(
  pool: PlayerPool,
  plan: readonly PlannedEpisode[],
  episodes: readonly EpisodeRecord[],
  options: EvaluateOptions,
): Promise<{ rollouts: Rollout[]; warnings: string[]; chosen: number }> {
  const { film: wanted, signal } = options;
  if (wanted === null) return { rollouts: [], warnings: [], chosen: 0 };
  const chosen = chooseEpisodes(episodes, wanted);
  const films: (Film | null)[] = chosen.map(() => null);
  const warnings: string[] = [];
  let done = 0;
  if (chosen.length > 0 && signal?.aborted !== true) options.onFilm?.(0, chosen.length);
  try {
    await pool.run(
      chosen.map((episode) => {
        const planned = plan[episode.index]!;
        const order = { kind: 'film', planned, length: episode.length, film: wanted.options } as const;
        return { order, what: `the film of ${describe(planned.spec)}` };
      }),
      (index, report) => {
        // A film that was cut short by a stop is null.
        if (report.kind !== 'filmed' || report.film === null) return;
        films[index] = report.film;
        options.onFilm?.(++done, chosen.length);
      },
      signal,
    );
  } catch (error) {
    // The numbers stand without pictures.
    warnings.push(`Rollouts could not be filmed: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (signal?.aborted === true && done < chosen.length) {
    warnings.push(`Stopped before all rollouts were filmed: ${done} of ${chosen.length} are here.`);
  }
  const rollouts = chosen.flatMap((episode, i) => {
    const filmed = films[i];
    if (filmed === null || filmed === undefined) return [];
    const { outcome, length, actionsHash } = filmed.played;
    if (outcome !== episode.outcome || length !== episode.length || actionsHash !== episode.actionsHash) {
      warnings.push(
        `${describe(plan[episode.index]!.spec)} did not repeat exactly: ${episode.outcome} after ${episode.length} steps, then ${outcome} after ${length}.`,
      );
    }
    return [{ episode, film: filmed }];
  });
  return { rollouts, warnings, chosen: chosen.length };
}

/** In the order of the plan: the first successes and failures per task; of the other conditions each shows another task. */
function chooseEpisodes(episodes: readonly EpisodeRecord[], wanted: FilmPlan): EpisodeRecord[] {
  const tasks = [...new Set(episodes.map(({ task }) => task))];
  const [first, ...others] = new Set(episodes.map(({ condition }) => condition));
  const counts = new Map<string, number>();
  return episodes.filter(({ condition, task, outcome }) => {
    if (condition !== first && task !== tasks[others.indexOf(condition) % tasks.length]) return false;
    const key = condition === first ? `${task} ${outcome === 'success'}` : condition;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= (condition === first ? wanted.perTask : wanted.perCondition);
  });
}
