/**
 * @file The ordered, reversible steps between a state or action vector in robot units and the model's padded vector.
 * Encoding runs the list forwards, decoding backwards; each kind of step carries both directions.
 */

import { VlaError, invariant } from '../base/errors.ts';
import { changeReference, restoreReference, type ReferenceChange } from './delta.ts';
import { affineMap, denormaliseRows, normaliseRows, type Normalisation } from './normalise.ts';
import { relatePose, unrelatePose, type PoseChange } from './relative-pose.ts';

/** One reversible step on a vector; lists of them are plain data. */
export type VectorStep =
  /** Decoded values are clipped to the robot's inclusive limits; encoding leaves recorded values as they are. */
  | { readonly kind: 'limit'; readonly low: readonly number[]; readonly high: readonly number[] }
  /** Absolute, delta or chunk-relative numbers. Actions only. */
  | { readonly kind: 'reference'; readonly change: ReferenceChange }
  /** Poses relative to the chunk's first, in its frame. Actions only. */
  | { readonly kind: 'relative-pose'; readonly poses: readonly PoseChange[] }
  | { readonly kind: 'normalise'; readonly normalisation: Normalisation }
  /** Encoded values are clamped to ±limit, so that one outlier cannot dominate a batch (ZR-0: 15). */
  | { readonly kind: 'clamp'; readonly limit: number }
  /** Zero-padding to `size` numbers; `slots` places each dimension (null: the leading ones). */
  | { readonly kind: 'pad'; readonly size: number; readonly slots: readonly number[] | null };

/** Rows of numbers on their way through the steps. */
export interface Rows {
  readonly dim: number;
  readonly data: Float64Array;
}

interface Transform {
  readonly outputDim: number;
  encode(rows: Rows, state: ArrayLike<number>): Rows;
  decode(rows: Rows, state: ArrayLike<number>): Rows;
  /** Whether decoding needs the state of the chunk's start. */
  readonly needsState: boolean;
  /** Where each output dimension comes from: an input dimension, or −1 for padding. */
  readonly sources: readonly number[];
}

/** A compiled list of steps. */
export interface VectorCodec {
  readonly names: readonly string[];
  /** Length of an encoded row. */
  readonly encodedDim: number;
  readonly needsState: boolean;
  /** 1 for each encoded dimension that carries a real one, 0 for padding. */
  readonly mask: Float32Array;
  /** Encodes rows of `names.length` numbers (state or a chunk of actions); refuses NaN and infinity by name. */
  encode(values: ArrayLike<number>, state: ArrayLike<number>, where: string): Float64Array;
  /** The inverse; refuses NaN and infinity. */
  decode(values: ArrayLike<number>, state: ArrayLike<number>, where: string): Float64Array;
}

const identity = (dim: number): readonly number[] => Array.from({ length: dim }, (_, i) => i);

const COMPILE: {
  readonly [K in VectorStep['kind']]: (step: Extract<VectorStep, { kind: K }>, dim: number, where: string) => Transform;
} = {
  limit(step, dim, where) {
    requireLength(where, 'limit low', step.low.length, dim);
    requireLength(where, 'limit high', step.high.length, dim);
    return {
      outputDim: dim,
      needsState: false,
      sources: identity(dim),
      encode: (rows) => rows,
      decode(rows) {
        rows.data.forEach((value, i) => {
          rows.data[i] = Math.min(step.high[i % dim]!, Math.max(step.low[i % dim]!, value));
        });
        return rows;
      },
    };
  },
  reference(step, dim, where) {
    requireLength(where, 'reference stateIndex', step.change.stateIndex.length, dim);
    if (step.change.period) requireLength(where, 'reference period', step.change.period.length, dim);
    return {
      outputDim: dim,
      needsState: step.change.stateIndex.some((index) => index !== null),
      sources: identity(dim),
      encode(rows, state) {
        changeReference(rows.data, state, step.change);
        return rows;
      },
      decode(rows, state) {
        restoreReference(rows.data, state, step.change);
        return rows;
      },
    };
  },
  'relative-pose'(step, dim) {
    return {
      outputDim: dim,
      needsState: step.poses.length > 0,
      sources: identity(dim),
      encode(rows, state) {
        for (const pose of step.poses) relatePose(rows.data, dim, state, pose);
        return rows;
      },
      decode(rows, state) {
        for (const pose of step.poses) unrelatePose(rows.data, dim, state, pose);
        return rows;
      },
    };
  },
  normalise(step, dim, where) {
    const map = affineMap(step.normalisation, dim, `${where} normalisation`);
    const checked = (rows: Rows): Rows => {
      if (step.normalisation.kind === 'mean-std-by-step') requireSteps(rows, map.centre.length, where);
      return rows;
    };
    return {
      outputDim: dim,
      needsState: false,
      sources: identity(dim),
      encode(rows) {
        normaliseRows(map, checked(rows).data);
        return rows;
      },
      decode(rows) {
        denormaliseRows(map, checked(rows).data);
        return rows;
      },
    };
  },
  clamp(step, dim) {
    return {
      outputDim: dim,
      needsState: false,
      sources: identity(dim),
      encode(rows) {
        rows.data.forEach((value, i) => {
          rows.data[i] = Math.min(step.limit, Math.max(-step.limit, value));
        });
        return rows;
      },
      decode: (rows) => rows,
    };
  },
  pad(step, dim, where) {
    const slots = step.slots ?? identity(dim);
    requireLength(where, 'pad slots', slots.length, dim);
    if (slots.some((slot) => slot >= step.size) || new Set(slots).size !== dim) {
      throw new VlaError(
        'bad-argument',
        `${where}: expected ${dim} different slots below ${step.size}, got [${slots.join(', ')}].`,
        { hint: 'Raise the padded size of the codec, or correct the slots.' },
      );
    }
    const { size } = step;
    const sources = Array.from({ length: size }, (_, i) => slots.indexOf(i));
    return {
      outputDim: size,
      needsState: false,
      sources,
      encode(rows) {
        const count = rows.data.length / dim;
        const data = new Float64Array(count * size);
        for (let r = 0; r < count; r++) {
          for (let d = 0; d < dim; d++) data[r * size + slots[d]!] = rows.data[r * dim + d]!;
        }
        return { dim: size, data };
      },
      decode(rows) {
        const count = rows.data.length / size;
        const data = new Float64Array(count * dim);
        for (let r = 0; r < count; r++) {
          for (let d = 0; d < dim; d++) data[r * dim + d] = rows.data[r * size + slots[d]!]!;
        }
        return { dim, data };
      },
    };
  },
};

