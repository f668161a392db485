/** @file Films of an evaluation's episodes: which are chosen, and that they repeat. */

import type { EpisodeSpec } from '../interfaces/environment.ts';
import type { PlayerPool } from './player-pool.ts';
import type { ModuleCall } from './player.ts';
import type { PlannedEpisode } from './protocol.ts';
import type { EpisodeRecord } from './result.ts';
import { FILM, type Film, type FilmOptions } from './rollout.ts';

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

/** Films of one success and one failure per task, and of one episode per other condition. */
export function filmPlan(stage: ModuleCall | null): FilmPlan {
  return { stage, perTask: 1, perCondition: 1, options: FILM };
}

/** Called with the finished films so far and the chosen ones. */
export type OnFilm = (done: number, total: number) => void;

/** One episode in words, for errors. */
export function inWords({ task, seed }: EpisodeSpec): string {
  return `${task}, seed ${seed}`;
}

/** Plays the chosen episodes again, filmed. A repeat that differs from the first time is a warning. */
export async function filmEpisodes(
  pool: PlayerPool,
  plan: readonly PlannedEpisode[],
  episodes: readonly EpisodeRecord[],
  options: { readonly film: FilmPlan | null; readonly signal?: AbortSignal; readonly onFilm?: OnFilm },
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
        return { order, what: `the film of ${inWords(planned.spec)}` };
      }),
      {
        done(index, report) {
          // A film that was cut short by a stop is null.
          if (report.kind !== 'filmed' || report.film === null) return;
          films[index] = report.film;
          options.onFilm?.(++done, chosen.length);
        },
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
        `${inWords(plan[episode.index]!.spec)} did not repeat exactly: ${episode.outcome} after ${episode.length} steps, then ${outcome} after ${length}.`,
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
