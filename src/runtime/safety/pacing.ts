/**
 * @file When the robot may be told something: once per control period, on a clock that may be wrong. Limits hold from one action to the next, so
 * two that follow each other too fast would break them in time.
 */

/** `early`: the period is not over. `jump`: the clock went back, or further ahead than a watched loop can be late. */
export type Admission = 'send' | 'early' | 'jump';

/**
 * Shares of a period: how far from its turn an action may come so that the schedule stays (two actions are then at least half a period
 * apart), when one is overdue (early enough for the loop's next one to keep its turn), and when lateness is taken for a jump of the clock.
 */
const SLACK = 0.25;
const OVERDUE = 0.4;
const JUMP = 3;

/** Admits one action per period, and none right after a jump of the clock. */
export class Pacing {
  private readonly period: number;
  /** When the next action's turn is; null before the first. */
  private turn: number | null = null;
  private seen = -Infinity;
  /** Before this no other action, whenever it was admitted: the last one arrived late. */
  private earliest = -Infinity;

  /** `period` in seconds. */
  constructor(period: number) {
    this.period = period;
  }

  /** Asks at `now`; `send` takes the turn. After a jump the next turn is one period later. */
  admit(now: number): Admission {
    const { period, turn, seen } = this;
    this.seen = now;
    if (turn !== null && (now < seen || now > turn + JUMP * period)) {
      this.turn = now + period;
      this.earliest = -Infinity;
      return 'jump';
    }
    if (turn !== null && now < Math.max(turn - SLACK * period, this.earliest)) return 'early';
    // Lateness beyond the slack is not made up for.
    this.turn = Math.max(turn ?? now, now - SLACK * period) + period;
    return 'send';
  }

  /** The action that was admitted has arrived; between admission and now, the process may have stood still. */
  sent(now: number): void {
    this.earliest = now + (1 - 2 * SLACK) * this.period;
  }

  /** From when on an action is overdue; null before the first. */
  get overdue(): number | null {
    return this.turn === null ? null : this.turn + OVERDUE * this.period;
  }

  /** The next action comes when it comes. */
  restart(): void {
    this.turn = null;
    this.seen = -Infinity;
    this.earliest = -Infinity;
  }
}
