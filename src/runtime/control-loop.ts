/** @file The control loop: at every tick of a fixed rate exactly one action, through the safety gate. */

import type { Clock } from '../base/clock.ts';
import { VlaError } from '../base/errors.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { TickRecord } from '../interfaces/tick-record.ts';
import { ChunkQueue, type QueuedAction } from './chunk-queue.ts';
import type { Gate, GateMoment } from './gate.ts';
import { InferenceDesk, type Answer, type Asked } from './inference-desk.ts';
import { LatencyEstimate, type LatencyOptions } from './latency-estimate.ts';
import { noCounts, type LoopCounters } from './loop-counters.ts';
import { checkLoop, checkSeconds } from './loop-checks.ts';
import { PolicyReset } from './policy-reset.ts';
import { SensorTimeline, type Resampled, type StaleSensor, type TimelineOptions } from './sensor-timeline.ts';
import type { Strategy, StrategyView, TickedObservation } from './strategy.ts';
import { TickSchedule } from './tick-schedule.ts';

/** What a loop is made of. */
export interface LoopConfig {
  /** The robot, behind its gate: the only way in which the loop moves anything. */
  readonly gate: Gate;
  readonly policy: Policy;
  readonly strategy: Strategy;
  readonly clock: Clock;
  readonly timeline?: TimelineOptions;
  readonly latency?: LatencyOptions;
  /** No action is executed more than so many ticks after its observation; default: those of 3 s. */
  readonly longestAge?: number;
  /** Seconds after which an inference is given up; default 5. */
  readonly inferenceTimeout?: number;
  /** Seconds between a failed inference and the next; default 0.2. */
  readonly retryAfter?: number;
  /** So many failures in a row end the loop; default 10. */
  readonly failuresInRow?: number;
  /** Seconds that a tick without an action waits for the inference that runs, so that a fast policy acts on what it just saw; default 0. */
  readonly grace?: number;
}

/** An episode, as a loop begins it. */
export interface LoopEpisode {
  /** Names the stream of the policy's random numbers. */
  readonly seed: number;
  readonly instruction: string;
}

/** Hears of every tick, after the robot was told. What it is handed is shared: it changes nothing, and takes microseconds. */
export type TickListener = (record: TickRecord) => void;

const AGE_SECONDS = 3;
const TIMEOUT = 5;

interface PendingReset {
  readonly episode: LoopEpisode;
  readonly begun: () => void;
  readonly over: (error: Error) => void;
}

/** Plays episodes until its signal is aborted, or `ticks` are done. One `run` per loop. */
export class ControlLoop {
  protected readonly queue = new ChunkQueue();
  protected readonly desk: InferenceDesk;
  protected readonly timeline: SensorTimeline;
  private readonly config: LoopConfig;
  private readonly estimate: LatencyEstimate;
  private readonly schedule: TickSchedule;
  private readonly resetting: PolicyReset;
  private readonly longestAge: number;
  private readonly own = noCounts();
  private readonly listeners = new Set<TickListener>();
  private readonly broken: unknown[] = [];
  private epoch = -1;
  private instruction = '';
  private failures = 0;
  private retryAt = -Infinity;
  private pending: PendingReset[] = [];
  private staleSensors: readonly StaleSensor[] = [];
  private started = false;

  constructor(config: LoopConfig) {
    const { gate, policy, clock, inferenceTimeout = TIMEOUT, longestAge } = config;
    checkSeconds('inference timeout', inferenceTimeout);
    this.config = config;
    this.desk = new InferenceDesk(policy, clock, inferenceTimeout);
    this.timeline = new SensorTimeline(gate.embodiment, config.timeline);
    this.estimate = new LatencyEstimate(config.latency);
    this.schedule = new TickSchedule(1 / gate.embodiment.controlHz);
    this.resetting = new PolicyReset(policy, clock, inferenceTimeout);
    this.longestAge = longestAge ?? Math.ceil(AGE_SECONDS * gate.embodiment.controlHz);
  }

  /** Everything counted so far. */
  get counters(): LoopCounters {
    const { dropped } = this.desk;
    return { ...this.own, ...this.queue.counts, dropped, refusedMeasurements: this.timeline.refused };
  }

  /** The sensors without a fresh measurement at the last tick, and how old they are. */
  get stale(): readonly StaleSensor[] {
    return this.staleSensors;
  }

  /** Ticks that the next inference is expected to take, at most. */
  get latency(): number {
    return this.estimate.ticks;
  }

  /** What listeners threw: each was heard once and then no more, since a recorder's failure must not stop a robot in motion. */
  get listenerErrors(): readonly unknown[] {
    return this.broken;
  }

