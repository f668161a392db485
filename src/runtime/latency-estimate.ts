/** @file How many ticks the next inference will take, at most: a quantile of the last ones. Keeps Δt_c ≥ Δt_inf. */

import { VlaError } from '../base/errors.ts';

/** How latency is foreseen. */
export interface LatencyOptions {
  /** Ticks that are expected before anything was measured; default 1. */
  readonly expected?: number;
  /** Inferences that are remembered; default 20. */
  readonly window?: number;
  /** Which share of them would have been fast enough, in (0, 1]; default 1, the slowest. */
  readonly quantile?: number;
  /** Ticks on top; default 0. */
  readonly margin?: number;
}

/** The latency of the next inference, in ticks, from the last ones. */
export class LatencyEstimate {
  private readonly expected: number;
  private readonly window: number;
  private readonly quantile: number;
  private readonly margin: number;
  private readonly recent: number[] = [];

  constructor(options: LatencyOptions = {}) {
    const { expected = 1, window = 20, quantile = 1, margin = 0 } = options;
    if (!(Number.isInteger(window) && window >= 1)) refuse('a window of at least 1', window);
    if (!(quantile > 0 && quantile <= 1)) refuse('a quantile above 0, at most 1', quantile);
    if (!(Number.isInteger(margin) && margin >= 0)) refuse('a margin of whole ticks', margin);
    if (!(Number.isInteger(expected) && expected >= 0)) refuse('whole ticks', expected);
    [this.expected, this.window, this.quantile, this.margin] = [expected, window, quantile, margin];
  }

  /** An inference took `ticks`. */
  add(ticks: number): void {
    this.recent.push(ticks);
    if (this.recent.length > this.window) this.recent.shift();
  }

  /** Whole ticks: the smallest of the remembered ones that `quantile` of them did not exceed, and the margin. */
  get ticks(): number {
    const sorted = [...this.recent].sort((a, b) => a - b);
    const at = Math.ceil(this.quantile * sorted.length) - 1;
    return (sorted[at] ?? this.expected) + this.margin;
  }
}

function refuse(expected: string, got: number): never {
  throw new VlaError('bad-argument', `latency estimate: expected ${expected}, got ${got}.`);
}
