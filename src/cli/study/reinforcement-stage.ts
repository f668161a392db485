/** @file The stage `reinforce`: a policy trained further by its own successes, as `vlakit reinforce` does it. */

import type { ReinforcementRun } from '../../../recipes/reinforcement-run.ts';
import { checkReinforcement, chunksOf } from '../../training/reinforcement/recipe.ts';
import { reinforceRecipe } from '../reinforce.ts';
import { identityOf } from './identity.ts';
import type { StageKind } from './stage-kind.ts';

/** Reinforcement learning. A sample is a chunk that was played. */
export const reinforcementStage: StageKind<ReinforcementRun> = {
  bar: 'reinforce',
  baseOf: ({ base }) => base,
  prepare: (recipe, seed, base) => ({ ...recipe, seed, base: base ?? recipe.base }),
  // Threads and servers play the same episodes.
  identity(recipe, base) {
    const { name: _name, summary: _summary, evaluation, world, ...rest } = recipe;
    const chooses = recipe.loop.evaluateEvery === null ? null : evaluation;
    return identityOf({ ...rest, base, world: { imageSize: world.imageSize }, chooses });
  },
  samples: ({ rollout, loop }) => loop.steps * chunksOf(rollout),
  horizon: () => null,
  check: checkReinforcement,
  train: (recipe, { folder, signal }) => reinforceRecipe(recipe, folder, signal),
};
