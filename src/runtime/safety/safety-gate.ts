/**
 * @file The gate before a robot: the only way to its motors. Whatever a policy, a strategy or a link does, what is sent is finite, fresh and
 * within the robot's limits, or the robot comes to a standstill.
 */

import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Measurement, Robot } from '../../interfaces/robot.ts';
import type { ActionSource } from '../../interfaces/tick-record.ts';
import type { Gate, GateMoment, Passed } from '../gate.ts';
import { checkLimits } from './check-limits.ts';
import { FrozenSensors } from './frozen-sensors.ts';
import { Link } from './link.ts';
import { MotionLimiter } from './motion-limiter.ts';
import { Pacing } from './pacing.ts';
import type { SafetyOptions, SafetyState } from './safety-options.ts';
import { Screen } from './screen.ts';
import { SequenceCheck } from './sequence-check.ts';

const DEFAULT_FROZEN = { camera: 1, state: 0.5 };
const TRIES = 3;
const SILENCE = 1;
const PATIENCE = 30;
/** After a reset, a robot that is further from where it was told to be than it goes in so many seconds was moved by others. */
const STRAY_SECONDS = 0.25;

/** Control periods that the watchdog sleeps at least. */
const LEAST_SLEEP = 0.05;

/** What is to be done in one tick. */
interface Decision {
  readonly choices: readonly number[];
  readonly source: ActionSource;
  readonly interventions: readonly string[];
}

/** A gate and its state machine. Opened by `openGate`. */
export class SafetyGate implements Gate {
  readonly name: string;
  readonly embodiment: Embodiment;
  private readonly options: SafetyOptions;
  private readonly period: number;
  private readonly link: Link;
  private readonly limiter: MotionLimiter;
  private readonly check: SequenceCheck;
  private readonly pacing: Pacing;
  private readonly screen: Screen;
  private readonly frozen: FrozenSensors;
  private readonly connectRobot: Robot['connect'];
  private readonly closing = new AbortController();
  private current: SafetyState = 'idle';
  /** Why it holds or stopped. */
  private reason = '';
  /** Whether the robot confirmed the safe stop. */
  private stands = false;
  private last: Float32Array;
  private measured: Float32Array | null = null;
  private wasReset = true;
  private asked = -Infinity;
  private enabled = -Infinity;
  private heldSince = 0;
  private busy = false;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(robot: Robot, options: SafetyOptions) {
    const { limits, clock, link, oldestAction, frozen } = options;
    checkLimits(robot.embodiment, limits);
    this.name = robot.name;
    this.embodiment = robot.embodiment;
    this.options = options;
    this.period = 1 / robot.embodiment.controlHz;
    this.limiter = new MotionLimiter(robot.embodiment, limits);
    this.check = new SequenceCheck(robot.embodiment, limits);
    this.pacing = new Pacing(this.period);
    this.screen = new Screen(robot.embodiment, oldestAction);
    this.frozen = new FrozenSensors(frozen ?? DEFAULT_FROZEN, this.period);
    this.last = Float32Array.from(robot.embodiment.holdAction ?? robot.embodiment.action.names.map(() => 0));
    this.link = new Link(robot, clock, link ?? { tries: TRIES, seconds: this.period });
    this.connectRobot = (hear) => robot.connect(hear);
  }

  /** What it does now. */
  get state(): SafetyState {
    return this.current;
  }

  async connect(hear: (measurement: Measurement) => void): Promise<void> {
    if (this.current !== 'idle' || this.closing.signal.aborted) {
      throw new VlaError('bad-argument', `safety: ${this.name}: expected to be connected once, got another time.`);
    }
    await this.connectRobot((measurement) => {
      const { sensor, value } = measurement;
      if (sensor === 'state' && value instanceof Float32Array) this.measured = value.slice();
      hear(measurement);
    });
    this.enter('ready', 'connected');
    void this.watch();
  }

  /**
   * A human is there and lets the robot move; to be repeated within `deadMan` seconds. Whoever let go and takes hold anew has looked: a robot
   * that was held because nothing seen changes may move again, for as long as sensors may repeat themselves.
   */
  enable(): void {
    const now = this.options.clock.now();
    if (!this.isEnabled(now)) this.frozen.restart();
    this.enabled = now;
  }

  reset(): void {
    this.screen.restart();
    this.frozen.restart();
    this.wasReset = true;
    if (this.limiter.atRest && (this.current === 'moving' || this.current === 'holding')) this.enter('ready', 'reset');
  }

  pass(wanted: Float32Array | null, at: GateMoment): Promise<Passed> {
    this.asked = this.options.clock.now();
    return this.alone(() => this.tick(wanted, at));
  }

