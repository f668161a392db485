/** @file A study as a list of jobs: which stages are trained and what is measured, each once, whole seeds first. */

import path from 'node:path';
import process from 'node:process';
import type { Arm, Stage, Study, Sweep } from '../../../recipes/studies/study.ts';
import { VlaError } from '../../base/errors.ts';
import { shippedFile } from '../../base/shipped-file.ts';
import { loadCheckpoint } from '../../checkpoints/checkpoint.ts';
import { resolveCheckpoint } from '../../checkpoints/checkpoint-series.ts';
import { applyOverrides } from '../../training/overrides.ts';
import { identityOf } from './identity.ts';
import type { ArmRun, Job, MeasureJob, StudyPlan, TrainJob } from './jobs.ts';
import { planLatency } from './latency.ts';
import type { MeasurementConfig } from '../../../recipes/studies/measurement-config.ts';
import { measurementOf } from './measurements.ts';
import { stageKindOf } from './stage-kinds.ts';

const SHIPPED = 'shipped:';

/** Plans the arms of `study` in the folder `out`. Throws for stages that do not fit together or a start that is not there. */
export function planStudy(study: Study, out: string): StudyPlan {
  const runs: ArmRun[] = [];
  for (let seed = 1; seed <= study.seeds; seed++) {
    for (const arm of study.arms) {
      const given = arm.stages.length === 0;
      if (!given || seed === 1) runs.push(planArm(arm, given ? null : seed, study.sweep, out));
    }
  }
  const latency = study.sweep === null ? null : planLatency(runs, study.sweep, out);
  const all: Job[] = runs.flatMap(({ stages, measurements }) => [...stages, ...measurements]);
  const jobs = new Map<string, Job>();
  for (const job of latency === null ? all : [...all, latency]) {
    if (!jobs.has(job.folder)) jobs.set(job.folder, job);
  }
  return { runs, jobs: [...jobs.values()], latency };
}

function planArm(arm: Arm, seed: number | null, sweep: Sweep | null, out: string): ArmRun {
  const stages: TrainJob[] = [];
  const start = arm.start === null ? null : startFolder(arm.start);
  let from = start === null ? null : { folder: start, identity: weightsIdentity(start) };
  for (const stage of arm.stages) {
    const job = planStage(stage, seed!, from, out);
    stages.push(job);
    from = { folder: job.folder, identity: job.identity };
  }
  if (from === null) {
    throw new VlaError('bad-argument', `arm ${arm.name}: expected stages or a start, got neither.`, {
      hint: 'Name a stage to train, or a checkpoint to measure.',
    });
  }
  const { folder: policy, identity: policyIdentity } = from;
  const configs = sweep === null ? arm.measurements : arm.measurements.flatMap((one) => swept(one, sweep));
  const measurements = configs.map((config): MeasureJob => {
    // What it is called does not change what is measured.
    const identity = identityOf({ policy: policyIdentity, config: { ...config, name: '' } });
    const folder = path.join(out, 'measurements', `${config.kind}-${identity}`);
    return { kind: 'measure', identity, folder, config, policy };
  });
  return { arm, seed, stages, measurements, policy, policyIdentity };
}

function planStage(
  written: Stage,
  seed: number,
  from: { readonly folder: string; readonly identity: string } | null,
  out: string,
): TrainJob {
  const kind = stageKindOf(written);
  const changed = applyOverrides(written.recipe, written.set);
  const recipe = kind.prepare(changed, seed, from?.folder ?? null);
  const own = kind.baseOf(recipe);
  const identity = kind.identity(recipe, from?.identity ?? (own === null ? null : weightsIdentity(own)));
  const folder = path.join(out, 'stages', `${recipe.name}-seed${seed}-${identity}`);
  const stage = { kind: written.kind, recipe, set: [] } as unknown as Stage;
  return { kind: 'train', identity, folder, stage, samples: kind.samples(recipe) };
}

/** The folder of a start: a path, or "shipped:NAME" for a checkpoint that ships with the package. */
function startFolder(start: string): string {
  if (!start.startsWith(SHIPPED)) return start;
  const folder = path.dirname(shippedFile(`checkpoints/${start.slice(SHIPPED.length)}/config.json`));
  return path.relative(process.cwd(), folder) || '.';
}

/** Names the weights of a checkpoint that is there already. */
function weightsIdentity(folder: string): string {
  return loadCheckpoint(resolveCheckpoint(folder)).sha256();
}

/** A measurement with every pair of settings of a sweep, or as it is where they do not matter. */
function swept(config: MeasurementConfig, { eulerSteps, execute }: Sweep): MeasurementConfig[] {
  const pairs = eulerSteps.flatMap((steps) => execute.map((count) => [steps, count] as const));
  return pairs.flatMap(([steps, count], i) => {
    const changed = measurementOf(config).sampledWith(config, steps, count);
    if (changed !== null) return [{ ...changed, name: sweptName(config.name, steps, count) }];
    return i === 0 ? [config] : [];
  });
}

/** What a measurement of a sweep is called. */
export function sweptName(name: string, eulerSteps: number, execute: number): string {
  return `${name}-euler${eulerSteps}-execute${execute}`;
}
