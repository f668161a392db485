/** @file The quickstart with the tiny model of each family: the same demonstrations, codec, optimiser and time on two cores. */

import { FAMILIES } from '../src/models/families.ts';
import { quickstart } from './quickstart.ts';
import type { Recipe } from './recipe.ts';
import { tabletopModel } from './tabletop-parts.ts';

/** What a family needs beside its name. */
interface FamilyRun {
  /**
   * Steps that take as long as the quickstart's 11,000 take ZR-0, measured side by side (docs/results/families.md). Fixed
   * numbers, not minutes: the same seed gives the same policy on a fast and on a slow machine.
   */
  readonly steps: number;
  /** Length of the padded action vector; by default the quickstart's, which has no padding. */
  readonly actionSize?: number;
}

const RUNS: Readonly<Record<string, FamilyRun>> = {
  dm0: { steps: 10_000 },
  'qwen-vla': { steps: 6800 },
  // Its last two maps meet in as many features as the action vector has: published, 32.
  'xiaomi-robotics-0': { steps: 10_400, actionSize: 32 },
};

/** `quickstart-<family>` for every family but ZR-0, whose recipe is the quickstart. */
export const quickstartFamilies: readonly Recipe[] = Object.entries(RUNS).map(
  ([name, { steps, actionSize = quickstart.codec.actionSize }]) => ({
    ...quickstart,
    name: `quickstart-${name}`,
    summary: `the quickstart with the tiny ${FAMILIES[name]!.title}`,
    codec: { ...quickstart.codec, actionSize },
    model: tabletopModel(quickstart.model.draws, FAMILIES[name]!, { actionDim: actionSize }),
    loop: { ...quickstart.loop, steps },
  }),
);
