/** @file What becomes of episodes that cannot be finished: they are played again, marked as broken, or end the run; never counted as failures of the policy. */

import { VlaError, type ErrorCode } from '../base/errors.ts';
import type { PlannedEpisode } from './protocol.ts';
import type { BrokenEpisode } from './result.ts';

/** What to do about an episode that cannot be finished. */
export interface FailureRules {
  /** `retry`: it is played again, up to `attempts` times in all, and then left; `continue`: it is left at once; `stop`: the run ends. */
  readonly onError: 'retry' | 'continue' | 'stop';
  readonly attempts: number;
  /** So many episodes left in a row, without one that was finished, end the run. */
  readonly inARow: number;
}

/** Waiting changes nothing about these: they end the run at once. */
const FATAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['bad-argument', 'not-found', 'missing-package']);
/**
 * The episode is nothing for this policy, for example because its instruction is too long: it ends like this each time, and says nothing of the
 * others. It is left at once, and is none of those in a row.
 */
const HOPELESS: ErrorCode = 'mismatch';

/** Keeps count of what failed. */
export class FailureDesk {
  private readonly rules: FailureRules;
  private readonly report: (broken: BrokenEpisode) => void;
  private readonly attempts = new Map<number, number>();
  private row = 0;
  private reason: Error | null = null;

  /** `report` hears of every episode that is left. */
  constructor(rules: FailureRules, report: (broken: BrokenEpisode) => void) {
    [this.rules, this.report] = [rules, report];
  }

  /** Why the run ended; null: it did not. */
  get stopped(): Error | null {
    return this.reason;
  }

  /** An episode was finished. */
  succeeded(): void {
    this.row = 0;
  }

  /** An attempt failed; throws where the run is to end. What is no VlaError is a mistake of vlakit's own: it ends the run. */
  failed({ index, condition, spec, noiseSeed }: PlannedEpisode, error: Error): 'again' | 'leave' {
    if (!(error instanceof VlaError) || FATAL.has(error.code)) throw this.stop(error);
    const { code } = error;
    const attempts = (this.attempts.get(index) ?? 0) + 1;
    this.attempts.set(index, attempts);
    const { onError, inARow } = this.rules;
    if (onError === 'retry' && attempts < this.rules.attempts && code !== HOPELESS) return 'again';
    const { task, seed } = spec;
    const reason = error.message.slice(0, 1000);
    this.report({ index, condition, task, seed, noiseSeed, attempts, code, reason });
    if (onError === 'stop') throw this.stop(error);
    if (code === HOPELESS) return 'leave';
    if (++this.row >= inARow) {
      const message = `evaluate: expected episodes that can be finished, got ${this.row} in a row that cannot; the last: ${error.message}`;
      throw this.stop(
        new VlaError('io', message, {
          cause: error,
          hint: 'Repair the policy or its server, and run the same command again to go on.',
        }),
      );
    }
    return 'leave';
  }

  private stop(error: Error): Error {
    this.reason ??= error;
    return this.reason;
  }
}
