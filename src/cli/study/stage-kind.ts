/** @file What a kind of training stage must say of itself (all are listed in stage-kinds.ts). */

import type { LoopConfig } from '../../training/loop.ts';
import type { TrainingResult } from '../../training/loop.ts';

/** What every stage's recipe has. */
export interface StageRecipe {
  readonly name: string;
  readonly seed: number;
  readonly loop: LoopConfig;
}

/** Where and how a stage is trained. */
export interface StageContext {
  /** The run's folder. */
  readonly folder: string;
  /** Threads for recording. */
  readonly workers: number;
  readonly signal: AbortSignal;
}

/** A kind of training stage, such as supervised or reinforcement learning. */
export interface StageKind<R extends StageRecipe> {
  /** What its progress bar is called: the share of that bar is the share of the stage. */
  readonly bar: string;
  /** What it starts from by its own recipe; null: fresh weights. */
  baseOf(recipe: R): string | null;
  /** With another seed, and starting from `base` where it is not null; `bad-argument` where it cannot. */
  prepare(recipe: R, seed: number, base: string | null): R;
  /** Names what the weights depend on; `base` names the weights that it starts from. */
  identity(recipe: R, base: string | null): string;
  /** What it learns from, for budgets. */
  samples(recipe: R): number;
  /** Actions of a chunk; null: those of what it starts from. */
  horizon(recipe: R): number | null;
  /** Throws for a recipe that cannot work. */
  check(recipe: R): void;
  /** Trains to the end, or goes on where the folder's training stopped. */
  train(recipe: R, context: StageContext): Promise<TrainingResult>;
}
