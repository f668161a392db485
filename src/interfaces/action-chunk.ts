/** @file The actions of one inference: `horizon` consecutive actions of `dim` numbers. */

/** Row-major [horizon, dim], in the embodiment's units (already decoded). */
export interface ActionChunk {
  readonly horizon: number;
  readonly dim: number;
  readonly data: Float32Array;
  /** What the policy wrote before it acted, which these actions follow from; absent where it acts at once. */
  readonly reasoning?: string;
  /** How far the policy thinks the task is when all of these actions are done, about 0 to 1; absent where it does not say. */
  readonly progress?: number;
}

/** The action at index `step` of a chunk, as a view. */
export function actionAt(chunk: ActionChunk, step: number): Float32Array {
  return chunk.data.subarray(step * chunk.dim, (step + 1) * chunk.dim);
}