  async stop(reason: string): Promise<void> {
    if (this.current !== 'stopped') {
      this.stands = false;
      this.enter('stopped', reason);
    }
    if (!this.stands) await this.halt();
  }

  /** Ends a safe stop: `who` has looked at the robot and takes it over. Rejects while the robot did not confirm that it stands. */
  async release(who: string): Promise<void> {
    await this.alone(() => {
      if (this.current !== 'stopped' || !this.stands || who.trim() === '') {
        const got = who.trim() === '' ? 'no name' : `"${this.current}"${this.stands ? '' : ', not confirmed'}`;
        throw new VlaError(
          'bad-argument',
          `safety: ${this.name}: expected a confirmed stop and who ends it, got ${got}.`,
        );
      }
      this.limiter.forget();
      this.frozen.restart();
      this.pacing.restart();
      this.enter('ready', `released by ${who}`);
    });
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    const connected = this.current !== 'idle';
    if (connected) await this.stop('closed');
    await this.link.close();
    if (connected && !this.stands) throw this.unreachable();
  }

  /** One after the other, but a stop, which waits for nothing. */
  private alone<T>(work: () => T | Promise<T>): Promise<T> {
    const run = this.queue.then(work);
    this.queue = run.catch(() => undefined);
    return run;
  }

  private async tick(wanted: Float32Array | null, at: GateMoment): Promise<Passed> {
    if (this.current === 'idle') {
      throw new VlaError('bad-argument', `safety: ${this.name}: expected to be connected first.`);
    }
    await this.wait();
    const now = this.options.clock.now();
    if (this.isStopped()) {
      if (!this.stands) throw this.unreachable();
      return this.told('stop', [this.reason]);
    }
    const admission = this.pacing.admit(now, at.due);
    if (admission !== 'send') {
      const told =
        admission === 'early' ? 'not sent: this control period has its action' : 'not sent: the clock jumped';
      if (this.current === 'moving') this.hold(told, now);
      return this.told('hold', [told]);
    }
    const blind = this.look(at);
    if (blind !== null) return this.told('hold', [blind]);
    const decision = this.decide(wanted, at, now);
    if (decision.source === 'hold') {
      if (this.current !== 'ready' || decision.interventions.length > 0)
        this.hold(decision.interventions.join('; '), now);
    } else if (this.current !== 'moving') this.enter('moving', decision.source);
    if (this.heldTooLong(now)) {
      await this.stop(`held for longer than ${this.options.patience ?? PATIENCE} s: ${this.reason}`);
      return this.tick(wanted, at);
    }
    return this.send(decision);
  }

  /** An action that comes on time behind one that was late waits a little, instead of being lost. */
  private async wait(): Promise<void> {
    const { clock } = this.options;
    const until = this.isStopped() ? null : this.pacing.waits(clock.now());
    if (until === null) return;
    this.busy = true;
    await clock.sleepUntil(until, this.closing.signal).catch(() => undefined);
    this.busy = false;
  }

  /** Takes in what is measured; what it returns says why the robot cannot be told anything yet. */
  private look({ observation }: GateMoment): string | null {
    const { limiter } = this;
    const state = observation?.state ?? (limiter.ready ? null : this.measured);
    const size = this.embodiment.state.names.length;
    if (state === null || state.length !== size || !state.every(Number.isFinite)) {
      return limiter.ready ? null : 'not sent: the robot has not said where it is';
    }
    const moved = this.wasReset && (limiter.atRest || limiter.strays(state, STRAY_SECONDS));
    if (!limiter.ready || moved) {
      limiter.anchor(state);
      this.check.begin(state);
    } else limiter.measure(state);
    this.wasReset = false;
    return null;
  }

  private decide(wanted: Float32Array | null, at: GateMoment, now: number): Decision {
    const { limiter } = this;
    const frozen = at.observation === null ? [] : this.frozen.check(at.observation, now, limiter.pace);
    const refusals = wanted === null ? [] : this.screen.refuse(wanted, at);
    if (wanted !== null) {
      for (const reason of frozen) refusals.push(`refused: ${reason}`);
      if (!this.isEnabled(now)) refusals.push('refused: nobody enables the robot');
    }
    const brake = (interventions: readonly string[]): Decision => ({
      choices: limiter.brake(),
      source: 'hold',
      interventions,
    });
    if (wanted === null || refusals.length > 0) return brake(refusals);
    const { choices, breaches } = limiter.propose(wanted);
    const refused = breaches.filter(({ kind }) => this.options.refuse?.includes(kind));
    if (refused.length > 0) return brake(refused.map(({ name, kind }) => `refused: ${name} ${kind}`));
    const clipped = breaches.map(({ name, kind }) => `clipped: ${name} ${kind}`);
    if (limiter.escapes(choices).length > 0) return brake([...clipped, 'refused: a measured position has jumped']);
    return { choices, source: at.from ?? 'chunk', interventions: clipped };
  }

