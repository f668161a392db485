/** @file The graph of a rollout: observations and noise to chunks of actions, the step that took chances, its log-probability, and the critic's value. */

import { input, output, trace, type Graph } from '../../engine/index.ts';
import { overChunk, sdeWalk } from '../../models/parts/flow-sde.ts';
import { promptValue } from '../../models/parts/value-head.ts';
import { actorParameters, criticParameters, seeObservations, type ActorCritic } from './actor-critic.ts';

/** Inputs that hold the parameters, f32 vectors. */
export const ACTOR = 'step.actor.weights';
export const CRITIC = 'step.critic.weights';

/**
 * Inputs: the observations' tensors, `noise` and `chance` f32 [B, H, A] (standard normal; the noise scaled), `choice` f32 [B, N] one-hot,
 * and the parameters. Outputs: `actions`, `before`, `after` [B, H, A], `logProbability` and `value` [B], and what is kept of prompts.
 */
export function actGraph(ac: ActorCritic, B: number): Graph {
  const { codec, table, execute } = ac;
  return trace(() => {
    const actor = actorParameters(ac, input(ACTOR, 'f32', [ac.actor.count]));
    const critic = criticParameters(ac, input(CRITIC, 'f32', [ac.critic.count]));
    const chunk = [B, codec.horizon, codec.actionDim];
    const draws = {
      noise: input('noise', 'f32', chunk),
      chance: input('chance', 'f32', chunk),
      choice: input('choice', 'f32', [B, table.length]),
    };
    const { flow, pooled, mask } = seeObservations(ac, actor, B);
    const { logProbability, ...walk } = sdeWalk(flow, draws, mask, table);
    for (const [name, value] of Object.entries(walk)) output(name, value);
    output('logProbability', overChunk(logProbability, mask, execute));
    output('value', promptValue(critic, pooled));
  });
}
