/** @file States and actions as the model sees them: per dimension the spread after normalisation, and how much is clamped. */

import { createVectorCodec, type VectorStep } from '../../../codec/vector-steps.ts';
import type { VectorConfig } from '../../../codec/codec-config.ts';
import type { Codec } from '../../../codec/policy-codec.ts';
import { sortedQuantile } from '../../../data/statistics.ts';
import { windowAt, type WindowSpec } from '../../../data/windows.ts';
import type { Dataset } from '../../../interfaces/episode.ts';

/** One dimension in the model's numbers, before clamping. */
export interface DimensionFacts {
  readonly name: string;
  readonly min: number;
  readonly q01: number;
  readonly median: number;
  readonly q99: number;
  readonly max: number;
  /** Share of the values beyond the clamp, 0 to 1. */
  readonly clamped: number;
}

/** Values of a vector, one list per dimension. */
interface Columns {
  readonly names: readonly string[];
  readonly limit: number;
  readonly values: readonly number[][];
}

/** Frames that are looked at; of more, evenly spread ones. */
const MAX_FRAMES = 20_000;
/** A chunk's rows are much alike: so many numbers per dimension tell its quantiles. */
const MAX_CHUNKS = 4000;

/** States and whole chunks of actions over a dataset; steps beyond an episode's end are left out. */
export async function vectorFacts(
  dataset: Dataset,
  { config }: Codec,
  window: WindowSpec,
): Promise<{ readonly state: DimensionFacts[]; readonly action: DimensionFacts[] }> {
  const [state, action] = [columnsOf(config.state), columnsOf(config.action)];
  const encodeState = encoder(config.state);
  const encodeAction = encoder(config.action);
  const [S, A] = [state.names.length, action.names.length];
  const frames = dataset.episodes.reduce((sum, { length }) => sum + length, 0);
  const every = Math.max(1, Math.ceil(frames / MAX_FRAMES));
  const everyChunk = Math.max(every, Math.ceil(frames / MAX_CHUNKS));
  let at = 0;
  for (const { index, length } of dataset.episodes) {
    const [states, actions] = [await dataset.column('observation.state', index), await dataset.column('action', index)];
    for (let frame = 0; frame < length; frame++, at++) {
      if (at % every !== 0 && at % everyChunk !== 0) continue;
      const now = states.subarray(frame * S, (frame + 1) * S);
      if (at % every === 0) add(state, encodeState(now, now), 1);
      if (at % everyChunk !== 0) continue;
      const { values, isPad } = windowAt(actions, A, frame, window);
      const rows = isPad.indexOf(1);
      add(action, encodeAction(values, now), rows < 0 ? window.horizon : rows);
    }
  }
  return { state: state.values.map((_, d) => facts(state, d)), action: action.values.map((_, d) => facts(action, d)) };
}

function columnsOf({ names, steps }: VectorConfig): Columns {
  const clamp = steps.find((step) => step.kind === 'clamp');
  return { names, limit: clamp?.limit ?? Infinity, values: names.map(() => []) };
}

/** The vector's encoding without clamp and padding. */
function encoder({
  names,
  steps,
}: VectorConfig): (values: ArrayLike<number>, state: ArrayLike<number>) => Float64Array {
  const kept = steps.filter((step: VectorStep) => step.kind !== 'clamp' && step.kind !== 'pad');
  const codec = createVectorCodec(names, kept, 'preview');
  return (values, state) => codec.encode(values, state, 'preview');
}

function add({ values }: Columns, rows: Float64Array, count: number): void {
  const size = values.length;
  for (let row = 0; row < count; row++) for (let d = 0; d < size; d++) values[d]!.push(rows[row * size + d]!);
}

function facts({ names, limit, values }: Columns, d: number): DimensionFacts {
  const sorted = Float64Array.from(values[d]!).sort();
  const quantile = (q: number): number => sortedQuantile(sorted, q);
  const clamped = sorted.reduce((sum, value) => sum + (Math.abs(value) > limit ? 1 : 0), 0);
  return {
    name: names[d]!,
    min: sorted[0]!,
    q01: quantile(0.01),
    median: quantile(0.5),
    q99: quantile(0.99),
    max: sorted.at(-1)!,
    clamped: clamped / sorted.length,
  };
}
