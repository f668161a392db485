/** @file What a study found so far: `study.json`, gathered from the records of its finished jobs. */

import type { Budget, Comparison, Study, Sweep } from '../../../recipes/studies/study.ts';
import { machine, versions } from '../../benchmarks/provenance.ts';
import {
  differenceInterval,
  meanInterval,
  realMeanInterval,
  type DifferenceInterval,
  type SeedScores,
} from '../../benchmarks/seed-intervals.ts';
import { mean, type RateInterval } from '../../benchmarks/statistics.ts';
import { readMeasurement, readStage, type MeasurementRecord, type StageRecord } from './job-files.ts';
import { readLatency, type LatencyRecord } from './latency.ts';
import type { AxisValue } from './measurement.ts';
import type { ArmRun, Job, StudyPlan } from './jobs.ts';
import { inCommon, sums, type ScoreSums } from './score-items.ts';
import { sweepDifferences, type SweepDifference } from './sweep-differences.ts';

/** The version of the file's layout. */
export const STUDY_SCHEMA = 'vlakit.study/1';

/** One series of one measurement of an arm, over its seeds. */
export interface RateRow extends RateInterval {
  readonly arm: string;
  readonly measurement: string;
  readonly series: string;
  /** As of `Series`. */
  readonly unit?: string;
  readonly at?: AxisValue;
  /** Finished ones; [null]: a given checkpoint. */
  readonly seeds: readonly (number | null)[];
  /** Per seed. */
  readonly rates: readonly number[];
  /** Items of each seed. */
  readonly items: number;
  /** Per task, or whatever the strata are, over all seeds. */
  readonly strata: Readonly<Record<string, number>>;
}

/** A comparison with what was found. */
export type DifferenceRow = Comparison & DifferenceInterval & { readonly unit?: string };

/** What a setting of a sweep gains in one arm. */
export interface SweepRow extends SweepDifference {
  readonly arm: string;
  readonly measurement: string;
  readonly series: string;
}

/** What one arm did with one seed, finished parts alone. */
export interface RunRecord {
  readonly arm: string;
  readonly seed: number | null;
  readonly stages: readonly StageRecord[];
  readonly measurements: readonly {
    readonly name: string;
    readonly identity: string;
    readonly sha256: string;
    readonly seconds: number;
    readonly details: Readonly<Record<string, number>>;
    /** Per series and stratum the sum of the scores, and how many there are. */
    readonly series: Readonly<Record<string, ScoreSums>>;
  }[];
}

/** A study and its results. */
export interface StudyResult {
  readonly schema: typeof STUDY_SCHEMA;
  readonly study: string;
  readonly question: string;
  readonly claim: string;
  readonly command: string;
  /** Jobs that are finished, and all of them. */
  readonly done: number;
  readonly jobs: number;
  readonly seeds: number;
  readonly budget: Budget | null;
  readonly sweep: Sweep | null;
  readonly arms: readonly {
    readonly name: string;
    readonly title: string;
    /** Of all stages. */
    readonly samples: number;
    /** Names; in a sweep each is repeated with every pair of settings. */
    readonly measurements: readonly string[];
  }[];
  readonly rates: readonly RateRow[];
  readonly differences: readonly DifferenceRow[];
  /** In a sweep: settings against each other within each arm. */
  readonly sweepDifferences: readonly SweepRow[];
  readonly latency: LatencyRecord | null;
  readonly runs: readonly RunRecord[];
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: ReturnType<typeof machine>;
}

/** Gathers what is finished. */
export function studyResult(study: Study, plan: StudyPlan, command: string): StudyResult {
  const records = plan.runs.map(readRun);
  const table = scoreTable(records);
  const samples = (name: string): number => {
    const run = plan.runs.find(({ arm }) => arm.name === name)!;
    return run.stages.reduce((sum, stage) => sum + stage.samples, 0);
  };
  return {
    schema: STUDY_SCHEMA,
    study: study.name,
    question: study.question,
    claim: study.claim,
    command,
    done: plan.jobs.filter(isDone).length,
    jobs: plan.jobs.length,
    seeds: study.seeds,
    budget: study.budget,
    sweep: study.sweep,
    arms: study.arms.map(({ name, title, measurements }) => {
      return { name, title, samples: samples(name), measurements: measurements.map((one) => one.name) };
    }),
    rates: [...table.values()].map(rateRow),
    differences: study.comparisons.flatMap((one) => difference(one, table)),
    sweepDifferences: sweepRows(study, table),
    latency: plan.latency === null ? null : readLatency(plan.latency),
    runs: records.map(runRecord),
    versions: versions(),
    machine: machine(),
  };
}

interface ReadRun {
  readonly run: ArmRun;
  readonly stages: readonly StageRecord[];
  readonly measurements: readonly { readonly name: string; readonly record: MeasurementRecord }[];
}

