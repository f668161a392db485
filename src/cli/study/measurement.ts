/** @file What a study measures of a trained policy: one interface, one file per kind (all are listed in measurements.ts). */

import type { NamedMeasurement } from '../../../recipes/studies/measurement-config.ts';

/** One item of a measurement, scored: an episode, a question. */
export interface Score {
  /** What kind of item it is: a task, a kind of question. Intervals treat these as fixed, the items in them as drawn. */
  readonly stratum: string;
  /** Which one of its stratum; the same keys in two arms are the same items, and are compared in pairs. */
  readonly key: string;
  /** 0 or 1, or anything between; of a series with a unit any number. */
  readonly value: number;
}

/** The scores of one question asked of the policy, such as one condition of an evaluation. */
export interface Series {
  readonly name: string;
  /** What the values are measured in; left out: they are shares from 0 to 1. */
  readonly unit?: string;
  /** Where it stands among series of the same name, in figures and tables over some setting; left out: nowhere. */
  readonly at?: AxisValue;
  /** In a series with a unit an item may lack: it is then left out for all seeds, and for both arms of a comparison. */
  readonly scores: readonly Score[];
}

/** A value on a named axis: a latency of 200 on "latency, ms". */
export interface AxisValue {
  readonly axis: string;
  readonly value: number;
}

/** What one measurement of one checkpoint found. */
export interface Measured {
  readonly series: readonly Series[];
  /** Numbers beside the scores, for the record: episode lengths, latencies in ms. */
  readonly details: Readonly<Record<string, number>>;
}

/** Where and on what a measurement is carried out. */
export interface MeasurementContext {
  /** The checkpoint's folder. */
  readonly checkpoint: string;
  /** A folder for whatever the measurement writes beside its result. */
  readonly folder: string;
  /** Worker threads; the scores do not depend on it. */
  readonly workers: number;
  /** For the record. */
  readonly command: string;
  readonly signal: AbortSignal;
  /** Of the measurement's `size`. */
  onProgress(done: number, note: string): void;
}

/** One kind of measurement. */
export interface Measurement<C extends NamedMeasurement> {
  /** What `size` counts: "episodes". */
  readonly unit: string;
  /** How many items it scores. */
  size(config: C): number;
  /**
   * Throws `bad-argument` or `not-found` for a configuration that cannot work, before anyone trains for it. `horizon` is the
   * length of the policy's chunks, null where it is not known yet.
   */
  check(config: C, where: string, horizon: number | null): void;
  /** The same with other settings of the sampling; null where these change no score. */
  sampledWith(config: C, eulerSteps: number, execute: number): C | null;
  /** Scores a checkpoint. Deterministic but for `details`; rejects with `interrupted` when the signal aborts. */
  measure(config: C, context: MeasurementContext): Promise<Measured>;
}
