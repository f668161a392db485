/** @file The training stages of the four papers at size tiny, in order: each starts from the run of the one before it. */

import type { Recipe } from '../recipe.ts';
import { qwenVlaStages } from './qwen-vla.ts';
import { zr0Stages } from './zr-0.ts';

/** All stages. */
export const stages: readonly Recipe[] = [...qwenVlaStages, ...zr0Stages];
