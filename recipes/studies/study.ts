/** @file What a study is: a paper's claim, the runs that put it to the test, and what is compared, as one typed value. */

import type { Recipe } from '../recipe.ts';
import type { ReinforcementRun } from '../reinforcement-run.ts';
import type { MeasurementConfig } from './measurement-config.ts';

/**
 * One training stage of an arm; `kind` says by which command its recipe is trained. `set` holds changes of the recipe, as `--set`
 * takes them. Stages of the same recipe, overrides, seed and start are trained once, whoever names them.
 */
export type Stage =
  | { readonly kind: 'train'; readonly recipe: Recipe; readonly set: readonly string[] }
  | { readonly kind: 'reinforce'; readonly recipe: ReinforcementRun; readonly set: readonly string[] };

/** One of the things that are compared: a chain of stages, and what is measured of its last checkpoint. */
export interface Arm {
  /** For `--only` and files: kebab-case. */
  readonly name: string;
  /** For tables and figures. */
  readonly title: string;
  /**
   * A checkpoint or a run, or "shipped:NAME" for one that ships with the package. The first stage starts from it
   * (`tuning.base`); without stages it is measured as it is, once for all seeds. Null: the first stage starts as its recipe says.
   */
  readonly start: string | null;
  /** In order. Every stage after the first starts from its predecessor: its recipe's `tuning.base` (`base`) is replaced. */
  readonly stages: readonly Stage[];
  readonly measurements: readonly MeasurementConfig[];
}

/** How many samples every arm with stages learns from; `null` in a study where the arms may differ. */
export interface Budget {
  /** Steps × samples per step; of reinforcement learning, chunks played. */
  readonly samples: number;
  /** Of which stages: all of the chain, or the last one (what comes before it is then what the study is about). */
  readonly of: 'all-stages' | 'last-stage';
}

/** Two arms whose difference is reported. */
export interface Comparison {
  /** The arm that the claim favours. */
  readonly arm: string;
  readonly against: string;
  /** The measurement's name, in both arms. */
  readonly measurement: string;
  /** One of its series, for example a condition. */
  readonly series: string;
  /** What the paper says, for example "+12 points". */
  readonly paper: string;
}

/** Repeats every `success` measurement with each pair of settings, and times inference. */
export interface Sweep {
  /** Steps from noise to actions. */
  readonly eulerSteps: readonly number[];
  /** Executed actions of a chunk. */
  readonly execute: readonly number[];
  /** Rounds in which every arm and number of steps takes its turn, and timed inferences of each turn. */
  readonly latency: { readonly rounds: number; readonly inferences: number };
}

/** A study: plain data, so that `--set` reaches all of it. */
export interface Study {
  /** Its file in recipes/studies, its folder in studies/. */
  readonly name: string;
  /** What is asked, in a sentence that ends in a question mark. */
  readonly question: string;
  /** The paper's claim, with paper and section or table. */
  readonly claim: string;
  /** Training seeds 1 … n; at least 3 for a result that is reported. */
  readonly seeds: number;
  readonly budget: Budget | null;
  readonly arms: readonly Arm[];
  readonly comparisons: readonly Comparison[];
  readonly sweep: Sweep | null;
}
