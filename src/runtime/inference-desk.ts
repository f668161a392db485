/** @file The one inference that runs: asked for, waited for no longer than a bound, given up at a reset. */

import { VlaError } from '../base/errors.ts';
import type { Clock } from '../base/clock.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import { checkChunk } from '../interfaces/check-chunk.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { InferenceRequest } from './strategy.ts';

/** What became of an inference. */
export type Answer =
  | { readonly kind: 'chunk'; readonly chunk: ActionChunk; readonly asked: Asked }
  | { readonly kind: 'failed'; readonly error: unknown; readonly timedOut: boolean };

/** An inference that was asked for. */
export interface Asked {
  readonly request: InferenceRequest;
  /** The episode and the tick in which it was asked for. */
  readonly epoch: number;
  readonly tick: number;
}

interface Flight {
  readonly asked: Asked;
  readonly controller: AbortController;
  /** Stops the watch over its time. */
  readonly watch: AbortController;
  answer: Answer | null;
}

/** Why waits end early. One for all: making an error per inference costs more than the rest of a tick. */
const NO_LONGER = new Error('no longer waited for');

/** Keeps at most one inference, and its answer until it is collected. What is given up is told so by its signal, and its result dropped. */
export class InferenceDesk {
  private readonly policy: Policy;
  private readonly clock: Clock;
  private readonly timeout: number;
  private flight: Flight | null = null;
  private settled: (() => void) | null = null;
  private droppedCount = 0;

  /** `timeout`: seconds after which an inference is given up. */
  constructor(policy: Policy, clock: Clock, timeout: number) {
    [this.policy, this.clock, this.timeout] = [policy, clock, timeout];
  }

  /** Whether an inference runs, or its answer lies here. */
  get busy(): boolean {
    return this.flight !== null;
  }

  /** Answers that came after they had been given up. */
  get dropped(): number {
    return this.droppedCount;
  }

  /** Starts an inference; the desk must be free. */
  ask(asked: Asked): void {
    const flight: Flight = { asked, controller: new AbortController(), watch: new AbortController(), answer: null };
    this.flight = flight;
    void this.infer(asked.request, flight.controller.signal).then(
      (chunk) => this.settle(flight, { kind: 'chunk', chunk, asked }),
      (error: unknown) => this.settle(flight, { kind: 'failed', error, timedOut: false }),
    );
    void this.clock.sleepUntil(this.clock.now() + this.timeout, flight.watch.signal).then(
      () => this.expire(flight),
      () => undefined,
    );
  }

  /** The answer, once; null while there is none. */
  collect(): Answer | null {
    const answer = this.flight?.answer ?? null;
    if (answer !== null) this.flight = null;
    return answer;
  }

  /** Gives up the inference that runs, and an answer that was not collected. */
  abandon(reason: string): void {
    const { flight } = this;
    if (flight === null) return;
    this.flight = null;
    if (flight.answer !== null) this.droppedCount++;
    flight.watch.abort(NO_LONGER);
    flight.controller.abort(new VlaError('interrupted', `inference: ${reason}.`));
  }

  /** Resolves when an answer lies here, or at `time` (seconds). */
  async answered(time: number): Promise<void> {
    if (this.flight === null || this.flight.answer !== null) return;
    const wait = new AbortController();
    this.settled = () => wait.abort(NO_LONGER);
    await this.clock.sleepUntil(time, wait.signal).catch(() => undefined);
    this.settled = null;
  }

  private async infer({ observation, continuation }: InferenceRequest, signal: AbortSignal): Promise<ActionChunk> {
    const options = continuation === undefined ? { signal } : { signal, continuation };
    const chunk = await this.policy.infer(observation, options);
    checkChunk(`Policy "${this.policy.name}" at tick ${observation.tick}`, chunk, this.policy.embodiment);
    return chunk;
  }

  private settle(flight: Flight, answer: Answer): void {
    if (this.flight !== flight || flight.answer !== null) {
      if (answer.kind === 'chunk') this.droppedCount++;
      return;
    }
    flight.answer = answer;
    flight.watch.abort(NO_LONGER);
    this.settled?.();
  }

  private expire(flight: Flight): void {
    if (this.flight !== flight || flight.answer !== null) return;
    const error = new VlaError(
      'interrupted',
      `Policy "${this.policy.name}": expected a chunk within ${this.timeout} s, got none.`,
      { hint: 'Look whether the policy’s server still runs.' },
    );
    this.settle(flight, { kind: 'failed', error, timedOut: true });
    flight.controller.abort(error);
  }
}
