/** @file The one place that talks to a robot's motors: sends again what failed, gives up in time, and sees to it that a stop arrives. */

import type { Clock } from '../../base/clock.ts';
import { VlaError } from '../../base/errors.ts';
import type { Robot } from '../../interfaces/robot.ts';

/** How long a robot may take, and how often it is asked. */
export interface LinkBounds {
  /** Tries of one action, the first included. */
  readonly tries: number;
  /** Seconds for all tries of one action together. */
  readonly seconds: number;
}

/** Robots that have a gate: a second one could tell them something else in between. */
const taken = new WeakSet<Robot>();

/** No try begins later than after this share of the time. */
const LATEST = 0.9;

/** Why a timer ends early; one for all, as there is one per action. */
const ANSWERED = new Error('answered');

/** The wire to a robot, behind the gate. */
export class Link {
  private readonly robot: Robot;
  private readonly clock: Clock;
  private readonly bounds: LinkBounds;

  /** Takes the robot for itself; throws where it is taken. */
  constructor(robot: Robot, clock: Clock, bounds: LinkBounds) {
    if (taken.has(robot)) {
      throw new VlaError('bad-argument', `safety: expected a robot without a gate, got ${robot.name}, which has one.`, {
        hint: 'Close the other gate first.',
      });
    }
    taken.add(robot);
    this.robot = robot;
    this.clock = clock;
    this.bounds = bounds;
  }

  /** Null when the action arrived, otherwise why not. The tries are of the same action, which is in force until the next one. */
  async send(action: Float32Array, mayGoOn: () => boolean): Promise<string | null> {
    const { tries, seconds } = this.bounds;
    let reason = 'no try was made';
    for (let attempt = 0, begun = this.clock.now(); attempt < tries && mayGoOn(); attempt++) {
      const spent = this.clock.now() - begun;
      // Less than nothing: the clock went back.
      if (spent < 0 || spent > LATEST * seconds) return `${reason}; ${seconds} s were over`;
      const failure = await this.within(seconds - spent, () => this.robot.actuate(action.slice()));
      if (failure === null) return null;
      reason = failure;
    }
    return reason;
  }

  /** Null when the robot says that it stands, otherwise why not. */
  stop(): Promise<string | null> {
    return this.within(this.bounds.seconds, () => this.robot.stop());
  }

  /** Lets the robot go. */
  async close(): Promise<void> {
    taken.delete(this.robot);
    await this.robot.close();
  }

  /** Null when `ask` resolves within `seconds`. */
  private async within(seconds: number, ask: () => Promise<void>): Promise<string | null> {
    const timer = new AbortController();
    const late = this.clock.sleepUntil(this.clock.now() + seconds, timer.signal).then(
      () => `no answer in ${Number(seconds.toPrecision(3))} s`,
      () => null,
    );
    const answer = ask().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const first = await Promise.race([answer, late]);
    timer.abort(ANSWERED);
    return first;
  }
}
