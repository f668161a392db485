/** @file The kinds of stages by name: a table that is complete by type. */

import type { Stage } from '../../../recipes/studies/study.ts';
import { lookUp } from '../../base/errors.ts';
import { reinforcementStage } from './reinforcement-stage.ts';
import type { StageKind, StageRecipe } from './stage-kind.ts';
import { supervisedStage } from './supervised-stage.ts';

type Table = { readonly [K in Stage['kind']]: StageKind<Extract<Stage, { kind: K }>['recipe']> };

const KINDS: Table = { train: supervisedStage, reinforce: reinforcementStage };

/** The kind of a stage, for the stage's own recipe. */
export function stageKindOf({ kind }: Stage): StageKind<StageRecipe> {
  return lookUp('stage', kind, KINDS as unknown as Readonly<Record<string, StageKind<StageRecipe>>>);
}