  private async send({ choices, source, interventions }: Decision): Promise<Passed> {
    const { limiter } = this;
    const escapes = limiter.escapes(choices);
    const action = escapes.length > 0 ? null : limiter.take(choices);
    const fault = action === null ? `nothing allowed keeps ${escapes.join(', ')} inside` : this.check.judge(action);
    if (action === null || fault !== null) {
      await this.stop(fault!);
      return this.told('stop', [...interventions, this.reason]);
    }
    this.busy = true;
    const failure = await this.link.send(action, () => !this.isStopped());
    this.busy = false;
    this.pacing.sent(this.options.clock.now());
    // A stop that came meanwhile may have overtaken this action.
    if (this.isStopped()) {
      if (!this.closing.signal.aborted) await this.halt();
      return this.told('stop', [...interventions, this.reason]);
    }
    if (failure !== null) {
      await this.stop(`the link failed: ${failure}`);
      if (!this.stands) throw this.unreachable();
      return this.told('stop', [...interventions, this.reason]);
    }
    this.last = action;
    return this.told(source, interventions);
  }

  private told(source: ActionSource, interventions: readonly string[]): Passed {
    return { action: this.last.slice(), source, interventions };
  }

  /** A method, so that the compiler expects it to change while something is awaited. */
  private isStopped(): boolean {
    return this.current === 'stopped';
  }

  private isEnabled(now: number): boolean {
    const { deadMan } = this.options;
    return deadMan === null || (now >= this.enabled && now - this.enabled <= deadMan);
  }

  private heldTooLong(now: number): boolean {
    this.heldSince = Math.min(this.heldSince, now);
    return this.current === 'holding' && now - this.heldSince > (this.options.patience ?? PATIENCE);
  }

  private hold(reason: string, now: number): void {
    this.reason = reason;
    if (this.current === 'holding') return;
    this.heldSince = now;
    this.enter('holding', reason === '' ? 'nothing is wanted' : reason);
  }

  private enter(state: SafetyState, reason: string): void {
    this.current = state;
    this.reason = reason;
    this.options.onState?.(state, reason);
  }

  /** Tells the robot to stand, a few times; the watchdog goes on with it. */
  private async halt(): Promise<void> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if ((await this.link.stop()) !== null) continue;
      this.stands = true;
      return;
    }
  }

  private unreachable(): VlaError {
    return new VlaError(
      'io',
      `safety: ${this.name}: expected the robot to confirm its stop (${this.reason}), got no answer.`,
      {
        hint: 'Use the hardware’s emergency stop; then look at the link.',
      },
    );
  }

  /** The watchdog: fills in for a loop that does not ask, on the clock alone. */
  private async watch(): Promise<void> {
    const { clock } = this.options;
    const { signal } = this.closing;
    while (!signal.aborted) {
      const now = clock.now();
      // Never at once again: a clock that rounds would not move on meanwhile.
      const wake = Math.max(this.pacing.nextLook(now) ?? now + this.period, now + LEAST_SLEEP * this.period);
      try {
        await clock.sleepUntil(wake, signal);
        // Where all of the process stood still, the loop is late, too, and comes first.
        if (clock.now() > wake + LEAST_SLEEP * this.period)
          await clock.sleepUntil(clock.now() + LEAST_SLEEP * this.period, signal);
      } catch {
        return;
      }
      await this.inspect();
    }
  }

  private async inspect(): Promise<void> {
    const now = this.options.clock.now();
    if (this.isStopped()) {
      if (!this.stands) await this.halt();
      return;
    }
    if (this.busy || (this.current !== 'moving' && this.current !== 'holding')) return;
    const silence = Math.max(this.options.silence ?? SILENCE, 4 * this.period);
    if (now - this.asked > silence) return this.stop(`nobody asked for an action for ${silence} s`);
    await this.alone(async () => {
      const turn = this.options.clock.now();
      if (this.isStopped() || this.closing.signal.aborted || !this.pacing.fillIn(turn)) return;
      this.hold('nobody asked for an action', turn);
      await this.send({ choices: this.limiter.brake(), source: 'hold', interventions: [] });
    }).catch(() => undefined);
  }
}

/** Puts a gate before a robot, which from now on can be reached through it alone. Throws `mismatch` where the robot may not be started. */
export function openGate(robot: Robot, options: SafetyOptions): SafetyGate {
  return new SafetyGate(robot, options);
}
