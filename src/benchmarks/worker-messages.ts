/** @file What the evaluation and its worker threads say to each other. */

import { VlaError, type ErrorCode } from '../base/errors.ts';
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
  readonly execute: number | 'half';
  /** Shared: [0] = 1 asks everyone to stop; [1 + worker] = when its running inference began, ms after `epoch`, or 0. */
  readonly control: Int32Array<SharedArrayBuffer>;
  /** Milliseconds since 1970. */
  readonly epoch: number;
}

/** To a worker. `film` asks for a film of an episode of known length. */
export type Order =
  | { readonly kind: 'play'; readonly planned: PlannedEpisode }
  | { readonly kind: 'film'; readonly planned: PlannedEpisode; readonly length: number; readonly film: FilmOptions }
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
  | { readonly kind: 'failed'; readonly error: PlainError };

/** An error that crosses threads. */
export interface PlainError {
  readonly message: string;
  readonly code: ErrorCode | null;
  readonly hint: string | null;
  readonly stack: string | null;
}

/** Takes an error apart for the way to another thread. */
export function toPlainError(error: unknown): PlainError {
  const known = error instanceof VlaError ? error : null;
  return {
    message: error instanceof Error ? error.message : String(error),
    code: known?.code ?? null,
    hint: known?.hint ?? null,
    stack: error instanceof Error ? (error.stack ?? null) : null,
  };
}

/** Puts it together again: a VlaError stays one, with its code and hint. */
export function fromPlainError(plain: PlainError): Error {
  const error =
    plain.code === null
      ? new Error(plain.message)
      : new VlaError(plain.code, plain.message, plain.hint === null ? {} : { hint: plain.hint });
  if (plain.stack !== null) error.stack = plain.stack;
  return error;
}
