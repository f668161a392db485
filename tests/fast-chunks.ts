/** @file The action chunks of tools/golden/fast.py: random walks from a formula that every language rounds alike. */

/** A chunk, row-major [horizon, dim]. */
export interface WalkChunk {
  readonly values: Float64Array;
  readonly horizon: number;
  readonly dim: number;
}

/** The random walk of a seed in [−1, 1]; its shape is the one at `seed` modulo their number. */
export function walkChunk(seed: number, shapes: readonly (readonly [horizon: number, dim: number])[]): WalkChunk {
  const [horizon, dim] = shapes[seed % shapes.length]!;
  let state = Math.imul(seed, 2654435761) >>> 0;
  const values = new Float64Array(horizon * dim);
  const now = new Float64Array(dim);
  for (let t = 0; t < horizon; t++) {
    for (let d = 0; d < dim; d++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const step = state / 4294967296 - 0.5;
      now[d] = Math.min(1, Math.max(-1, now[d]! + step * (t === 0 ? 2 : 1 / (1 + (d % 4)))));
      values[t * dim + d] = now[d]!;
    }
  }
  return { values, horizon, dim };
}

/** What the golden tokenizer was fitted on: the first walks, and the largest coefficients that there are. */
export function fittedChunks(count: number, shapes: readonly (readonly [number, number])[]): WalkChunk[] {
  const constant = (value: number): WalkChunk => ({ values: new Float64Array(50).fill(value), horizon: 50, dim: 1 });
  return [...Array.from({ length: count }, (_, seed) => walkChunk(seed, shapes)), constant(1), constant(-1)];
}
