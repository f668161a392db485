/** @file A policy: observations in, action chunks out. Local models, remote servers and scripted experts alike. */

import type { ActionChunk } from './action-chunk.ts';
import type { Embodiment } from './embodiment.ts';
import type { Observation } from './observation.ts';

/** What is executed while an inference runs: the chunk that it will take over from. */
export interface Continuation {
  /**
   * The actions that the running chunk has for this observation's tick and the ticks after it, row-major [count, dim], in the
   * embodiment's units.
   */
  readonly actions: Float32Array;
  readonly count: number;
  /** The first of them, 0 to `count`, are certain to be executed before the new chunk can take over (Δt_c). */
  readonly committed: number;
}

/**
 * How a policy continues a chunk. `prefix`: it was trained to be given the first actions of its chunk and keeps them as they are.
 * `guided`: sampling is pulled towards the running chunk by the gradient of the error (real-time chunking, Black et al. 2025);
 * `guided-forward`: the same without a backward pass.
 */
export type ContinuationKind = 'prefix' | 'guided' | 'guided-forward';

/** How one inference is asked for. */
export interface InferenceOptions {
  /** Ignored by no policy: one that cannot continue rejects with `unsupported`. */
  readonly continuation?: Continuation;
  /** Whoever asked no longer wants the answer. */
  readonly signal?: AbortSignal;
}

/** Anything that acts. Wrap one to change its behaviour: a recorder is a Policy around a Policy. */
export interface Policy {
  readonly name: string;
  /** The robot this policy was made for. */
  readonly embodiment: Embodiment;
  /** How it continues the chunk that is being executed; left out: it cannot. `longest`: the most committed actions it takes. */
  readonly continues?: { readonly kind: ContinuationKind; readonly longest: number };
  /** Starts a new episode; `seed` names the stream of the policy's random numbers. */
  reset(episode: { readonly seed: number }): void | Promise<void>;
  /**
   * One inference. Action i of the chunk is for the observation's tick + i, also where a chunk is continued. Rejects with a
   * VlaError on a bad observation (missing camera, wrong size, NaN).
   */
  infer(observation: Observation, options?: InferenceOptions): Promise<ActionChunk>;
  /**
   * Another player of this policy: it shares the weights, and has an episode of its own. Both may infer at the same time. Closing one
   * leaves the others open; the weights are freed when this one, the first, is closed. Left out: open the policy once more.
   */
  another?(): Policy;
  /** Most inferences of its players that it computes as one when they are asked for together; left out: one. */
  readonly together?: number;
  close(): Promise<void>;
}
