/**
 * @file Writes a traced graph as an ONNX model (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the numbers
 * below are that file's field numbers).
 */

import { VlaError, nearestName } from '../../base/errors.ts';
import { BYTES, elementCount, type DType, type Tensor } from '../../base/tensor.ts';
import { shapeText, type Dim } from '../axis-size.ts';
import type { Graph, TensorType, Value } from '../graph.ts';
import { Emitter, type OnnxAttribute, type OnnxNode } from './emitter.ts';
import { MessageWriter } from './protobuf.ts';
import { ONNX_TYPES } from './types.ts';

const OPSET = 23;
const IR_VERSION = 11;

/**
 * Content of a weight: a tensor in memory, or a range of bytes in a file beside the model (for example inside a
 * `.safetensors` file). When its element type is not the declared one, a Cast follows, which ONNX Runtime folds at load.
 */
export type WeightContent =
  | Tensor
  | {
      readonly dtype: DType;
      readonly shape: readonly number[];
      /** Path relative to the model's folder. */
      readonly file: string;
      /** First byte, from the start of the file. */
      readonly offset: number;
      /** Bytes. */
      readonly length: number;
      /** The file holds the last two axes in each other's place; a Transpose follows, folded at load. `shape` is the file's. */
      readonly swapped?: boolean;
    };

/** The ONNX bytes of a graph. Every weight of the graph must be in `weights`. */
export function toOnnx(graph: Graph, weights: Readonly<Record<string, WeightContent>> = {}): Uint8Array {
  const namedAxes = new Map<string, readonly [string, number]>();
  for (const [name, value] of Object.entries(graph.inputs)) {
    for (const [axis, dim] of value.shape.entries()) {
      if (typeof dim === 'string' && /^\w+$/.test(dim) && !namedAxes.has(dim)) namedAxes.set(dim, [name, axis]);
    }
  }
  const emit = new Emitter(namedAxes);
  const names = new Map<Value, string>();
  const external: [string, Exclude<WeightContent, Tensor>][] = [];
  for (const [name, value] of Object.entries(graph.inputs)) names.set(value, name);
  for (const [name, value] of Object.entries(graph.weights))
    names.set(value, bindWeight(emit, external, name, value, weights));
  for (const [name, value] of Object.entries(graph.outputs)) if (!names.has(value)) names.set(value, name);
  const nameOf = (value: Value): string => {
    let name = names.get(value);
    if (name !== undefined) return name;
    name = `%${value.id}`;
    names.set(value, name);
    if (value.source.kind === 'constant') emit.initializers.set(name, value.source.tensor);
    return name;
  };
  for (const node of graph.nodes) {
    node.op.onnx(emit, {
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
      inputTypes: node.inputs,
      outputTypes: node.outputs,
      attributes: node.attributes,
    });
  }
  for (const [name, value] of Object.entries(graph.outputs)) {
    if (value.source.kind === 'constant' && names.get(value) === name) emit.initializers.set(name, value.source.tensor);
    else if (names.get(value) !== name) emit.node('Identity', [nameOf(value)], [name]);
  }
  const model = new MessageWriter();
  model.integer(1, IR_VERSION);
  model.text(2, 'vlakit');
  for (const [domain, version] of [
    ['', OPSET],
    ['com.microsoft', 1],
  ] as const) {
    model.message(8, (m) => {
      m.text(1, domain);
      m.integer(2, version);
    });
  }
  model.message(7, (m) => {
    for (const [i, node] of emit.nodes.entries()) m.message(1, (n) => writeNode(n, node, i));
    m.text(2, 'vlakit');
    for (const [name, content] of emit.initializers) m.message(5, (t) => writeTensor(t, name, content));
    for (const [name, range] of external) m.message(5, (t) => writeExternal(t, name, range));
    for (const [name, value] of Object.entries(graph.inputs)) m.message(11, (v) => writeValueInfo(v, name, value));
    for (const [name, value] of Object.entries(graph.outputs)) m.message(12, (v) => writeValueInfo(v, name, value));
  });
  return model.finish();
}

