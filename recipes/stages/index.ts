/** @file The training stages of the four papers at size tiny, in order: each starts from the run of the one before it. */

import { lookUp } from '../../src/base/errors.ts';
import type { Recipe } from '../recipe.ts';
import { dm0Stages } from './dm0.ts';
import { qwenVlaStages } from './qwen-vla.ts';
import { robotRecipes } from './robots.ts';
import { xiaomiStages } from './xiaomi-robotics-0.ts';
import { zr0Stages } from './zr-0.ts';

/** The robots of the mixtures, and all stages. */
export const stages: readonly Recipe[] = [
  ...robotRecipes,
  ...dm0Stages,
  ...xiaomiStages,
  ...qwenVlaStages,
  ...zr0Stages,
];

/** The stage of this name; a miss suggests the nearest. */
export function findStage(name: string): Recipe {
  return lookUp('stage', name, Object.fromEntries(stages.map((stage) => [stage.name, stage])));
}
