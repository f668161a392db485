/** @file The environments that a recipe of reinforcement learning asks for: in threads of this process, or on servers. */

import type { ReinforcementRun } from '../../../recipes/reinforcement.ts';
import type { EnvironmentPool } from '../../interfaces/environment-pool.ts';
import { TABLETOP_MODULE, VectorEnvironment } from '../../simulation/vector.ts';
import { environmentTasks } from '../../training/reinforcement/recipe.ts';

/** Opens them. */
export function openPool({ rollout, world }: Pick<ReinforcementRun, 'rollout' | 'world'>): Promise<EnvironmentPool> {
  const size = environmentTasks(rollout).length;
  const { imageSize, workers } = world;
  return VectorEnvironment.open({ module: TABLETOP_MODULE, options: { imageSize }, size, workers });
}
