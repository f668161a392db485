/** @file What an operator is: one record with its shape rule, its ONNX lowering, its gradient and its reference. */

import { VlaError } from '../base/errors.ts';
import { shapeText, type Dim } from './axis-size.ts';
import type { TensorType, Value } from './graph.ts';
import type { HostArray } from './host-array.ts';
import type { Emitter } from './onnx/emitter.ts';

/** What a gradient rule sees. `gradients[i]` belongs to output i and is null where nothing flows back. */
export interface GradientCall<A> {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly gradients: readonly (Value | null)[];
  readonly attributes: A;
}

/** What an ONNX lowering sees: names in the ONNX graph and their types. */
export interface LoweringCall<A> {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly inputTypes: readonly TensorType[];
  readonly outputTypes: readonly TensorType[];
  readonly attributes: A;
}

/** What a reference sees: inputs, and outputs to fill (zero at first, with the inferred shapes). */
export interface ReferenceCall<A> {
  readonly inputs: readonly HostArray[];
  readonly outputs: readonly HostArray[];
  readonly attributes: A;
  /** The number that a (named) size has in this run. */
  size(dim: Dim): number;
}

/** An operator that may be written with attributes of any type: methods are compared loosely on purpose. */
export interface Op<A = unknown> {
  readonly name: string;
  /** The outputs' types; throws `bad-shape` when the inputs do not fit. */
  infer(inputs: readonly TensorType[], attributes: A): readonly TensorType[];
  /** Writes ONNX nodes. */
  onnx(emit: Emitter, call: LoweringCall<A>): void;
  /** Traces the gradient of each input (null: none), or says that the op has no gradient. */
  readonly gradient: { trace(call: GradientCall<A>): readonly (Value | null)[] }['trace'] | 'none';
  /** Computes the outputs, slowly and exactly. */
  reference(call: ReferenceCall<A>): void;
}

/** Declares an op; only fixes the attribute type. */
export function defineOp<A>(op: Op<A>): Op<A> {
  return op;
}

/** An axis counted from the front; negative axes count from the back. */
export function axisIndex(where: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new VlaError('bad-shape', `${where}: expected an axis in [${-rank}, ${rank}), got ${axis}.`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Fails unless all inputs have one element type. */
export function sameDtype(where: string, types: readonly TensorType[]): void {
  for (const type of types) {
    if (type.dtype !== types[0]!.dtype) {
      throw new VlaError(
        'bad-shape',
        `${where}: expected one element type, got ${types.map((t) => `${t.dtype} ${shapeText(t.shape)}`).join(' and ')}.`,
        { hint: 'Convert with cast(x, dtype).' },
      );
    }
  }
}

/** `shape` with axis `axis` set to `size`. */
export function withAxis(shape: readonly Dim[], axis: number, size: Dim): Dim[] {
  return shape.map((dim, i) => (i === axis ? size : dim));
}
