/** @file When a stamped message was measured, on our clock: another machine's clock has another beginning, and may run elsewhere. */

/**
 * Takes stamps of one clock to times of another. The message that took the least time on its way tells how far the clocks are apart; what
 * others took longer is their age. A message without a stamp is as old as its arrival. When the other clock is set back, all that follows
 * looks old, and whoever watches for stale sensors stops: nothing tells such messages from late ones.
 */
export class StampClock {
  private offset = Infinity;

  /** `stamp` and `now` in seconds, each of its own clock; never later than `now`. */
  time(stamp: number, now: number): number {
    if (stamp === 0) return now;
    this.offset = Math.min(this.offset, now - stamp);
    return stamp + this.offset;
  }
}
