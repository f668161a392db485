/** @file A policy: observations in, action chunks out. Local models, remote servers and scripted experts alike. */

import type { ActionChunk } from './action-chunk.ts';
import type { Embodiment } from './embodiment.ts';
import type { Observation } from './observation.ts';

/** Anything that acts. Wrap one to change its behaviour: a recorder is a Policy around a Policy. */
export interface Policy {
  readonly name: string;
  /** The robot this policy was made for. */
  readonly embodiment: Embodiment;
  /** Starts a new episode; `seed` names the stream of the policy's random numbers. */
  reset(episode: { readonly seed: number }): void | Promise<void>;
  /** One inference. Rejects with a VlaError on a bad observation (missing camera, wrong size, NaN). */
  infer(observation: Observation): Promise<ActionChunk>;
  close(): Promise<void>;
}
