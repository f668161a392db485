/** @file How long one inference takes, for every arm and number of Euler steps of a sweep, in rounds that take turns. */

import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { openEnvironment, openPolicy } from '../../benchmarks/player.ts';
import { unseenSeed } from '../../benchmarks/protocol.ts';
import { machine } from '../../benchmarks/provenance.ts';
import { percentile } from '../../benchmarks/statistics.ts';
import type { Environment } from '../../interfaces/environment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import type { Policy } from '../../interfaces/policy.ts';
import type { Sweep } from '../../../recipes/studies/study.ts';
import { namedEnvironment, namedPolicy } from '../players.ts';
import { identityOf } from './identity.ts';
import { readRecord, timed, writeRecord } from './job-files.ts';
import type { ArmRun, LatencyJob } from './jobs.ts';

const FILE = 'latency.json';
/** Inferences of every policy before the first round. */
const WARM_UP = 3;

/** What was measured of one arm at one number of steps; milliseconds. */
export interface Latency {
  readonly arm: string;
  readonly eulerSteps: number;
  readonly median: number;
  /** The 10 % and 90 % quantiles of all inferences. */
  readonly low: number;
  readonly high: number;
  /** The median of each round. */
  readonly rounds: readonly number[];
}

/** `latency.json`. */
export interface LatencyRecord {
  readonly identity: string;
  readonly latencies: readonly Latency[];
  readonly machine: ReturnType<typeof machine>;
  readonly seconds: number;
}

/** The job that times the arms of a sweep; weights of other seeds take as long, so it is seed 1's. */
export function planLatency(runs: readonly ArmRun[], sweep: Sweep, out: string): LatencyJob {
  const timedRuns = runs.filter(({ seed }) => seed === null || seed === 1);
  const { eulerSteps, latency } = sweep;
  const policies = timedRuns.map(({ arm, policyIdentity }) => [arm.name, policyIdentity]);
  const identity = identityOf({ policies, eulerSteps, latency });
  return { kind: 'latency', identity, folder: path.join(out, `latency-${identity}`), runs: timedRuns, sweep };
}

/** The record of a finished job, or null. */
export function readLatency({ folder, identity }: LatencyJob): LatencyRecord | null {
  return readRecord<LatencyRecord>(path.join(folder, FILE), identity);
}

/** How many inferences are timed. */
export function latencySize({ runs, sweep: { eulerSteps, latency } }: LatencyJob): number {
  return runs.length * eulerSteps.length * latency.rounds * latency.inferences;
}

interface Timed {
  readonly arm: string;
  readonly eulerSteps: number;
  readonly policy: Policy;
  readonly observation: Observation;
  readonly rounds: number[][];
}

/** Opens every policy at once and times them in turns, one thread per inference; every other round goes backwards. */
export async function measureLatency(
  job: LatencyJob,
  {
    signal,
    onProgress,
  }: { readonly signal: AbortSignal; onProgress(share: number, phase: string, note: string): void },
): Promise<number> {
  const { rounds, inferences } = job.sweep.latency;
  const environments: Environment[] = [];
  const timings: Timed[] = [];
  const work = async (): Promise<void> => {
    for (const run of job.runs) await openArm(run, job.sweep, environments, timings);
    for (const { policy, observation } of timings) {
      for (let i = 0; i < WARM_UP; i++) await policy.infer(observation);
    }
    for (let round = 0; round < rounds; round++) {
      for (const timing of round % 2 === 0 ? timings : [...timings].reverse()) {
        if (signal.aborted) throw interrupted();
        timing.rounds.push(await timeOf(timing, inferences));
      }
      onProgress((round + 1) / rounds, 'latency', `round ${round + 1}/${rounds}`);
    }
  };
  try {
    const { seconds } = await timed(job.folder, work);
    const latencies = timings.map(({ arm, eulerSteps, rounds: all }): Latency => {
      const times = all.flat();
      const at = (share: number, values: readonly number[] = times): number => rounded(percentile(values, share));
      const medians = all.map((one) => at(0.5, one));
      return { arm, eulerSteps, median: at(0.5), low: at(0.1), high: at(0.9), rounds: medians };
    });
    const record: LatencyRecord = { identity: job.identity, latencies, machine: machine(), seconds };
    writeRecord(path.join(job.folder, FILE), record);
    return seconds;
  } finally {
    for (const { policy } of timings) await policy.close();
    for (const environment of environments) await environment.close();
  }
}

async function openArm(run: ArmRun, sweep: Sweep, environments: Environment[], timings: Timed[]): Promise<void> {
  const played = run.arm.measurements.find((one) => one.kind === 'success');
  if (played === undefined) {
    throw new VlaError(
      'bad-argument',
      `arm ${run.arm.name}: expected a measurement "success" to be timed in, got none.`,
      {
        hint: 'A sweep plays its arms: add one.',
      },
    );
  }
  const { environment: name, environmentOptions, tasks } = played;
  const policy = await namedPolicy(run.policy);
  const options = environmentOptions === null ? {} : { environmentOptions };
  const environment = await openEnvironment(
    namedEnvironment({ environment: name, ...options }, policy, 64).environment,
  );
  environments.push(environment);
  await environment.reset({ task: tasks[0]!, seed: unseenSeed(0) });
  const observation = await environment.observe();
  for (const eulerSteps of sweep.eulerSteps) {
    const policy = await openPolicy((await namedPolicy(run.policy, { eulerSteps })).call, environment);
    timings.push({ arm: run.arm.name, eulerSteps, policy, observation, rounds: [] });
    await policy.reset({ seed: 1 });
  }
}

async function timeOf({ policy, observation }: Timed, inferences: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < inferences; i++) {
    const start = performance.now();
    await policy.infer(observation);
    times.push(performance.now() - start);
  }
  return times;
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

function interrupted(): VlaError {
  return new VlaError('interrupted', 'study: stopped while inferences were timed.', {
    hint: 'Run the same command again to go on; the timing begins anew.',
  });
}
