/** @file The actions to come, keyed by tick, each with the observation and the episode that it follows from. */

import { actionAt, type ActionChunk } from '../interfaces/action-chunk.ts';

/** Where a chunk belongs. */
export interface Placement {
  /** Counts resets; a chunk of another epoch than the queue's is discarded. */
  readonly epoch: number;
  /** The tick of the observation that the chunk follows from. */
  readonly observed: number;
  /** The tick that its first action is for. */
  readonly start: number;
  /** Only so many of its actions are used; left out: all. */
  readonly limit?: number;
}

/** An action for one tick. */
export interface QueuedAction {
  /** Embodiment units; a copy. */
  readonly action: Float32Array;
  /** The tick of the observation that it follows from; of several, the oldest. */
  readonly observed: number;
}

/** A chunk of which something is to come: its actions are in force from tick `first` to before `end`. */
export interface RunningChunk {
  readonly chunk: ActionChunk;
  readonly observed: number;
  readonly start: number;
  readonly first: number;
  readonly end: number;
}

/** What did not come to be executed. */
export interface QueueCounts {
  /** Chunks of which nothing was used: too late, of an earlier epoch, or given up by the strategy. */
  discarded: number;
  /** Actions of used chunks whose tick was past when the chunk came. */
  late: number;
  /** Chunks that took over from another one. */
  switches: number;
}

/** Chunks that are kept at once, at most, where they are merged. */
const KEPT = 256;

/** Actions by tick. Of several chunks for one tick the last placed one counts, unless a strategy asks for all. */
export class ChunkQueue {
  readonly counts: QueueCounts = { discarded: 0, late: 0, switches: 0 };
  private chunks: RunningChunk[] = [];
  private currentEpoch = 0;

  /** The episode that the queue is for. */
  get epoch(): number {
    return this.currentEpoch;
  }

  /** Empties the queue; from now on only chunks of `epoch` are taken. */
  begin(epoch: number): void {
    this.chunks = [];
    this.currentEpoch = epoch;
  }

  /**
   * Places a chunk that came at tick `now`; false where nothing of it can be used. `replace`: it takes over at its first usable tick;
   * `merge`: earlier chunks stay beside it.
   */
  place(chunk: ActionChunk, placement: Placement, now: number, how: 'replace' | 'merge' = 'replace'): boolean {
    const { epoch, observed, start, limit = chunk.horizon } = placement;
    const first = Math.max(start, now);
    const end = start + Math.min(limit, chunk.horizon);
    if (epoch !== this.currentEpoch || first >= end) {
      this.counts.discarded++;
      return false;
    }
    this.counts.late += first - start;
    if (how === 'replace') {
      if (this.running(first) !== null) this.counts.switches++;
      this.chunks = this.chunks.filter((other) => other.first < first).map((other) => cut(other, first));
    }
    this.chunks.push({ chunk, observed, start, first, end });
    if (this.chunks.length > KEPT) this.chunks.shift();
    return true;
  }

  /** Counts a chunk that the strategy does not use. */
  discard(): void {
    this.counts.discarded++;
  }

  /** The action for `tick`, or null. */
  at(tick: number): QueuedAction | null {
    const running = this.running(tick);
    return running === null ? null : { action: actionFor(running, tick), observed: running.observed };
  }

  /** What every chunk has for `tick`, in the order in which they were placed. */
  all(tick: number): QueuedAction[] {
    return this.chunks
      .filter((one) => covers(one, tick))
      .map((one) => ({ action: actionFor(one, tick), observed: one.observed }));
  }

  /** The chunk that is in force at `tick`, or null. */
  running(tick: number): RunningChunk | null {
    return this.chunks.findLast((one) => covers(one, tick)) ?? null;
  }

  /** How many ticks from `tick` on, without a gap, have an action; counted up to `most`. */
  ahead(tick: number, most: number = Infinity): number {
    let count = 0;
    while (count < most && this.running(tick + count) !== null) count++;
    return count;
  }

  /** The actions for `count` ticks from `tick` on, row-major [count, dim]; `count` is at most `ahead(tick)`. */
  upcoming(tick: number, count: number): Float32Array {
    const actions = Array.from({ length: count }, (_, i) => this.at(tick + i)!.action);
    const dim = actions[0]?.length ?? 0;
    const out = new Float32Array(count * dim);
    for (const [i, action] of actions.entries()) out.set(action, i * dim);
    return out;
  }

  /** Drops what lies before `tick`. */
  forget(tick: number): void {
    if (this.chunks.some(({ end }) => end <= tick)) this.chunks = this.chunks.filter(({ end }) => end > tick);
  }
}

function covers({ first, end }: RunningChunk, tick: number): boolean {
  return tick >= first && tick < end;
}

function actionFor({ chunk, start }: RunningChunk, tick: number): Float32Array {
  return actionAt(chunk, tick - start).slice();
}

function cut(running: RunningChunk, end: number): RunningChunk {
  return running.end <= end ? running : { ...running, end };
}
