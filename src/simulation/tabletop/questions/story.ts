/** @file What the expert does from the first to the last step of an episode, and what is done, under way and to come at any of them. */

import type { EpisodeSpec, Outcome } from '../../../interfaces/environment.ts';
import type { Tabletop, TabletopState } from '../tabletop.ts';
import type { SubtaskWords } from './subtask-words.ts';

/** An episode from its end. */
export interface Story {
  readonly instruction: string;
  readonly outcome: Outcome;
  /** Control steps; there is a moment before each of them, and one after the last. */
  readonly steps: number;
  /** What the expert does in each step. */
  readonly subtasks: readonly SubtaskWords[];
  /** Every moment, for `Tabletop.restore`. */
  readonly states: readonly TabletopState[];
}

/** How far an episode is at one of its moments. */
export interface Progress {
  readonly instruction: string;
  /** Control steps done, as a share of all of them. */
  readonly share: number;
  /** Names of the subtasks that do not come again, in their order; all of them at the end. */
  readonly finished: readonly string[];
  /** What the expert does now, as a sentence; null at the end. */
  readonly current: string | null;
  /** What it does after that, as a sentence; null when nothing else comes. */
  readonly next: string | null;
  readonly isDone: boolean;
}

/** Plays the expert, undisturbed, until the episode ends. */
export async function playStory(tabletop: Tabletop, episode: EpisodeSpec): Promise<Story> {
  await tabletop.reset(episode);
  const { instruction } = await tabletop.observe();
  const subtasks: SubtaskWords[] = [];
  const states: TabletopState[] = [tabletop.save()];
  let outcome: Outcome = 'running';
  while (outcome === 'running') {
    subtasks.push(tabletop.subtask());
    outcome = await tabletop.step(tabletop.expert());
    states.push(tabletop.save());
  }
  return { instruction, outcome, steps: subtasks.length, subtasks, states };
}

/** How far the story is before step `step` (0 to `steps`). Meant for stories that end in success. */
export function progressAt({ instruction, steps, subtasks }: Story, step: number): Progress {
  const names = subtasks.map(({ name }) => name);
  const current = subtasks[step];
  return {
    instruction,
    share: step / steps,
    finished: [...new Set(names)].filter((name) => names.lastIndexOf(name) < step),
    current: current?.sentence ?? null,
    next: subtasks.slice(step).find(({ name }) => name !== current?.name)?.sentence ?? null,
    isDone: step === steps,
  };
}
