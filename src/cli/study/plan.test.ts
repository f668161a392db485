/** @file Plans of studies: what is shared, in which order, what names a stage, and what is refused. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debug } from '../../../recipes/debug.ts';
import { debugStudy } from '../../../recipes/studies/debug.ts';
import { eulerSteps } from '../../../recipes/studies/euler-steps.ts';
import { rlDebug } from '../../../recipes/rl-tabletop.ts';
import { TABLETOP_SUCCESS } from '../../../recipes/studies/study-parts.ts';
import type { Arm, Study } from '../../../recipes/studies/study.ts';
import { checkPlan, checkStudy, onlyArms } from './check-study.ts';
import type { Job } from './jobs.ts';
import { planStudy } from './plan.ts';
import { stageKindOf } from './stage-kinds.ts';
import { supervisedStage } from './supervised-stage.ts';

const plan = planStudy(debugStudy, 'out');
const seedOf = (job: Job): number | null => (job.kind === 'train' ? job.stage.recipe.seed : null);

test('stages that arms share are trained once, and whole seeds are finished first', () => {
  const trained = plan.jobs.filter((job) => job.kind === 'train');
  // Per seed: one at once, one shared first stage, two second stages.
  assert.deepEqual(trained.map(seedOf), [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
  assert.equal(plan.jobs.filter((job) => job.kind === 'measure').length, 9);
  assert.equal(new Set(plan.jobs.map(({ folder }) => folder)).size, plan.jobs.length);
  const [, inTwo, frozen] = plan.runs;
  assert.equal(inTwo!.stages[0]!.folder, frozen!.stages[0]!.folder);
  assert.notEqual(inTwo!.stages[1]!.folder, frozen!.stages[1]!.folder);
});

test('every stage is trained before what starts from it, and before it is measured', () => {
  const done = new Set<string>();
  for (const job of plan.jobs) {
    if (job.kind === 'train') {
      const base = stageKindOf(job.stage).baseOf(job.stage.recipe);
      assert.ok(base === null || done.has(base), `${job.folder} starts from ${base}`);
    } else if (job.kind === 'measure') assert.ok(done.has(job.policy), job.policy);
    done.add(job.folder);
  }
});

test('an identity says what the weights depend on, and nothing else', () => {
  const stageIdentity = supervisedStage.identity;
  const own = stageIdentity(debug, null);
  const { data, loop } = debug;
  for (const same of [
    { ...debug, name: 'other', summary: '', evaluation: null },
    { ...debug, data: { ...data, workers: 7, pictureMegabytes: 1 } },
  ]) {
    assert.equal(stageIdentity(same, null), own);
  }
  const others = [
    stageIdentity({ ...debug, seed: 2 }, null),
    stageIdentity({ ...debug, data: { ...data, datasets: [{ ...data.datasets[0]!, root: 'elsewhere' }] } }, null),
    stageIdentity({ ...debug, loop: { ...loop, steps: 21 } }, null),
    stageIdentity({ ...debug, record: { ...debug.record!, episodes: 4 } }, null),
    stageIdentity({ ...debug, loop: { ...loop, evaluateEvery: 10 } }, null),
    stageIdentity(
      { ...debug, loop: { ...loop, evaluateEvery: 10 }, evaluation: { ...debug.evaluation!, execute: 1 } },
      null,
    ),
  ];
  assert.equal(new Set([own, ...others]).size, others.length + 1);
  const later = { ...debug, tuning: { base: 'a', fresh: [], freeze: [], lora: null, save: 'whole' } } as const;
  assert.notEqual(stageIdentity(later, 'one'), stageIdentity(later, 'two'));
  assert.equal(stageIdentity({ ...later, tuning: { ...later.tuning, base: 'b' } }, 'one'), stageIdentity(later, 'one'));
});

test('arms with another number of samples are refused, unless the study allows it', () => {
  const [first, ...rest] = debugStudy.arms;
  const longer: Arm = { ...first!, stages: [{ kind: 'train', recipe: debug, set: ['loop.steps=60'] }] };
  const study: Study = { ...debugStudy, arms: [longer, ...rest] };
  assert.throws(() => checkPlan(study, planStudy(study, 'out'), false), {
    code: 'mismatch',
    message: 'study debug: expected arm at-once to learn from 160 samples in all its stages, got 240.',
  });
  const free: Study = { ...study, budget: null };
  checkPlan(free, planStudy(free, 'out'), false);
  const last: Study = { ...debugStudy, budget: { samples: 80, of: 'last-stage' } };
  assert.throws(() => checkPlan(last, planStudy(last, 'out'), false), /got 160/);
});

test('with overrides the arms must still be equal, at whatever number', () => {
  const [first, ...rest] = debugStudy.arms;
  const shorter = debugStudy.arms.map((arm) => {
    return { ...arm, stages: arm.stages.map((stage) => ({ ...stage, set: [...stage.set, 'loop.steps=10'] })) };
  });
  const study: Study = { ...debugStudy, arms: shorter };
  assert.throws(() => checkPlan(study, planStudy(study, 'out'), true), /expected arm in-two to learn from 40 samples/);
  const two: Study = { ...study, arms: shorter.slice(1), comparisons: [] };
  checkPlan(two, planStudy(two, 'out'), true);
  assert.equal(rest.length, 2);
  assert.equal(first!.name, 'at-once');
});

test('what cannot be carried out is refused by name', () => {
  const [first, second] = debugStudy.arms;
  const withArm = (arm: Study['arms'][number]): Study => ({ ...debugStudy, arms: [arm, second!], comparisons: [] });
  const whole: Arm = { ...first!, stages: [...first!.stages, { kind: 'train', recipe: debug, set: [] }] };
  assert.throws(() => planStudy(withArm(whole), 'out'), {
    message: /recipe debug: expected tuning in a stage that starts from a checkpoint/,
  });
  assert.throws(() => planStudy(withArm({ ...first!, stages: [] }), 'out'), /expected stages or a start, got neither/);
  assert.throws(() => planStudy(withArm({ ...first!, stages: [], start: 'no/run' }), 'out'), { code: 'not-found' });
  const measured = (changes: object): Study =>
    withArm({ ...first!, measurements: [{ ...first!.measurements[0]!, ...changes }] });
  const check = (study: Study): void => checkPlan({ ...study, budget: null }, planStudy(study, 'out'), false);
  assert.throws(() => check(measured({ tasks: ['tuoch'] })), { hint: 'Did you mean "touch"?' });
  assert.throws(
    () => check(measured({ execute: 5 })),
    /measurement success\.execute: .* from 1 to 4 \(the horizon\), got 5/,
  );
  const warm: Arm = { ...first!, stages: [{ kind: 'train', recipe: debug, set: ['schedule.warmupSteps=50'] }] };
  assert.throws(() => check(withArm(warm)), /schedule\.warmupSteps: expected 0 to less than the 20 steps/);
  assert.throws(() => checkStudy({ ...debugStudy, seeds: 0 }), /expected at least 1 training seed, got 0/);
  assert.throws(
    () => checkStudy({ ...debugStudy, arms: [first!, first!] }),
    /names of their own in kebab-case, got "at-once"/,
  );
  const comparison = { ...debugStudy.comparisons[0]!, against: 'at-onec' };
  assert.throws(() => checkStudy({ ...debugStudy, comparisons: [comparison] }), { hint: 'Did you mean "at-once"?' });
});

test('--only leaves the named arms and what can be compared among them', () => {
  const study = onlyArms(debugStudy, ['in-two', 'frozen']);
  assert.deepEqual(
    study.arms.map(({ name }) => name),
    ['in-two', 'frozen'],
  );
  assert.equal(study.comparisons.length, 1);
  assert.throws(() => onlyArms(debugStudy, ['forzen']), { hint: 'Did you mean "frozen"?' });
});

test('a sweep measures every pair of settings of a given checkpoint once, and times all arms last', () => {
  const study: Study = {
    ...eulerSteps,
    budget: null,
    arms: [
      {
        ...eulerSteps.arms[0]!,
        start: 'shipped:quickstart',
        stages: [],
        measurements: [{ ...TABLETOP_SUCCESS, episodes: 5 }],
      },
    ],
    sweep: { eulerSteps: [1, 4], execute: [2, 8], latency: { rounds: 2, inferences: 3 } },
  };
  const { runs, jobs, latency } = planStudy(study, 'out');
  assert.deepEqual(
    runs.map(({ seed }) => seed),
    [null],
  );
  const settings = jobs.map((job) => {
    if (job.kind !== 'measure' || job.config.kind !== 'success') return job.kind;
    return [job.config.eulerSteps, job.config.execute];
  });
  assert.deepEqual(settings, [[1, 2], [1, 8], [4, 2], [4, 8], 'latency']);
  assert.equal(latency, jobs.at(-1));
  assert.equal(new Set(jobs.map(({ identity }) => identity)).size, 5);
});

test('reinforcement learning is a stage like any other: it starts from its predecessor, and its chunks are its samples', () => {
  const [first] = debugStudy.arms;
  const stages = [...first!.stages, { kind: 'reinforce', recipe: rlDebug, set: ['loop.steps=3'] }] as const;
  const study: Study = { ...debugStudy, arms: [{ ...first!, stages }], comparisons: [], budget: null };
  const { runs } = planStudy(study, 'out');
  const [supervised, reinforced] = runs[1]!.stages;
  const { recipe } = reinforced!.stage;
  assert.ok('base' in recipe);
  // Two environments play three chunks in each of three updates.
  assert.deepEqual([recipe.base, recipe.seed, reinforced!.samples], [supervised!.folder, 2, 18]);
  checkPlan(study, planStudy(study, 'out'), false);
  assert.notEqual(runs[0]!.stages[1]!.identity, reinforced!.identity);
});
