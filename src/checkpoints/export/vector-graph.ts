/**
 * @file The reversible steps of state and action vectors inside the graph, in double precision as the codec computes them: state
 * is encoded, actions are decoded.
 *
 * Axes: H horizon, D dimensions of the vector.
 */

import { tensor } from '../../base/tensor.ts';
import type { Reference } from '../../codec/delta.ts';
import { affineMap } from '../../codec/normalise.ts';
import type { VectorStep } from '../../codec/vector-steps.ts';
import {
  add,
  cast,
  clamp,
  concat,
  constant,
  cumsum,
  div,
  floor,
  gather,
  maximum,
  minimum,
  mul,
  reshape,
  slice,
  sub,
  type Value,
} from '../../engine/index.ts';
import { f32, i64 } from '../../base/tensor.ts';

/** One direction of a step on rows f64 [rows, D]; `state` f64 [1, D'] is in the robot's units. */
type Encode<K extends VectorStep['kind']> = (step: Extract<VectorStep, { kind: K }>, rows: Value) => Value;
type Decode<K extends VectorStep['kind']> = (
  step: Extract<VectorStep, { kind: K }>,
  rows: Value,
  state: Value,
) => Value;

const ENCODE: { readonly [K in VectorStep['kind']]: Encode<K> } = {
  limit: (_, rows) => rows,
  reference: (_, rows) => rows,
  normalise({ normalisation }, rows) {
    const { centre, scale } = affineMap(normalisation, widthOf(rows), 'export');
    // A constant dimension (scale 0) is encoded as 0.
    const divisor = scale.map((s) => (s === 0 ? 1 : s));
    const alive = scale.map((s) => (s === 0 ? 0 : 1));
    return mul(div(sub(rows, vector(centre)), vector(divisor)), vector(alive));
  },
  clamp: ({ limit }, rows) => clamp(rows, -limit, limit),
  pad({ size, slots }, rows) {
    const D = widthOf(rows);
    const sources = Array.from({ length: size }, (_, i) => (slots ?? range(D)).indexOf(i));
    const zero = constant(tensor('f64', [1, 1], new Float64Array(1)));
    return gather(concat([rows, zero], 1), constant(i64(sources.map((source) => (source < 0 ? D : source)))), 1);
  },
};

const DECODE: { readonly [K in VectorStep['kind']]: Decode<K> } = {
  limit: ({ low, high }, rows) => minimum(maximum(rows, vector(low)), vector(high)),
  reference({ change }, rows, state) {
    const columns = change.stateIndex.map((index, d) => {
      const column = slice(rows, 1, d, d + 1);
      if (index === null) return column;
      const start = slice(state, 1, index, index + 1);
      return FROM_ABSOLUTE[change.from](TO_ABSOLUTE[change.to](column, start), start, change.period?.[d] ?? null);
    });
    return concat(columns, 1);
  },
  normalise({ normalisation }, rows) {
    const { centre, scale } = affineMap(normalisation, widthOf(rows), 'export');
    return add(mul(rows, vector(scale)), vector(centre));
  },
  clamp: (_, rows) => rows,
  pad: ({ slots }, rows) => (slots === null ? rows : gather(rows, constant(i64(slots)), 1)),
};

/** A column f64 [H, 1] of actions in one reference to absolute numbers; `start` f64 [1, 1]. */
const TO_ABSOLUTE: Readonly<Record<Reference, (column: Value, start: Value) => Value>> = {
  absolute: (column) => column,
  delta: (column, start) => add(cumsum(column, 0), start),
  'relative-to-chunk-start': add,
};

/** And back. */
const FROM_ABSOLUTE: Readonly<Record<Reference, (column: Value, start: Value, period: number | null) => Value>> = {
  absolute: (column) => column,
  delta(column, start, period) {
    const before = concat([start, slice(column, 0, 0, (column.shape[0] as number) - 1)], 0);
    return wrap(sub(column, before), period);
  },
  'relative-to-chunk-start': (column, start, period) => wrap(sub(column, start), period),
};

function wrap(difference: Value, period: number | null): Value {
  if (period === null) return difference;
  const turns = floor(add(div(difference, vector([period])), vector([0.5])));
  return sub(difference, mul(turns, vector([period])));
}

/** A state f64 [1, D] in robot units to the model's f32 [1, S]. */
export function encodeGraph(steps: readonly VectorStep[], state: Value): Value {
  let rows = state;
  for (const step of steps) rows = (ENCODE[step.kind] as (step: VectorStep, rows: Value) => Value)(step, rows);
  return cast(rows, 'f32');
}

/** The model's actions f32 [H, A] to robot units f32 [H, D]; `state` f64 [1, D'] in robot units. */
export function decodeGraph(steps: readonly VectorStep[], dim: number, actions: Value, state: Value): Value {
  let rows = cast(actions, 'f64');
  const widths = new Map<VectorStep, number>();
  let width = dim;
  for (const step of steps) {
    widths.set(step, width);
    if (step.kind === 'pad') width = step.size;
  }
  for (const step of [...steps].reverse()) {
    const decode = DECODE[step.kind] as (step: VectorStep, rows: Value, state: Value) => Value;
    rows = decode(step, rows, state);
    if (step.kind === 'pad') rows = slice(rows, 1, 0, widths.get(step)!);
  }
  return reshape(cast(rows, 'f32'), [rows.shape[0]!, dim]);
}

/** f32 noise times a scale. */
export const scaled = (noise: Value, scale: number): Value =>
  scale === 1 ? noise : mul(noise, constant(f32([scale])));

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const widthOf = (rows: Value): number => rows.shape[1] as number;
const vector = (values: ArrayLike<number>): Value =>
  constant(tensor('f64', [1, values.length], Float64Array.from(values)));
