/** @file A simulated world as a robot that moves on only when it is told something: it waits for whoever drives. */

import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Environment, Outcome } from '../../interfaces/environment.ts';
import type { Robot } from '../../interfaces/robot.ts';

/**
 * A robot whose every action is one step of a world, so that what is recorded is what was done, however late a tick was. It has no sensors:
 * whoever drives looks at the world. Nothing here could be broken by standing still, so a stop takes no step. The world stays open.
 */
export class SteppedRobot implements Robot {
  readonly name: string;
  readonly embodiment: Embodiment;
  /** How the episode stands after the last step. */
  outcome: Outcome = 'running';
  /** Steps so far. */
  steps = 0;
  /** Set before each tick: its action takes a step, while what the gate's watchdog sends between late ticks does not move the world. */
  isTurn = false;
  private readonly environment: Environment;

  constructor(environment: Environment) {
    [this.environment, this.name, this.embodiment] = [environment, environment.name, environment.embodiment];
  }

  async connect(): Promise<void> {}

  async actuate(action: Float32Array): Promise<void> {
    // Nothing follows an outcome.
    if (this.outcome !== 'running' || !this.isTurn) return;
    this.isTurn = false;
    this.outcome = await this.environment.step(action);
    this.steps++;
  }

  async stop(): Promise<void> {}

  async close(): Promise<void> {}
}