  /** Calls `listener` at every tick, until the function that is returned is called. */
  listen(listener: TickListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /**
   * Begins a new episode at the next tick: resolves when nothing from before can be executed any more. The robot holds still until the policy
   * is reset and the sensors have spoken again.
   */
  reset(episode: LoopEpisode): Promise<void> {
    return new Promise((begun, over) => void this.pending.push({ episode, begun, over }));
  }

  /** What the human says from the next tick on. */
  say(instruction: string): void {
    this.instruction = instruction;
  }

  /**
   * Connects the robot, plays, and brings it to a standstill again. Refuses by name (`mismatch`, `unsupported`) what cannot run. Resolves
   * when `signal` is aborted or `ticks` are done.
   */
  async run(episode: LoopEpisode, until: { readonly signal?: AbortSignal; readonly ticks?: number }): Promise<void> {
    const { gate, policy, strategy } = this.config;
    if (this.started)
      throw new VlaError('bad-argument', 'control loop: expected one run, got a second; make a new loop.');
    checkLoop(gate, policy);
    strategy.check(policy, this.estimate.ticks);
    this.started = true;
    try {
      await policy.reset({ seed: episode.seed });
      await gate.connect((measurement) => this.timeline.hear(measurement));
      this.begin(episode, this.config.clock.now(), true);
      await this.turn(until);
    } catch (error) {
      await gate.stop(error instanceof Error ? error.message : String(error)).catch(() => undefined);
      throw error;
    } finally {
      this.desk.abandon('the loop has ended');
      const ended = new VlaError('interrupted', 'control loop: expected a running loop to reset, got one that ended.');
      for (const { over } of this.pending.splice(0)) over(ended);
      await gate.close();
    }
  }

  /** Forgets all that belongs to the episode before: the epoch guard. */
  protected forgetEpisode(epoch: number, now: number): void {
    this.queue.begin(epoch);
    this.desk.abandon('a new episode began');
    this.timeline.forget(now);
  }

  private async turn({ signal, ticks = Infinity }: { signal?: AbortSignal; ticks?: number }): Promise<void> {
    const { clock } = this.config;
    const last = this.own.ticks + ticks;
    while (this.own.ticks < last) {
      await clock.sleepUntil(this.schedule.due, signal).catch((error: unknown) => {
        if (signal?.aborted !== true) throw error;
      });
      if (signal?.aborted === true) return;
      this.own.missed += this.schedule.catchUp(clock.now());
      // The tick before came too late, and this one is still to come.
      if (this.schedule.due > clock.now()) continue;
      for (const { episode, begun } of this.pending.splice(0)) {
        this.begin(episode, this.schedule.due, false);
        begun();
      }
      this.resetting.check();
      await this.once();
      this.schedule.tick++;
    }
  }

  private begin({ seed, instruction }: LoopEpisode, due: number, policyIsReset: boolean): void {
    const epoch = ++this.epoch;
    this.instruction = instruction;
    [this.failures, this.retryAt] = [0, -Infinity];
    this.schedule.begin(due);
    this.forgetEpisode(epoch, due);
    this.config.gate.reset();
    if (policyIsReset) return;
    this.own.resets++;
    this.resetting.begin(seed);
  }

  /** One tick. */
  private async once(): Promise<void> {
    const { clock, strategy, gate, grace = 0 } = this.config;
    const { tick, due } = this.schedule;
    const now = clock.now();
    // The tick before stays: whoever takes over asks whether it jumps.
    this.queue.forget(tick - 1);
    this.collect();
    const { observation, stale }: Resampled = this.timeline.at(now, { instruction: this.instruction, tick });
    this.staleSensors = stale;
    if (observation === null) this.own.blind++;
    else this.ask({ ...observation, tick }, now);
    let chosen = this.fresh(strategy.act(this.view()));
    if (chosen === null && grace > 0 && this.desk.busy) {
      await this.desk.answered(now + grace);
      this.collect();
      chosen = this.fresh(strategy.act(this.view()));
    }
    const age = chosen === null ? null : tick - chosen.observed;
    const moment: GateMoment = { time: clock.now(), due, tick, age, observation };
    const wanted = chosen?.action ?? null;
    const passed = await gate.pass(wanted, moment);
    const late = clock.now() - due;
    this.own.ticks++;
    if (wanted === null) this.own.idle++;
    if (passed.source === 'hold') this.own.held++;
    this.tell({ tick, epoch: this.epoch, time: moment.time, late, observation, wanted, age, ...passed });
  }

  /** Not older than the bound. */
  private fresh(chosen: QueuedAction | null): QueuedAction | null {
    if (chosen === null || this.schedule.tick - chosen.observed <= this.longestAge) return chosen;
    this.own.expired++;
    return null;
  }

  private view(epoch: number = this.epoch): StrategyView {
    const longest = this.config.policy.continues?.longest ?? 0;
    return { tick: this.schedule.tick, queue: this.queue, epoch, latency: this.estimate.ticks, longest };
  }

  private ask(seen: TickedObservation, now: number): void {
    if (this.desk.busy || this.resetting.underWay || now < this.retryAt) return;
    const request = this.config.strategy.ask(seen, this.view());
    if (request === null) return;
    this.own.inferences++;
    this.desk.ask({ request, epoch: this.epoch, tick: this.schedule.tick });
  }

  private collect(): void {
    const answer = this.desk.collect();
    if (answer === null) return;
    if (answer.kind === 'failed') this.failed(answer);
    else this.take(answer.chunk, answer.asked);
  }

  private take(chunk: Extract<Answer, { kind: 'chunk' }>['chunk'], { request, epoch, tick }: Asked): void {
    this.failures = 0;
    this.estimate.add(this.schedule.tick - tick);
    this.config.strategy.take(chunk, request, this.view(epoch));
  }

  private failed({ error, timedOut }: Extract<Answer, { kind: 'failed' }>): void {
    const { clock, policy, retryAfter = 0.2, failuresInRow = 10 } = this.config;
    this.own.failed++;
    if (timedOut) this.own.timedOut++;
    this.retryAt = clock.now() + retryAfter;
    if (++this.failures < failuresInRow) return;
    const text = error instanceof Error ? error.message : String(error);
    throw new VlaError(
      'interrupted',
      `control loop: expected chunks of policy "${policy.name}", got ${this.failures} failures in a row; the last: ${text}`,
      { cause: error, hint: 'The robot was brought to a standstill. Look at the policy, or at its server.' },
    );
  }

  private tell(record: TickRecord): void {
    for (const listener of this.listeners) {
      try {
        listener(record);
      } catch (error) {
        this.listeners.delete(listener);
        this.broken.push(error);
      }
    }
  }
}
