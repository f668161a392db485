/** @file The stage `train`: a recipe, with its data, as `vlakit train` trains it. */

import type { Recipe } from '../../../recipes/recipe.ts';
import { VlaError } from '../../base/errors.ts';
import { checkLoopConfig } from '../../training/loop.ts';
import { checkModel } from '../../training/model-config.ts';
import { checkOptimiser } from '../../training/optimiser.ts';
import { batchSizeOf } from '../../training/recipe.ts';
import { checkSchedule } from '../../training/schedule.ts';
import { parseTuning } from '../../training/tuning.ts';
import { checkOpenLoop } from '../open-loop.ts';
import { trainRecipe } from '../train.ts';
import { checkEvaluation } from '../validation.ts';
import { recordOnce } from '../whole-run.ts';
import { identityOf } from './identity.ts';
import type { StageKind } from './stage-kind.ts';

/** Supervised learning. A sample is one of a step's batch. */
export const supervisedStage: StageKind<Recipe> = {
  bar: 'train',
  baseOf: ({ tuning }) => tuning?.base ?? null,
  prepare(recipe, seed, base) {
    if (base === null) return { ...recipe, seed };
    if (recipe.tuning !== null) return { ...recipe, seed, tuning: { ...recipe.tuning, base } };
    throw new VlaError(
      'bad-argument',
      `recipe ${recipe.name}: expected tuning in a stage that starts from a checkpoint, got null.`,
      { hint: 'Say what is fresh, frozen and saved: { base: …, fresh: [], freeze: [], lora: null, save: "whole" }.' },
    );
  },
  // Names, words, memory and decoding threads change no weight; an evaluation does where it chooses the checkpoint.
  identity(recipe, base) {
    const { name: _name, summary: _summary, openLoop: _openLoop, evaluation, data, tuning, ...rest } = recipe;
    const { workers: _workers, pictureMegabytes: _megabytes, ...learned } = data;
    const chooses = recipe.loop.evaluateEvery === null ? null : evaluation;
    return identityOf({ ...rest, data: learned, tuning: tuning === null ? null : { ...tuning, base }, chooses });
  },
  samples: ({ loop, data }) => loop.steps * batchSizeOf(data),
  horizon: ({ codec }) => codec.horizon,
  check(recipe) {
    const { loop, model, optimiser, schedule, tuning } = recipe;
    checkLoopConfig(loop);
    checkModel(model);
    checkOptimiser(optimiser);
    checkSchedule(schedule, loop.steps);
    if (tuning !== null) parseTuning(tuning, `recipe ${recipe.name}: tuning`);
    checkOpenLoop(recipe);
    checkEvaluation(recipe);
  },
  async train(recipe, { folder, workers, signal }) {
    const { record, data } = recipe;
    if (record !== null) await recordOnce(record, data.datasets[0]!.root, workers, signal);
    return trainRecipe(recipe, folder, signal);
  },
};