/** Registers a weight's content and returns the name that the graph's nodes use for it. */
function bindWeight(
  emit: Emitter,
  external: [string, Exclude<WeightContent, Tensor>][],
  name: string,
  value: Value,
  weights: Readonly<Record<string, WeightContent>>,
): string {
  const content = Object.hasOwn(weights, name) ? weights[name] : undefined;
  if (content === undefined) {
    const near = nearestName(name, Object.keys(weights));
    throw new VlaError('not-found', `weights: expected "${name}", got no such tensor.`, {
      hint: near === undefined ? 'The file belongs to another model.' : `There is "${near}".`,
    });
  }
  const swapped = 'file' in content && content.swapped === true;
  const order = content.shape.map((_, axis) => axis);
  if (swapped) order.push(order.pop()!, order.pop()!);
  if (order.map((axis) => content.shape[axis]).join() !== value.shape.join()) {
    const stored = swapped ? ' with its last axes swapped' : '';
    throw new VlaError(
      'bad-shape',
      `weights: "${name}": expected shape ${shapeText(value.shape)}, got ${shapeText(content.shape)}${stored}.`,
    );
  }
  if ('file' in content) {
    if (content.length !== elementCount(content.shape) * BYTES[content.dtype]) {
      throw new VlaError(
        'bad-data',
        `weights: "${name}": ${content.length} bytes do not fit ${shapeText(content.shape)}.`,
      );
    }
    external.push([name, content]);
  } else {
    emit.initializers.set(name, content);
  }
  const ordered = swapped ? emit.value('Transpose', [name], { perm: order }) : name;
  if (content.dtype === value.dtype) return ordered;
  return emit.value('Cast', [ordered], { to: ONNX_TYPES[value.dtype] });
}

function writeNode(out: MessageWriter, node: OnnxNode, index: number): void {
  for (const name of node.inputs) out.text(1, name);
  for (const name of node.outputs) out.text(2, name);
  out.text(3, `${node.type}_${index}`);
  out.text(4, node.type);
  for (const [name, value] of Object.entries(node.attributes)) out.message(5, (m) => writeAttribute(m, name, value));
  if (node.domain !== '') out.text(7, node.domain);
}

function writeAttribute(out: MessageWriter, name: string, value: OnnxAttribute): void {
  out.text(1, name);
  if (typeof value === 'number') {
    out.integer(3, value);
    out.integer(20, 2);
  } else if (typeof value === 'string') {
    out.text(4, value);
    out.integer(20, 3);
  } else if ('float' in value) {
    out.float(2, value.float);
    out.integer(20, 1);
  } else {
    for (const item of value) out.integer(8, item);
    out.integer(20, 7);
  }
}

function writeTensor(out: MessageWriter, name: string, content: Tensor): void {
  out.integers(1, content.shape);
  out.integer(2, ONNX_TYPES[content.dtype]);
  out.text(8, name);
  out.data(9, new Uint8Array(content.data.buffer, content.data.byteOffset, content.data.byteLength));
}

function writeExternal(out: MessageWriter, name: string, range: Exclude<WeightContent, Tensor>): void {
  out.integers(1, range.shape);
  out.integer(2, ONNX_TYPES[range.dtype]);
  out.text(8, name);
  for (const [key, value] of [
    ['location', range.file],
    ['offset', `${range.offset}`],
    ['length', `${range.length}`],
  ] as const) {
    out.message(13, (m) => {
      m.text(1, key);
      m.text(2, value);
    });
  }
  out.integer(14, 1);
}

function writeValueInfo(out: MessageWriter, name: string, type: TensorType): void {
  out.text(1, name);
  out.message(2, (t) =>
    t.message(1, (tensorType) => {
      tensorType.integer(1, ONNX_TYPES[type.dtype]);
      tensorType.message(2, (shape) => {
        for (const dim of type.shape) shape.message(1, (d) => writeDim(d, dim));
      });
    }),
  );
}

function writeDim(out: MessageWriter, dim: Dim): void {
  if (typeof dim === 'number') out.integer(1, dim);
  else out.text(2, dim);
}
