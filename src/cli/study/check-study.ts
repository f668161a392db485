/** @file Refuses a study that could not be carried out or reported, before anyone waits for its training. */

import { VlaError, lookUp } from '../../base/errors.ts';
import type { Arm, Study } from '../../../recipes/studies/study.ts';
import { loadCheckpoint } from '../../checkpoints/checkpoint.ts';
import { resolveCheckpoint } from '../../checkpoints/checkpoint-series.ts';
import { measurementOf } from './measurements.ts';
import type { ArmRun, StudyPlan } from './jobs.ts';
import { stageKindOf } from './stage-kinds.ts';

/** Budgets count as equal up to this share: batches of other sizes seldom divide the same number of samples. */
const BUDGET_TOLERANCE = 0.01;

/** Throws for names that are doubled or missing, and numbers that cannot work. */
export function checkStudy(study: Study): void {
  const { name, arms, seeds, comparisons, sweep } = study;
  if (!Number.isInteger(seeds) || seeds < 1) {
    throw new VlaError('bad-argument', `study ${name}: expected at least 1 training seed, got ${seeds}.`, {
      hint: 'Three seeds give an interval that says something about the recipe.',
    });
  }
  requireUnique(`study ${name}: arms`, arms);
  for (const arm of arms) requireUnique(`arm ${arm.name}: measurements`, arm.measurements);
  if (sweep !== null && (sweep.eulerSteps.length === 0 || sweep.execute.length === 0)) {
    throw new VlaError(
      'bad-argument',
      `study ${name}: expected values in sweep.eulerSteps and sweep.execute, got none.`,
      {
        hint: 'List at least one of each, or set sweep to null.',
      },
    );
  }
  const byName = Object.fromEntries(arms.map((arm) => [arm.name, arm]));
  for (const { arm, against, measurement } of comparisons) {
    for (const side of [arm, against]) {
      const measured = lookUp(`comparisons of ${name}: arm`, side, byName).measurements;
      lookUp(`comparisons of ${name}: measurement`, measurement, Object.fromEntries(measured.map((m) => [m.name, m])));
    }
  }
}

function requireUnique(where: string, items: readonly { readonly name: string }[]): void {
  const names = items.map((item) => item.name);
  const bad = names.find((name, i) => names.indexOf(name) !== i || !/^[a-z0-9]+([.-][a-z0-9]+)*$/.test(name));
  if (bad === undefined && names.length > 0) return;
  const got = bad === undefined ? 'none' : `"${bad}"`;
  throw new VlaError('bad-argument', `${where}: expected names of their own in kebab-case, got ${got}.`, {
    hint: 'Folders, tables and --only use these names.',
  });
}

/** Throws for stages, budgets and measurements that cannot work; `overridden`: the stated budget was changed by `--set`. */
export function checkPlan(study: Study, plan: StudyPlan, overridden: boolean): void {
  for (const run of plan.runs) {
    for (const { stage } of run.stages) stageKindOf(stage).check(stage.recipe);
    const horizon = horizonOf(run);
    for (const { config } of run.measurements) {
      measurementOf(config).check(config, `arm ${run.arm.name}, measurement ${config.name}`, horizon);
    }
  }
  if (study.budget !== null) checkBudget(study, plan, overridden);
}

/** Actions of a chunk of the arm's policy; null for a model that only answers. */
function horizonOf({ stages, policy }: Pick<ArmRun, 'stages' | 'policy'>): number | null {
  const said = [...stages].reverse().map(({ stage }) => stageKindOf(stage).horizon(stage.recipe));
  const known = said.find((horizon) => horizon !== null);
  if (known !== undefined && known !== null) return known;
  const first = stages[0]?.stage;
  const base = first === undefined ? policy : stageKindOf(first).baseOf(first.recipe)!;
  const checkpoint = loadCheckpoint(resolveCheckpoint(base));
  return checkpoint.has('codec.json') ? checkpoint.json<{ horizon: number }>('codec.json').horizon : null;
}

/** Samples that count for the budget of an arm. */
function budgetedSamples({ stages }: ArmRun, of: 'all-stages' | 'last-stage'): number {
  const counted = of === 'all-stages' ? stages : stages.slice(-1);
  return counted.reduce((sum, { samples }) => sum + samples, 0);
}

function checkBudget({ name, budget }: Study, plan: StudyPlan, overridden: boolean): void {
  const trained = plan.runs.filter(({ stages }) => stages.length > 0);
  const { samples: stated, of } = budget!;
  const wanted = overridden ? budgetedSamples(trained[0]!, of) : stated;
  for (const run of trained) {
    const samples = budgetedSamples(run, of);
    if (Math.abs(samples - wanted) <= BUDGET_TOLERANCE * wanted) continue;
    const which = of === 'all-stages' ? 'in all its stages' : 'in its last stage';
    throw new VlaError(
      'mismatch',
      `study ${name}: expected arm ${run.arm.name} to learn from ${wanted} samples ${which}, got ${samples}.`,
      { hint: 'Change loop.steps of its stages, or the budget: arms are compared at equal numbers of samples.' },
    );
  }
}

/** The study with the arms of these names alone, and the comparisons that are left; a miss suggests the nearest. */
export function onlyArms(study: Study, names: readonly string[]): Study {
  const table = Object.fromEntries(study.arms.map((arm): [string, Arm] => [arm.name, arm]));
  for (const name of names) lookUp('--only: arm', name, table);
  const arms = study.arms.filter(({ name }) => names.includes(name));
  const left = (name: string): boolean => names.includes(name);
  return { ...study, arms, comparisons: study.comparisons.filter((one) => left(one.arm) && left(one.against)) };
}
