/**
 * @file The seam between protocols and the policy: what every protocol adapter talks to. A service answers for many clients at once;
 * each has a session with an episode of its own.
 */

import type { ActionChunk } from '../interfaces/action-chunk.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Continuation, Policy } from '../interfaces/policy.ts';
import type { ServingMetrics } from './metrics.ts';

/** What is served: what a client must agree with before anything moves. */
export interface PolicyContract {
  /** What the policy calls itself. */
  readonly policy: string;
  /** Cameras, state and action layout, conventions, control rate. */
  readonly embodiment: Embodiment;
  /** Actions of one chunk. */
  readonly horizon: number;
  /** SHA-256 (hex) of the normalisation statistics; null where the policy names none. */
  readonly statistics: string | null;
  /** How it continues running chunks; null: it cannot. */
  readonly continues: NonNullable<Policy['continues']> | null;
}

/** `starting`: not warm yet, or warming up again after its thread died; `failed`: it cannot be served, for good. */
export type ServiceState = 'starting' | 'ready' | 'failed' | 'closed';

/** Bounds of what clients may ask of the service together. */
export interface ServiceLimits {
  /** Most sessions at one time. */
  readonly sessions: number;
  /** Most requests that wait for their turn; more are refused. */
  readonly waiting: number;
  /** The longest that one inference may take, waiting included, ms. */
  readonly requestMs: number;
}

/** How one inference is asked for. */
export interface SessionInferOptions {
  /** The client no longer wants the answer. A request that has not begun is dropped; one that runs is cut off where the policy can. */
  readonly signal?: AbortSignal;
  /** Milliseconds from now after which the answer is worth nothing; the service's own limit holds, too. */
  readonly deadlineMs?: number;
  readonly continuation?: Continuation;
  /** Memory of the observation that the service may take from the caller (a frame that nobody else reads); left out: it is copied. */
  readonly handOver?: readonly ArrayBuffer[];
}

/** One client's episode. Sessions do not disturb each other: the same seed and observations give the same actions as alone. */
export interface PolicySession {
  readonly id: number;
  /**
   * One inference, one at a time per session. Rejects with a VlaError: what is wrong in the observation; `interrupted` for a missed
   * deadline or a cancelled request; `unsupported` where the queue is full; `io` where the policy's thread died: a new
   * episode has to begin then (`reset`).
   */
  infer(observation: Observation, options?: SessionInferOptions): Promise<ActionChunk>;
  /** Starts a new episode. */
  reset(episode: { readonly seed: number }): Promise<void>;
  /** Gives its place free. What still runs for it is cancelled. */
  close(): Promise<void>;
}

/** A policy for many clients. */
export interface PolicyService {
  readonly state: ServiceState;
  readonly limits: ServiceLimits;
  readonly metrics: ServingMetrics;
  /** Resolves when the policy is warm; rejects with what it failed by, or with the reason of `signal`. */
  ready(signal?: AbortSignal): Promise<PolicyContract>;
  /** Waits until the policy is warm. Rejects with `unsupported` when all places are taken. */
  openSession(episode: { readonly seed: number }): Promise<PolicySession>;
  /** Rejects what still waits and ends the policy's thread. */
  close(): Promise<void>;
}
