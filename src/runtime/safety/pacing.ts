/**
 * @file When the robot may be told something: once per control period, on a clock that may be wrong. Limits hold from one action to the next, so
 * two that follow each other too fast would break them in time.
 */

/** `early`: this period has its action. `jump`: the clock went back, or further ahead than a watched loop can be late. */
export type Admission = 'send' | 'early' | 'jump';

/** Shares of a period: how much before its turn an action may come (later, it takes the next turn); how far from the last one it stays. */
const SLACK = 0.25;
const APART = 0.5;
/** And: when one is overdue, from its turn and from the last one; when it is too early for anyone to fill in for it. */
const OVERDUE = 0.4;
const SILENT = 1.25;
const SOON = 0.3;
/** Lateness that is taken for a jump of the clock, in periods. */
const JUMP = 3;
/** For the rounding of sums of periods. */
const EPSILON = 1e-9;

/**
 * Admits one action per period, and none right after a jump of the clock. Periods lie on a grid, which an action that comes late leaves where
 * it is: a loop that keeps its beat is never taken for one that is too fast.
 */
export class Pacing {
  private readonly period: number;
  /** When the next action's turn is; null before the first. */
  private turn: number | null = null;
  /** When the last action was admitted, unless it filled in for another one. */
  private last = -Infinity;
  private seen = -Infinity;
  /** Before this no other action, whenever it was admitted: the last one arrived late. */
  private earliest = -Infinity;

  /** `period` in seconds. */
  constructor(period: number) {
    this.period = period;
  }

  /** Asks at `now`; `send` takes the turn. `due`: the beat of whoever asks, which counts where the grid begins: at the first action, and after a jump. */
  admit(now: number, due: number = now): Admission {
    const { period, turn, seen } = this;
    this.seen = now;
    if (turn !== null && (now < seen || now > turn + JUMP * period)) {
      this.begin(now, due);
      this.last = -Infinity;
      this.earliest = now + APART * period;
      return 'jump';
    }
    if (turn !== null && now < Math.max(turn - SLACK * period, this.earliest) - EPSILON) return 'early';
    if (turn === null) this.begin(now, due);
    // Periods that nobody used are not made up for.
    else this.turn = turn + (1 + Math.max(0, this.periodsTo(now))) * period;
    this.last = now;
    return 'send';
  }

  /** Until when an action that asks at `now` waits, where its turn has come and only the last one is too close; else null. */
  waits(now: number): number | null {
    const { period, turn, earliest } = this;
    const mayCome = turn !== null && now >= turn - SLACK * period - EPSILON;
    return mayCome && now < earliest && earliest - now <= APART * period + EPSILON ? earliest : null;
  }

  /** The action that was admitted has arrived; between admission and now, the process may have stood still. */
  sent(now: number): void {
    this.earliest = now + APART * this.period;
  }

  /** When to look next, after `now`, whether the action of a period is missing; null before the first. */
  nextLook(now: number): number | null {
    const { period, turn, overdue } = this;
    if (turn === null || overdue > now) return turn === null ? null : overdue;
    const first = turn + OVERDUE * period;
    return first + Math.floor((now - first) / period + 1 + EPSILON) * period;
  }

  /** Takes the turn of an action that is missing; false where none is, or where the next period's would lose its turn by it. */
  fillIn(now: number): boolean {
    if (this.turn === null || now < this.overdue - EPSILON || !this.isAmid(now)) return false;
    if (this.admit(now) !== 'send') return false;
    this.last = -Infinity;
    return true;
  }

  /** The next action comes when it comes. */
  restart(): void {
    this.turn = null;
    this.last = this.seen = this.earliest = -Infinity;
  }

  /** `due` is believed only where it lies in the period before. */
  private begin(now: number, due: number): void {
    this.turn = (due <= now && due > now - this.period ? due : now) + this.period;
  }

  private get overdue(): number {
    const { period, last } = this;
    const turn = this.turn!;
    const soonest = Math.max(turn + OVERDUE * period, last + SILENT * period);
    return this.isAmid(soonest) ? soonest : turn + (1 + OVERDUE) * period;
  }

  /** Whole periods from the next turn to the one that `now` is of. */
  private periodsTo(now: number): number {
    return Math.floor((now - this.turn!) / this.period + SLACK + EPSILON);
  }

  /** Whether no action is just about to come on the grid. */
  private isAmid(now: number): boolean {
    return (now - this.turn!) / this.period - this.periodsTo(now) >= SOON - EPSILON;
  }
}
