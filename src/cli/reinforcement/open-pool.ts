/** @file The environments that a recipe of reinforcement learning asks for: in threads of this process, or on servers. */

import type { ReinforcementRun } from '../../../recipes/reinforcement.ts';
import type { EnvironmentPool } from '../../interfaces/environment-pool.ts';
import { VectorEnvironment, WORLDS_MODULE } from '../../simulation/vector.ts';
import type { WorldChoice } from '../../simulation/worlds.ts';
import { environmentTasks } from '../../training/reinforcement/recipe.ts';

/** The built-in world of a recipe. */
export function worldChoice({ name, imageSize }: ReinforcementRun['world']): WorldChoice {
  return { imageSize, ...(name === undefined ? {} : { world: name }) };
}

/** Opens them. */
export function openPool({ rollout, world }: Pick<ReinforcementRun, 'rollout' | 'world'>): Promise<EnvironmentPool> {
  const size = environmentTasks(rollout).length;
  return VectorEnvironment.open({ module: WORLDS_MODULE, options: worldChoice(world), size, workers: world.workers });
}
