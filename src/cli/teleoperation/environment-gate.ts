/** @file A simulated world behind the seam of the safety gate: what a human wants goes the way that it goes to a real robot. */

import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Environment, Outcome } from '../../interfaces/environment.ts';
import type { Gate, GateMoment, Passed } from '../../runtime/gate.ts';

/**
 * A gate whose robot is an environment: each `pass` is one step of it. Holds where nothing is wanted, refuses what is not finite, clips to the
 * embodiment's limits; there is nothing here that could be broken by a fast motion.
 */
export class EnvironmentGate implements Gate {
  readonly name: string;
  readonly embodiment: Embodiment;
  /** How the episode stands after the last step. */
  outcome: Outcome = 'running';
  private readonly environment: Environment;
  private last: Float32Array | null = null;
  private stopped: string | null = null;

  constructor(environment: Environment) {
    [this.environment, this.name, this.embodiment] = [environment, environment.name, environment.embodiment];
  }

  async connect(): Promise<void> {}

  reset(): void {
    [this.last, this.outcome] = [null, 'running'];
  }

  async pass(wanted: Float32Array | null, { observation, from = 'chunk' }: GateMoment): Promise<Passed> {
    const { action: layout } = this.embodiment;
    const interventions: string[] = [];
    let source: Passed['source'] = from;
    let action = wanted;
    if (this.stopped !== null) {
      [action, source] = [null, 'stop'];
      interventions.push(this.stopped);
    } else if (action !== null && !action.every(Number.isFinite)) {
      action = null;
      interventions.push('not finite');
    }
    if (action === null) {
      action = this.hold(observation?.state ?? null);
      if (source !== 'stop') source = 'hold';
    }
    const told = action.map((value, i) =>
      Math.min(layout.high?.[i] ?? value, Math.max(layout.low?.[i] ?? value, value)),
    );
    const clipped = layout.names.filter((_, i) => told[i] !== action[i]);
    if (clipped.length > 0) interventions.push(`clipped: ${clipped.join(', ')}`);
    this.outcome = await this.environment.step(told);
    this.last = told;
    return { action: told.slice(), source, interventions };
  }

  async stop(reason: string): Promise<void> {
    this.stopped = reason;
  }

  close(): Promise<void> {
    return this.environment.close();
  }

  /** The embodiment's hold action; joints that are told where to be are told so again, at first where they are. */
  private hold(state: Float32Array | null): Float32Array {
    const { holdAction, action } = this.embodiment;
    if (holdAction !== null) return Float32Array.from(holdAction);
    const still = this.last ?? state;
    if (still !== null && still.length === action.names.length) return still.slice();
    throw new VlaError('mismatch', `${this.name}: expected a way to hold still, got none.`);
  }
}
