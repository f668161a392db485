/** @file The quickstart with the tiny model of each family: the same demonstrations, codec, optimiser and time on two cores. */

import { FAMILIES } from '../src/models/families.ts';
import { quickstart } from './quickstart.ts';
import type { Recipe } from './recipe.ts';
import { tabletopModel } from './tabletop-parts.ts';

/**
 * Steps that take each family as long as the quickstart's 11,000 take ZR-0, measured side by side (docs/results/families.md).
 * Fixed numbers, not minutes: the same seed gives the same policy on a fast and on a slow machine.
 */
const STEPS: Readonly<Record<string, number>> = {
  dm0: 10_000,
  'qwen-vla': 6_800,
  'xiaomi-robotics-0': 10_400,
};

/** `quickstart-<family>` for every family but ZR-0, whose recipe is the quickstart. */
export const quickstartFamilies: readonly Recipe[] = Object.entries(STEPS).map(([name, steps]) => ({
  ...quickstart,
  name: `quickstart-${name}`,
  summary: `the quickstart with the tiny ${FAMILIES[name]!.title}`,
  model: tabletopModel(quickstart.model.draws, FAMILIES[name]!),
  loop: { ...quickstart.loop, steps },
}));
