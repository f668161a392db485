/** @file One episode of `vlakit control`: the loop in its thread or in this one, and what came of it. */

import { type Clock } from '../../base/clock.ts';
import { workerUrl } from '../../base/worker-url.ts';
import type { Environment, Outcome } from '../../interfaces/environment.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Policy } from '../../interfaces/policy.ts';
import type { TickRecord } from '../../interfaces/tick-record.ts';
import { ControlLoop, type LoopEpisode, type TickListener } from '../../runtime/control-loop.ts';
import type { LoopCounters } from '../../runtime/loop-counters.ts';
import { runTask } from '../../runtime/loop-task.ts';
import { inTime } from '../../runtime/run-episode.ts';
import { smoothness, type Smoothness } from '../../runtime/run-report.ts';
import { ThreadedLoop } from '../../runtime/thread/threaded-loop.ts';
import { openControlled, type ControlledOptions, type WorldEnd } from './controlled-robot.ts';

/** Who plays what, and where. */
export interface EpisodePlan {
  readonly controlled: ControlledOptions;
  /** Whoever opened it closes it. */
  readonly policy: Policy;
  /** Of the policy. */
  readonly seed: number;
  /** What the human says; null: what the world says, or nothing. */
  readonly instruction: string | null;
  /** Ends after so many; null: when the world knows the outcome, or `signal` is aborted. */
  readonly ticks: number | null;
  /** Of the loop, where it runs in this thread. */
  readonly clock: Clock;
  /** The world, where it is open in this thread. */
  readonly environment: Environment | null;
  readonly place: 'its thread' | 'this thread';
  /** Whether `onTick` wants pictures. */
  readonly records: 'numbers' | 'all';
  /** Hears each tick; its time is in seconds since 1970 where the loop has its thread, else on `clock`. */
  readonly onTick: TickListener;
  readonly signal: AbortSignal;
}

/** What happened. */
export interface ControlReport extends Smoothness {
  /** Null where nothing judges the robot. */
  readonly outcome: Outcome | null;
  readonly instruction: string;
  /** By the ticks' own times. */
  readonly seconds: number;
  readonly handJerk: number | null;
  /** Ticks at which the gate changed or refused something, and why, most frequent first. */
  readonly intervened: number;
  readonly interventions: readonly (readonly [reason: string, ticks: number])[];
  /** Ticks in which the safe stop was in force. */
  readonly stopped: number;
  readonly counters: LoopCounters;
}

interface Ran {
  readonly counters: LoopCounters;
  readonly end: WorldEnd | null;
  readonly embodiment: Embodiment;
}

/** Plays it; the robot stands when this resolves or rejects. */
export async function playControlled(plan: EpisodePlan): Promise<ControlReport> {
  const records: TickRecord[] = [];
  const hear: TickListener = (record) => {
    records.push({ ...record, observation: null });
    plan.onTick(record);
  };
  const { counters, end, embodiment } = await (plan.place === 'its thread' ? inThread(plan, hear) : here(plan, hear));
  const [first, last] = [records[0], records.at(-1)];
  const reasons = new Map<string, number>();
  for (const { interventions } of records) {
    for (const reason of interventions) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return {
    outcome: end?.outcome ?? null,
    instruction: plan.instruction ?? end?.instruction ?? '',
    seconds: first === undefined ? 0 : last!.time - first.time + 1 / embodiment.controlHz,
    ...smoothness(records, embodiment),
    handJerk: end?.handJerk ?? null,
    intervened: records.filter(({ interventions }) => interventions.length > 0).length,
    interventions: [...reasons].sort(([, a], [, b]) => b - a),
    stopped: records.filter(({ source }) => source === 'stop').length,
    counters,
  };
}

const episodeOf = ({ seed, instruction }: EpisodePlan): LoopEpisode => ({ seed, instruction: instruction ?? '' });

async function here(plan: EpisodePlan, hear: TickListener): Promise<Ran> {
  const { controlled, policy, clock, environment, ticks, signal } = plan;
  const { task = null, ...parts } = await openControlled(controlled, clock, environment);
  const loop = new ControlLoop({ ...parts, policy, clock });
  loop.listen(hear);
  const until = { signal, ...(ticks === null ? {} : { ticks }) };
  await inTime(clock, runTask(loop, task, episodeOf(plan), until));
  if (loop.listenerErrors.length > 0) throw loop.listenerErrors[0];
  const { counters } = loop;
  return { counters, end: (task?.result() ?? null) as WorldEnd | null, embodiment: parts.gate.embodiment };
}

async function inThread(plan: EpisodePlan, hear: TickListener): Promise<Ran> {
  const { controlled, policy, ticks, signal, records } = plan;
  const module = workerUrl(import.meta.url, './controlled-robot').href;
  const loop = await ThreadedLoop.open({ module, options: controlled, policy, records });
  const stop = (): void => void loop.stop().catch(() => undefined);
  try {
    loop.listen((record) => hear({ ...record, time: record.time + loop.zero }));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const counters = await loop.run(episodeOf(plan), ticks ?? undefined);
    return { counters, end: loop.result as WorldEnd | null, embodiment: loop.embodiment };
  } finally {
    signal.removeEventListener('abort', stop);
    await loop.close();
  }
}
