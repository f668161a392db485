/** @file What the loop drives: something that learns from one batch at a time and can be saved and restored exactly. */

import type { Tensor } from '../base/tensor.ts';

/** A model in training with its optimiser. One step at a time; calls do not overlap. */
export interface Learner {
  /**
   * Learns from one batch. `step` counts from 0. Resolves with scalars: `loss`, `gradientNorm` (before clipping),
   * `learningRate`, and the trainable's own metrics.
   */
  step(step: number, feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, number>>>;
  /** The averaged weights by dotted name (the weights themselves where averaging is off). */
  weights(): Promise<Record<string, Tensor>>;
  /** Everything that the next step depends on, by name. */
  state(): Promise<Record<string, Tensor>>;
  /** Puts back what `state` gave. Throws `mismatch` or `bad-shape` when it belongs to another model. */
  restore(state: Readonly<Record<string, Tensor>>): Promise<void>;
  close(): Promise<void>;
}