function compileStep(step: VectorStep, dim: number, where: string): Transform {
  // The table is complete by type; the cast only re-joins a step with the entry of its own kind.
  const compile = COMPILE[step.kind] as (step: VectorStep, dim: number, where: string) => Transform;
  return compile(step, dim, where);
}

/** Compiles `steps` for a vector whose dimensions are `names`. `where` names it in messages ("state", "action"). */
export function createVectorCodec(names: readonly string[], steps: readonly VectorStep[], where: string): VectorCodec {
  const transforms: Transform[] = [];
  let dim = names.length;
  let sources = identity(dim);
  for (const step of steps) {
    const transform = compileStep(step, dim, where);
    sources = transform.sources.map((source) => (source < 0 ? -1 : sources[source]!));
    dim = transform.outputDim;
    transforms.push(transform);
  }
  const encodedNames = sources.map((source, i) => (source < 0 ? `padding ${i}` : names[source]!));
  return {
    names,
    encodedDim: dim,
    needsState: transforms.some((transform) => transform.needsState),
    mask: Float32Array.from(sources, (source) => (source < 0 ? 0 : 1)),
    encode(values, state, where) {
      requireFinite(values, names, where);
      let rows: Rows = { dim: names.length, data: Float64Array.from(values) };
      for (const transform of transforms) rows = transform.encode(rows, state);
      return rows.data;
    },
    decode(values, state, where) {
      requireFinite(values, encodedNames, where);
      let rows: Rows = { dim, data: Float64Array.from(values) };
      for (let i = transforms.length - 1; i >= 0; i--) rows = transforms[i]!.decode(rows, state);
      invariant(rows.dim === names.length, 'decoded rows have the original length');
      return rows.data;
    },
  };
}

/** Statistics of single steps say nothing of steps beyond them. */
function requireSteps({ dim, data }: Rows, known: number, where: string): void {
  if (data.length <= known) return;
  throw new VlaError(
    'bad-shape',
    `${where}: expected at most ${known / dim} steps (as many as have statistics), got ${data.length / dim}.`,
    { hint: 'Use a shorter chunk, or statistics of longer ones.' },
  );
}

/** Throws `not-finite` naming the row, the index and the name of the first NaN or infinity. */
export function requireFinite(values: ArrayLike<number>, names: readonly string[], where: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]!)) continue;
    const index = i % names.length;
    const row = values.length > names.length ? ` of row ${Math.floor(i / names.length)}` : '';
    throw new VlaError(
      'not-finite',
      `${where}: expected finite numbers, got ${values[i]} at index ${index} (${names[index]})${row}.`,
      { hint: 'Check the sensor, the dataset or the network that produced it.' },
    );
  }
}

function requireLength(where: string, what: string, got: number, expected: number): void {
  if (got === expected) return;
  throw new VlaError('bad-argument', `${where}: ${what}: expected ${expected} values, got ${got}.`, {
    hint: 'Every step needs one value per dimension of the vector.',
  });
}
