/** @file When ticks are due: on a grid of control periods that lateness never shifts. */

/**
 * Later than this share of its period, a tick is given up for the next one: the gate would take its action for that of the next period. Before,
 * it takes place late, and the one after it again on the grid.
 */
const LATEST = 0.75;
/** For the rounding of sums of periods. */
const EPSILON = 1e-9;

/** The ticks of one episode after the other. */
export class TickSchedule {
  /** Control periods since the episode began. */
  tick = 0;
  private readonly period: number;
  private origin = 0;

  /** `period` in seconds. */
  constructor(period: number) {
    this.period = period;
  }

  /** When the current tick is due. */
  get due(): number {
    return this.origin + this.tick * this.period;
  }

  /** Tick 0 is due at `origin`. */
  begin(origin: number): void {
    [this.origin, this.tick] = [origin, 0];
  }

  /** Goes on to the last tick that may still take place at `now`, or to the next one; how many were given up. */
  catchUp(now: number): number {
    const behind = Math.floor((now - this.due) / this.period + 1 - LATEST + EPSILON);
    if (behind <= 0) return 0;
    this.tick += behind;
    return behind;
  }
}
