/** @file The evaluation during training: a few closed-loop episodes per task, on seeds of its own, choose the best checkpoint. */

import path from 'node:path';
import { evaluationWorld, type EvaluationConfig, type Recipe } from '../../recipes/recipe.ts';
import { VlaError } from '../base/errors.ts';
import { startProgress, type Progress } from '../base/progress.ts';
import { evaluate } from '../benchmarks/evaluate.ts';
import { chooseConditions, chooseTasks, unseenSeed } from '../benchmarks/protocol.ts';
import type { WorldChoice } from '../simulation/worlds.ts';
import type { EvaluationDuringTraining } from '../training/loop.ts';
import { checkpointPolicy } from '../training/policy-module.ts';
import { requireWorld, worldContents, worldModule } from './world-module.ts';

/** Far from the seeds of evaluations, which count from 0: what chooses a checkpoint must not also judge it. */
const FIRST_VALIDATION_SEED = 1_000_000;

/** Throws for an evaluation that could not be played, before anyone waits for the training that it follows. */
export function checkEvaluation(recipe: Recipe): void {
  const { evaluation, codec, loop } = recipe;
  if (evaluation === null) return;
  const { tasks, perturbations } = worldContents(evaluationWorld(recipe));
  if (loop.evaluateEvery !== null) requireWorld(evaluationWorld(recipe));
  chooseTasks(evaluation.tasks, tasks);
  chooseConditions(evaluation.conditions, perturbations);
  for (const [name, most] of [
    ['episodes', Infinity],
    ['validationEpisodes', Infinity],
    ['execute', codec.horizon],
  ] as const) {
    const value = evaluation[name];
    if (Number.isInteger(value) && value >= 1 && value <= most) continue;
    const range = most === Infinity ? 'a whole number of at least 1' : `a whole number from 1 to ${most} (the horizon)`;
    throw new VlaError('bad-argument', `evaluation.${name}: expected ${range}, got ${value}.`, {
      hint: `Correct it in the recipe, or with --set evaluation.${name}=…`,
    });
  }
}

/** Plays the checkpoint in `folder`; the score is the mean success rate of the tasks. */
export async function validate(
  evaluation: EvaluationConfig,
  folder: string,
  world: WorldChoice,
  workers: number,
  signal: AbortSignal,
): Promise<EvaluationDuringTraining> {
  const bar: { progress?: Progress } = {};
  const { result } = await evaluate({
    environment: worldModule(world),
    policy: checkpointPolicy({ folder }),
    policyName: path.basename(folder),
    tasks: evaluation.tasks,
    conditions: ['base'],
    episodes: evaluation.validationEpisodes,
    firstSeed: unseenSeed(FIRST_VALIDATION_SEED),
    execute: evaluation.execute,
    workers,
    inferenceTimeoutMs: null,
    film: null,
    command: '',
    checkpoint: null,
    signal,
    onProgress(done, total, note) {
      bar.progress ??= startProgress({ label: 'validate', total, unit: 'episodes' });
      bar.progress.update(done, note);
    },
  });
  bar.progress?.finish();
  if (result.partial) {
    const done = `${result.episodes.length} of ${result.planned} episodes`;
    throw new VlaError('interrupted', `validate: stopped after ${done} with ${folder}; that checkpoint is whole.`, {
      hint: 'Run the same command again to continue exactly there.',
    });
  }
  const rate = (task: string): number => {
    const episodes = result.episodes.filter((episode) => episode.task === task);
    return episodes.filter(({ outcome }) => outcome === 'success').length / episodes.length;
  };
  const metrics = Object.fromEntries(result.protocol.tasks.map((task) => [task, rate(task)]));
  const rates = Object.values(metrics);
  return { score: rates.reduce((sum, value) => sum + value, 0) / rates.length, metrics };
}