function readRun(run: ArmRun): ReadRun {
  return {
    run,
    stages: run.stages.map(readStage).filter((record) => record !== null),
    measurements: run.measurements.flatMap((job) => {
      const record = readMeasurement(job);
      return record === null ? [] : [{ name: job.config.name, record }];
    }),
  };
}

function isDone(job: Job): boolean {
  if (job.kind === 'train') return readStage(job) !== null;
  return (job.kind === 'measure' ? readMeasurement(job) : readLatency(job)) !== null;
}

/** Scores under what names them: arm, measurement, series. */
interface NamedScores {
  readonly arm: string;
  readonly measurement: string;
  readonly series: string;
  readonly unit?: string;
  readonly at?: AxisValue;
  readonly scores: SeedScores;
}

const keyOf = (arm: string, measurement: string, series: string): string => `${arm} ${measurement} ${series}`;

function scoreTable(records: readonly ReadRun[]): Map<string, NamedScores> {
  const table = new Map<string, NamedScores>();
  for (const { run, measurements } of records) {
    for (const { name, record } of measurements) {
      for (const { name: series, scores, ...about } of record.series) {
        const key = keyOf(run.arm.name, name, series);
        const own: SeedScores = {
          seeds: [run.seed],
          strata: scores.map(({ stratum }) => stratum),
          keys: scores.map((score) => score.key),
          values: [scores.map(({ value }) => value)],
        };
        const before = table.get(key)?.scores;
        const added = before === undefined ? own : joined(before, own);
        table.set(key, { arm: run.arm.name, measurement: name, series, ...about, scores: added });
      }
    }
  }
  for (const [key, { scores }] of table) if (scores.strata.length === 0) table.delete(key);
  return table;
}

/** One more seed, with the items that all seeds have. */
function joined(before: SeedScores, own: SeedScores): SeedScores {
  const [a, b] = inCommon(before, own);
  return { ...a, seeds: [...a.seeds, ...b.seeds], values: [...a.values, ...b.values] };
}

function rateRow({ scores, ...names }: NamedScores): RateRow {
  const strata = [...new Set(scores.strata)].map((stratum): [string, number] => {
    return [stratum, mean(scores.values.map((row) => mean(row.filter((_, e) => scores.strata[e] === stratum))))];
  });
  return {
    ...names,
    ...(names.unit === undefined ? meanInterval(scores) : realMeanInterval(scores)),
    seeds: scores.seeds,
    rates: scores.values.map(mean),
    items: scores.strata.length,
    strata: Object.fromEntries(strata),
  };
}

/** Over the seeds that both arms have finished; nothing where there are none. */
function difference(one: Comparison, table: ReadonlyMap<string, NamedScores>): DifferenceRow[] {
  const named = table.get(keyOf(one.arm, one.measurement, one.series));
  const other = table.get(keyOf(one.against, one.measurement, one.series));
  if (named === undefined || other === undefined) return [];
  const { unit } = named;
  const about = unit === undefined ? one : { ...one, unit };
  const [a, b] = unit === undefined ? [named.scores, other.scores] : inCommon(named.scores, other.scores);
  if (a.strata.length === 0) return [];
  const common = a.seeds.filter((seed) => b.seeds.includes(seed));
  const [left, right] = common.length === 0 ? [a, b] : [ofSeeds(a, common), ofSeeds(b, common)];
  return [{ ...about, ...differenceInterval(left, right, unit !== undefined) }];
}

function sweepRows({ arms, sweep }: Study, table: ReadonlyMap<string, NamedScores>): SweepRow[] {
  if (sweep === null) return [];
  return arms.flatMap((arm) => {
    const names = [...new Set([...table.values()].filter((row) => row.arm === arm.name).map((row) => row.series))];
    return arm.measurements.flatMap((measurement) =>
      names.flatMap((series) => {
        const about = { arm: arm.name, measurement: measurement.name, series };
        const find = (swept: string): SeedScores | undefined => table.get(keyOf(arm.name, swept, series))?.scores;
        return sweepDifferences(sweep, measurement.name, find).map((row) => ({ ...about, ...row }));
      }),
    );
  });
}

function ofSeeds(scores: SeedScores, seeds: readonly (number | null)[]): SeedScores {
  return { ...scores, seeds, values: seeds.map((seed) => scores.values[scores.seeds.indexOf(seed)]!) };
}

function runRecord({ run, stages, measurements }: ReadRun): RunRecord {
  return {
    arm: run.arm.name,
    seed: run.seed,
    stages,
    measurements: measurements.map(({ name, record: { identity, sha256, seconds, details, series } }) => {
      return {
        name,
        identity,
        sha256,
        seconds,
        details,
        series: Object.fromEntries(series.map((s) => [s.name, sums(s.scores)])),
      };
    }),
  };
}
