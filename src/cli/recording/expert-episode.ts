/** @file One demonstration: the scripted expert drives an environment, and every frame is kept with what it knew. */

import type { EpisodeFrames } from '../../data/lerobot/prepare.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { EpisodeSpec, ExpertEnvironment, Outcome } from '../../interfaces/environment.ts';
import { DemonstrationFrames } from './demonstration-frames.ts';

/** How a demonstration ended; `frames` only when it succeeded. */
export interface Demonstration {
  readonly outcome: Outcome;
  readonly frames: EpisodeFrames | null;
}

/**
 * Lets the expert act until the episode ends. Executed is `disturbed` of the expert's action; recorded is the expert's
 * action, clipped to the embodiment's limits. `watch` is called at every frame, before its action.
 */
export async function demonstrate(
  environment: ExpertEnvironment,
  episode: EpisodeSpec,
  disturbed: (action: Float32Array) => Float32Array,
  watch: () => void = () => undefined,
): Promise<Demonstration> {
  const { embodiment } = environment;
  await environment.reset(episode);
  const frames = new DemonstrationFrames(environment);
  let outcome: Outcome = 'running';
  while (outcome === 'running') {
    const observation = await environment.observe();
    const action = clipped(environment.expert(), embodiment);
    frames.add(observation, action);
    watch();
    outcome = await environment.step(clipped(disturbed(action), embodiment));
  }
  return outcome === 'success' ? { outcome, frames: frames.finish() } : { outcome, frames: null };
}

function clipped(action: Float32Array, { action: { low, high } }: Embodiment): Float32Array {
  return action.map((value, i) => Math.min(high?.[i] ?? Infinity, Math.max(low?.[i] ?? -Infinity, value)));
}
