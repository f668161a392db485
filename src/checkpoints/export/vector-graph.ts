/**
 * @file The reversible steps of state and action vectors inside the graph, in double precision as the codec computes them: state
 * is encoded, actions are decoded.
 *
 * Axes: H horizon, D dimensions of the vector.
 */

import { VlaError } from '../../base/errors.ts';
import { f32, i64, tensor } from '../../base/tensor.ts';
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
  slice,
  sub,
  type Value,
} from '../../engine/index.ts';

/** One direction of a step on rows f64 [rows, D]; `state` f64 [1, D'] is in the robot's units. */
type Encode<K extends VectorStep['kind']> = (step: Extract<VectorStep, { kind: K }>, rows: Value) => Value;
type Decode<K extends VectorStep['kind']> = (
  step: Extract<VectorStep, { kind: K }>,
  rows: Value,
  state: Value,
) => Value;

/** States are encoded by steps that look at them alone. */
const ENCODE: { readonly [K in VectorStep['kind']]?: Encode<K> } = {
  limit: (_, rows) => rows,
  normalise({ normalisation }, rows) {
    const { centre, scale } = affineMap(normalisation, widthOf(rows), 'export');
    // A constant dimension (scale 0) is encoded as 0.
    const divisor = scale.map((s) => (s === 0 ? 1 : s));
    const alive = scale.map((s) => (s === 0 ? 0 : 1));
    return mul(div(sub(rows, perRow(centre, rows)), perRow(divisor, rows)), perRow(alive, rows));
  },
  clamp: ({ limit }, rows) => clamp(rows, -limit, limit),
  pad({ size, slots }, rows) {
    const D = widthOf(rows);
    const sources = Array.from({ length: size }, (_, i) => (slots ?? range(D)).indexOf(i));
    const zero = constant(tensor('f64', [1, 1], new Float64Array(1)));
    return gather(concat([rows, zero], 1), constant(i64(sources.map((source) => (source < 0 ? D : source)))), 1);
  },
};

/** The steps that a graph can undo; those before another one (in the order of encoding) are left to the caller. */
const DECODE: { readonly [K in VectorStep['kind']]?: Decode<K> } = {
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
    return add(mul(rows, perRow(scale, rows)), perRow(centre, rows));
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

/** The first steps of a list, which the graph does not undo: up to the last one of a kind that it cannot. */
export function stepsLeft(steps: readonly VectorStep[]): readonly VectorStep[] {
  return steps.slice(0, steps.findLastIndex(({ kind }) => !(kind in DECODE)) + 1);
}

/** A state f64 [1, D] in robot units to the model's f32 [1, S]. Throws `unsupported` for steps that need more than the state. */
export function encodeGraph(steps: readonly VectorStep[], state: Value): Value {
  let rows = state;
  for (const step of steps) {
    const encode = ENCODE[step.kind] as ((step: VectorStep, rows: Value) => Value) | undefined;
    if (encode === undefined) {
      throw new VlaError('unsupported', `export: expected no step "${step.kind}" of the state, got one.`, {
        hint: 'Take the step out of the codec’s state.',
      });
    }
    rows = encode(step, rows);
  }
  return cast(rows, 'f32');
}

/**
 * The model's actions f32 [H, A] to robot units f32 [H, D], but for `stepsLeft`; `state` f64 [1, D'] is in robot units. `dim` is the
 * number of the robot's dimensions.
 */
export function decodeGraph(steps: readonly VectorStep[], dim: number, actions: Value, state: Value): Value {
  let rows = cast(actions, 'f64');
  const widths: number[] = [];
  let width = dim;
  for (const step of steps) {
    widths.push(width);
    if (step.kind === 'pad') width = step.size;
  }
  for (let i = steps.length - 1; i >= stepsLeft(steps).length; i--) {
    const step = steps[i]!;
    const decode = DECODE[step.kind] as (step: VectorStep, rows: Value, state: Value) => Value;
    rows = slice(decode(step, rows, state), 1, 0, widths[i]!);
  }
  return cast(rows, 'f32');
}

/** f32 noise times a scale. */
export const scaled = (noise: Value, scale: number): Value =>
  scale === 1 ? noise : mul(noise, constant(f32([scale])));

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const widthOf = (rows: Value): number => rows.shape[1] as number;
/** One number per dimension, or per row and dimension (then rows begin again where they end). */
function perRow(values: ArrayLike<number>, rows: Value): Value {
  const [H, D] = rows.shape as [number, number];
  if (values.length === D) return vector(values);
  const all = Float64Array.from({ length: H * D }, (_, i) => values[i % values.length]!);
  return constant(tensor('f64', [H, D], all));
}

const vector = (values: ArrayLike<number>): Value =>
  constant(tensor('f64', [1, values.length], Float64Array.from(values)));
