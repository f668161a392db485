/** @file What a study measures of a trained policy, as plain data: one type per kind of measurement. */

import type { ContinuationSettings } from '../../src/models/continuation.ts';
import type { SetSettings } from '../question-set.ts';

/** How one thing about a trained policy is measured; `kind` says by which file of src/cli/study. */
export type MeasurementConfig = SuccessConfig | AnswersConfig | RealTimeConfig;

/** What every measurement's configuration has. */
export interface NamedMeasurement {
  /** Names the file of the measurement. */
  readonly kind: string;
  /** What tables and comparisons call it; unique in its arm. */
  readonly name: string;
}

/** How a checkpoint is played in closed loop. */
export interface SuccessConfig extends NamedMeasurement {
  readonly kind: 'success';
  /** A built-in world (src/simulation/worlds.ts), or the path of an environment module. */
  readonly environment: string;
  readonly environmentOptions: unknown;
  /** Task names, at least one. */
  readonly tasks: readonly string[];
  /** "base", "other", "shuffled", "held-out", or perturbations of the environment. */
  readonly conditions: readonly string[];
  /** Episodes per task and condition. */
  readonly episodes: number;
  /** Seeds count from here, within those that training never uses; the same in two arms: compared episode by episode. */
  readonly firstSeed: number;
  /** Actions of a chunk that are executed before the next inference. */
  readonly execute: number | 'half';
  /** Steps from noise to actions; null: the policy's own. */
  readonly eulerSteps: number | null;
  /** Noise that sampling starts from, 0 to 1; null: the policy's own. */
  readonly noiseScale: number | null;
  /** Whether it writes text before it acts; null: as the policy does. */
  readonly mode: 'direct' | 'reason' | null;
}

/** Which questions are asked. */
export interface AnswersConfig extends NamedMeasurement {
  readonly kind: 'answers';
  /** A Dexdata folder with questions that training never sees. */
  readonly root: string;
  /** Made by these settings where they are missing (their seed another than that of the training's questions); null: they are there. */
  readonly generate: SetSettings | null;
  /** How many are asked: the first ones of the folder. */
  readonly questions: number;
  /** The longest answer. */
  readonly maxTokens: number;
}

/** How a checkpoint is played in real time. */
export interface RealTimeConfig extends NamedMeasurement {
  readonly kind: 'real-time';
  /** A built-in world; the gate holds its robot to the limits of recipes/motion-limits.ts. */
  readonly world: string;
  readonly tasks: readonly string[];
  /** Episodes per task. */
  readonly episodes: number;
  /** As of `success`. */
  readonly firstSeed: number;
  readonly strategy: StrategyChoice;
  readonly latency: LatencyChoice;
  /** How the policy continues chunks; null: as its checkpoint says. */
  readonly continuation: ContinuationSettings | null;
  /** Steps from noise to actions; null: the policy's own. */
  readonly eulerSteps: number | null;
}

/** A strategy with its parameters. */
export interface StrategyChoice {
  readonly kind: 'synchronous' | 'naive-asynchronous' | 'aligned-asynchronous' | 'continued' | 'future-state';
  /** T_e: actions of a chunk before the next one is asked for. */
  readonly execute: number;
}

/** How long inference takes, on the robot's clock. */
export interface LatencyChoice {
  /** Of half of the inferences at most, where there is a spread; else of each. */
  readonly seconds: number;
  /** The standard deviation of the logarithm; 0: each takes as long. */
  readonly spread: number;
}
