/** @file What the evaluation and its worker threads say to each other. */

import { VlaError } from '../base/errors.ts';
import type { PlainError } from '../base/plain-error.ts';
import type { PlayedEpisode } from './play-episode.ts';
import type { ModuleCall } from './player.ts';
import type { PlannedEpisode } from './protocol.ts';
import type { Film, FilmOptions } from './rollout.ts';

/** What a worker is started with. */
export interface WorkerSetup {
  readonly worker: number;
  readonly environment: ModuleCall;
  /** The environment that is filmed; null: the one that is played in. */
  readonly stage: ModuleCall | null;
  readonly policy: ModuleCall;
  /** How the policy is opened again after it failed. */
  readonly policyAgain: ModuleCall;
  /** What hears the episodes that are played, but not the films; null: nothing. */
  readonly listener: ModuleCall | null;
  readonly execute: number | 'half';
  /** What plays episodes instead of the plain closed loop; null: nothing else does. */
  readonly player: ModuleCall | null;
  /** Shared: [0] = 1 asks everyone to stop; [1 + worker] = when its running inference began, ms after `epoch`, or 0. */
  readonly control: Int32Array<SharedArrayBuffer>;
  /** Milliseconds since 1970. */
  readonly epoch: number;
}

/** To a worker. `film` asks for a film of an episode of known length. */
export type Order =
  | { readonly kind: 'play'; readonly planned: PlannedEpisode }
  | { readonly kind: 'film'; readonly planned: PlannedEpisode; readonly length: number; readonly film: FilmOptions }
  /** Nothing more is played. */
  | { readonly kind: 'finish' }
  | { readonly kind: 'close' };

/** What a worker's environment and policy are. */
export interface Introduction {
  readonly policy: string;
  readonly environment: string;
  readonly tasks: readonly string[];
  readonly perturbations: readonly string[];
  readonly cameras: readonly string[];
  readonly controlHz: number;
  readonly maxSteps: Readonly<Record<string, number>>;
}

/** From a worker. `played` and `filmed` are null when the episode was stopped. */
export type Report =
  | { readonly kind: 'ready'; readonly introduction: Introduction }
  | { readonly kind: 'played'; readonly played: PlayedEpisode | null; readonly seconds: number }
  | { readonly kind: 'filmed'; readonly film: Film | null }
  /** What went wrong while listening. */
  | { readonly kind: 'finished'; readonly problems: readonly PlainError[] }
  | { readonly kind: 'failed'; readonly error: PlainError };

/** The policy failed, and cannot be opened again: nothing more can be played. */
export function notAgain(policy: string, error: unknown): VlaError {
  const text = error instanceof Error ? error.message : String(error);
  return new VlaError('not-found', `evaluate: policy "${policy}" failed and did not come back: ${text}`, {
    cause: error,
    hint: 'Start its server again, and run the same command to go on.',
  });
}

/** Another policy came back than the one that failed. */
export function anotherPolicy(expected: string, got: string): VlaError {
  return new VlaError('not-found', `evaluate: expected policy "${expected}" again, got "${got}".`, {
    hint: 'Its server was started with another policy: begin a new evaluation with that one.',
  });
}

export { fromPlainError, toPlainError, type PlainError } from '../base/plain-error.ts';
