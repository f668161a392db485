/** @file Measures inferences and control steps: latencies of the last ones, rates of the last seconds. */

import type { Speed } from './messages.ts';

const KEPT = 500;
const WINDOW_MS = 3000;

/** Counts inferences and control steps; a pause between two runs does not count as slowness. */
export class SpeedMeter {
  private latencies: number[] = [];
  private inferences = 0;
  private chunkTimes: number[] = [];
  private stepTimes: number[] = [];
  private since = 0;

  /** Rates start anew. */
  begin(): void {
    this.chunkTimes = [];
    this.stepTimes = [];
    this.since = performance.now();
  }

  /** Another policy or runtime: everything starts anew. */
  clear(): void {
    this.latencies = [];
    this.inferences = 0;
    this.begin();
  }

  inferred(ms: number): void {
    this.inferences++;
    this.latencies = [...this.latencies, ms].slice(-KEPT);
    this.chunkTimes.push(performance.now());
  }

  stepped(): void {
    this.stepTimes.push(performance.now());
  }

  read(): Speed {
    const now = performance.now();
    const span = Math.max(1, Math.min(WINDOW_MS, now - this.since)) / 1000;
    const recent = (times: readonly number[]): number[] => times.filter((time) => time > now - WINDOW_MS);
    this.chunkTimes = recent(this.chunkTimes);
    this.stepTimes = recent(this.stepTimes);
    const sorted = this.latencies.toSorted((a, b) => a - b);
    const quantile = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
    return {
      inferences: this.inferences,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      chunksPerSecond: this.chunkTimes.length / span,
      stepsPerSecond: this.stepTimes.length / span,
    };
  }
}
