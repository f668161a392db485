/** @file The reset of a policy while its loop goes on. */

import type { Clock } from '../base/clock.ts';
import { VlaError } from '../base/errors.ts';
import type { Policy } from '../interfaces/policy.ts';

interface Resetting {
  readonly since: number;
  failure: { readonly error: unknown } | null;
}

/** Resets of one policy; the latest counts. */
export class PolicyReset {
  private readonly policy: Policy;
  private readonly clock: Clock;
  private readonly timeout: number;
  private current: Resetting | null = null;

  /** `timeout` in seconds. */
  constructor(policy: Policy, clock: Clock, timeout: number) {
    [this.policy, this.clock, this.timeout] = [policy, clock, timeout];
  }

  /** Whether the policy may not be asked yet. */
  get underWay(): boolean {
    return this.current !== null;
  }

  /** Resets the policy for an episode; whether it went well is said by `check`. */
  begin(seed: number): void {
    const resetting: Resetting = { since: this.clock.now(), failure: null };
    this.current = resetting;
    void this.run(seed, resetting);
  }

  /** Throws where the policy could not be reset, or not in time (`interrupted`). */
  check(): void {
    const { policy, clock, timeout, current } = this;
    if (current === null) return;
    if (current.failure !== null) throw current.failure.error;
    if (clock.now() - current.since <= timeout) return;
    throw new VlaError(
      'interrupted',
      `control loop: expected policy "${policy.name}" to be reset within ${timeout} s; it was not.`,
      { hint: 'The robot was brought to a standstill. Look whether the policy’s server still runs.' },
    );
  }

  private async run(seed: number, resetting: Resetting): Promise<void> {
    try {
      await this.policy.reset({ seed });
      if (this.current === resetting) this.current = null;
    } catch (error) {
      resetting.failure = { error };
    }
  }
}
