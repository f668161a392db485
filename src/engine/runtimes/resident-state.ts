/** @file State that stays where the graph runs, as a session of ONNX Runtime sees it. */

import type * as ort from 'onnxruntime-node';
import type { Tensor } from '../../base/tensor.ts';

/** State between runs, wherever it lies. */
export interface ResidentState {
  /** What to feed, and what to pass as preallocated outputs (null: ONNX Runtime allocates). */
  readonly feeds: Readonly<Record<string, ort.Tensor>>;
  readonly fetches: Readonly<Record<string, ort.Tensor | null>>;
  /** Takes the next state from a run's results. */
  advance(results: Readonly<Record<string, ort.Tensor>>): void;
  read(name: string): Promise<Tensor>;
  /** Copies a tensor that fits into the state. */
  write(name: string, value: Tensor): void;
  close(): void;
}
