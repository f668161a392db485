/** @file A queue of length one: the newest observation of a robot, which a newer one takes the place of. */

import type { TimedObservation } from './timed-observation.ts';

/** How many control periods are remembered as answered. */
const REMEMBERED = 4096;

/** The observation that is answered next. */
export class NewestObservation {
  private newest: TimedObservation | null = null;
  private readonly answered = new Set<number>();
  private waiting: (() => void) | null = null;

  /**
   * Takes an observation, unless its control period was answered already and the robot still has actions. Whether it did.
   * Unlike LeRobot's server, it does not drop observations whose joints moved by less than 1: whether that is much depends on their unit.
   */
  offer(observation: TimedObservation): boolean {
    if (!observation.mustGo && this.answered.has(observation.timestep)) return false;
    // A robot that has run dry waits for its answer; a later observation of the same moment may not push it out.
    const dry = this.newest?.mustGo === true && this.newest.timestep === observation.timestep;
    this.newest = dry ? { ...observation, mustGo: true } : observation;
    this.waiting?.();
    return true;
  }

  /** The newest, at once or within `ms`; null when none came, or nobody wants it any more. */
  async take(ms: number, signal: AbortSignal): Promise<TimedObservation | null> {
    if (this.newest === null && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          this.waiting = null;
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done, { once: true });
        this.waiting = done;
      });
    }
    if (signal.aborted) return null;
    const { newest } = this;
    this.newest = null;
    if (newest !== null) this.remember(newest.timestep);
    return newest;
  }

  /** Forgets everything: another episode. */
  clear(): void {
    this.newest = null;
    this.answered.clear();
  }

  private remember(timestep: number): void {
    this.answered.add(timestep);
    if (this.answered.size > REMEMBERED) this.answered.delete(this.answered.values().next().value!);
  }
}
