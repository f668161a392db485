/** @file Symbolic tensors and the graph that tracing records. */

import { VlaError, invariant } from '../base/errors.ts';
import { elementCount, tensor, type Data, type DType, type Tensor } from '../base/tensor.ts';
import { canonicalDim, shapeText, type Dim } from './axis-size.ts';
import { hostNumbers } from './host-array.ts';
import type { Op } from './op.ts';

/** Element type and shape; named axes are strings. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}

/** Where a value comes from. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  /** An initializer that the session binds, for example a range of bytes in a safetensors file. */
  | { readonly kind: 'weight'; readonly name: string }
  | { readonly kind: 'constant'; readonly tensor: Tensor }
  | { readonly kind: 'node'; readonly node: Node; readonly index: number };

/** A symbolic tensor: one input, constant or node output of a graph. */
export interface Value extends TensorType {
  /** Unique within its graph, increasing in the order of creation. */
  readonly id: number;
  readonly source: Source;
}

/** One application of an op. */
export interface Node {
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: unknown;
}

/** A traced program: nodes in the order of execution. */
export interface Graph {
  readonly inputs: Readonly<Record<string, Value>>;
  readonly weights: Readonly<Record<string, Value>>;
  readonly outputs: Readonly<Record<string, Value>>;
  readonly nodes: readonly Node[];
}

/** A stretch of the trace, from node `from` up to node `to`; see `segment`. */
export interface Segment {
  readonly from: number;
  readonly to: number;
}

/** The graph under construction. */
interface Tracer {
  readonly inputs: Record<string, Value>;
  readonly weights: Record<string, Value>;
  readonly outputs: Record<string, Value>;
  readonly nodes: Node[];
  readonly values: WeakSet<Value>;
  readonly constants: Map<string, Value>;
  readonly segments: Segment[];
  inSegment: boolean;
  nextId: number;
}

let current: Tracer | undefined;

function tracer(where: string): Tracer {
  if (current === undefined) {
    throw new VlaError('bad-argument', `${where}: expected to run inside trace(() => …), got no trace.`, {
      hint: 'Operators on values only work while a graph is being traced.',
    });
  }
  return current;
}

/** Runs `build` and returns the graph of everything it traced. Traces do not nest. */
export function trace(build: () => void): Graph {
  invariant(current === undefined, 'trace called inside trace');
  const own: Tracer = {
    inputs: {},
    weights: {},
    outputs: {},
    nodes: [],
    values: new WeakSet(),
    constants: new Map(),
    segments: [],
    inSegment: false,
    nextId: 0,
  };
  current = own;
  try {
    build();
  } finally {
    current = undefined;
  }
  return { inputs: own.inputs, weights: own.weights, outputs: own.outputs, nodes: own.nodes };
}

function newValue(t: Tracer, type: TensorType, source: Source): Value {
  for (const dim of type.shape) {
    if (typeof dim === 'number' && !(Number.isInteger(dim) && dim >= 0)) {
      throw new VlaError('bad-shape', `trace: expected sizes that are whole numbers, got ${shapeText(type.shape)}.`);
    }
  }
  const value: Value = { id: t.nextId++, dtype: type.dtype, shape: type.shape, source };
  t.values.add(value);
  return value;
}

function named(kind: 'input' | 'weight', name: string, dtype: DType, shape: readonly Dim[]): Value {
  const t = tracer(kind);
  const table = kind === 'input' ? t.inputs : t.weights;
  if (Object.hasOwn(table, name)) throw new VlaError('bad-argument', `${kind}: the name "${name}" is taken.`);
  const value = newValue(t, { dtype, shape: shape.map(canonicalDim) }, { kind, name });
  table[name] = value;
  return value;
}

/** A graph input, fed at every run. String sizes are named axes; equal names have equal sizes. */
export function input(name: string, dtype: DType, shape: readonly Dim[]): Value {
  return named('input', name, dtype, shape);
}

/** A tensor that the session gets once, when it is created (`weights` of createSession). */
export function weight(name: string, dtype: DType, shape: readonly number[]): Value {
  return named('weight', name, dtype, shape);
}

/** A constant from a tensor, a number (shape []) or numbers (shape [n]); numbers become float32 unless `dtype` says else. */
export function constant(content: Tensor | number | readonly number[], dtype: DType = 'f32'): Value {
  const t = tracer('constant');
  const host: Tensor =
    typeof content === 'number'
      ? tensor(dtype, [], hostNumbers(dtype, [content]))
      : Array.isArray(content)
        ? tensor(dtype, [content.length], hostNumbers(dtype, content))
        : (content as Tensor);
  const source: Source = { kind: 'constant', tensor: host };
  if (elementCount(host.shape) > 64) return newValue(t, host, source);
  const key = `${host.dtype}[${host.shape.join()}]${Array.from<number | bigint>(host.data as Data & Iterable<number>)
    .map((x) => (Object.is(x, -0) ? '-0' : x))
    .join()}`;
  let value = t.constants.get(key);
  if (value === undefined) t.constants.set(key, (value = newValue(t, host, source)));
  return value;
}

/** Names `value` as an output of the graph. */
export function output(name: string, value: Value): void {
  const t = tracer('output');
  checkOwned(t, 'output', value);
  if (Object.hasOwn(t.outputs, name) || Object.hasOwn(t.inputs, name)) {
    throw new VlaError('bad-argument', `output: the name "${name}" is taken.`);
  }
  t.outputs[name] = value;
}

/** Appends one op to the current graph and returns its outputs. */
export function apply<A>(op: Op<A>, inputs: readonly Value[], attributes: A): readonly Value[] {
  const t = tracer(op.name);
  for (const value of inputs) checkOwned(t, op.name, value);
  const outputs: Value[] = [];
  const node: Node = { op: op as Op, inputs, outputs, attributes };
  for (const [index, type] of op.infer(inputs, attributes).entries()) {
    outputs.push(newValue(t, type, { kind: 'node', node, index }));
  }
  t.nodes.push(node);
  return outputs;
}

/**
 * Marks what `build` traces, such as a layer: `gradient` may compute it a second time instead of keeping what is inside. Alone it
 * changes nothing. A segment inside another is part of it.
 */
export function segment<T>(build: () => T): T {
  const t = tracer('segment');
  if (t.inSegment) return build();
  const from = t.nodes.length;
  t.inSegment = true;
  try {
    return build();
  } finally {
    t.inSegment = false;
    t.segments.push({ from, to: t.nodes.length });
  }
}

/** The segments traced so far, in their order. */
export function tracedSegments(): readonly Segment[] {
  return tracer('gradient').segments;
}

/** The nodes traced so far. */
export function tracedNodes(): readonly Node[] {
  return tracer('gradient').nodes;
}

function checkOwned(t: Tracer, where: string, value: Value): void {
  if (!t.values.has(value)) {
    throw new VlaError('bad-argument', `${where}: expected a value of this trace, got one of another.`);
  }
}
