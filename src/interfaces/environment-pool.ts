/** @file Many environments played side by side, in blocks of actions: in threads of this process, or on another machine. */

import type { Embodiment } from './embodiment.ts';
import type { EpisodeSpec, Outcome } from './environment.ts';
import type { Observation } from './observation.ts';

/** How a block of actions ended. */
export interface BlockResult {
  /** `timeout` also where an episode has reached its task's longest length. */
  readonly outcome: Outcome;
  /** How many of the actions were executed: fewer than given where the episode ended before. */
  readonly ticks: number;
  /** What is seen afterwards; the caller owns it. */
  readonly observation: Observation;
}

/** Environments of one kind. One call at a time; null entries leave an environment alone. */
export interface EnvironmentPool {
  readonly size: number;
  readonly embodiment: Embodiment;
  readonly tasks: readonly string[];
  readonly perturbations: readonly string[];
  /** Starts episodes; answers with the first observations. */
  reset(episodes: readonly (EpisodeSpec | null)[]): Promise<(Observation | null)[]>;
  /**
   * Executes blocks of actions, row-major [count ≥ 1, action size], in the embodiment's units, each until its episode ends. A wrong
   * length is `bad-shape`, NaN `not-finite`; an episode that is over takes no more actions (`bad-argument`).
   */
  play(blocks: readonly (Float32Array | null)[]): Promise<(BlockResult | null)[]>;
  close(): Promise<void>;
}

/** An episode's end for reinforcement learning: the sparse reward, and whether it was over for good or cut off by the clock. */
export function judgeOutcome(outcome: Outcome): {
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
} {
  return {
    reward: outcome === 'success' ? 1 : 0,
    terminated: outcome !== 'running' && outcome !== 'timeout',
    truncated: outcome === 'timeout',
  };
}
