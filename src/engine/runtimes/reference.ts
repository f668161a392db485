/** @file The reference runtime: runs each op's own TypeScript, in float32 or float64. Slow, exact, needs nothing. */

import { VlaError } from '../../base/errors.ts';
import { bindDim } from '../axis-size.ts';
import type { Graph, Value } from '../graph.ts';
import { fromTensor, hostArray, roundToType, toTensor, type HostArray, type Precision } from '../host-array.ts';
import { bindFeeds, visibleTypes } from '../feeds.ts';
import type { Session, SessionOptions } from '../session-types.ts';

/** Computes the graph's outputs on host arrays. */
export function interpret(
  graph: Graph,
  feeds: Readonly<Record<string, HostArray>>,
  weights: Readonly<Record<string, HostArray>>,
  sizes: Readonly<Record<string, number>>,
  precision: Precision,
): Record<string, HostArray> {
  const computed = new Map<Value, HostArray>();
  const read = (value: Value): HostArray => {
    const known = computed.get(value);
    if (known !== undefined) return known;
    const { source } = value;
    if (source.kind === 'input') return feeds[source.name]!;
    if (source.kind === 'weight') return weights[source.name]!;
    if (source.kind === 'constant') {
      const content = fromTensor(source.tensor, precision);
      computed.set(value, content);
      return content;
    }
    throw new Error('a node reads what no earlier node wrote');
  };
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(read);
    const types = node.outputs;
    const outputs = types.map((type) =>
      hostArray(
        type.dtype,
        type.shape.map((dim) => bindDim(dim, sizes)),
        precision,
      ),
    );
    node.op.reference({ inputs, outputs, attributes: node.attributes, size: (dim) => bindDim(dim, sizes) });
    for (const [i, out] of outputs.entries()) {
      roundToType(out, precision);
      computed.set(node.outputs[i]!, out);
    }
  }
  return Object.fromEntries(Object.entries(graph.outputs).map(([name, value]) => [name, read(value)]));
}

/** A session of the reference runtime. State keeps the full precision between runs. */
export function createReferenceSession(graph: Graph, options: SessionOptions): Session {
  const precision = options.precision ?? 'f32';
  const pairs = Object.entries(options.state ?? {});
  const weights: Record<string, HostArray> = {};
  for (const [name, value] of Object.entries(graph.weights)) {
    const content = options.weights?.[name];
    if (content === undefined || 'file' in content) {
      throw new VlaError('unsupported', `reference runtime: weight "${name}": expected a tensor in memory.`);
    }
    const held = { ...fromTensor(content, precision), dtype: value.dtype };
    roundToType(held, precision);
    weights[name] = held;
  }
  const state: Record<string, HostArray> = {};
  for (const [name] of pairs) {
    const first = options.initialState?.[name];
    const type = graph.inputs[name]!;
    state[name] =
      first === undefined ? hostArray(type.dtype, type.shape as number[], precision) : fromTensor(first, precision);
  }
  const visible = visibleTypes(graph, options);
  return {
    ...visible,
    run(feeds) {
      return Promise.resolve().then(() => {
        const sizes = bindFeeds(visible.inputs, feeds);
        const all: Record<string, HostArray> = { ...state };
        for (const [name, fed] of Object.entries(feeds)) all[name] = fromTensor(fed, precision);
        const results = interpret(graph, all, weights, sizes, precision);
        for (const [name, next] of pairs) state[name] = results[next]!;
        return Object.fromEntries(Object.keys(visible.outputs).map((name) => [name, toTensor(results[name]!)]));
      });
    },
    readState(names = Object.keys(state)) {
      return Promise.resolve(Object.fromEntries(names.map((name) => [name, toTensor(state[name]!)])));
    },
    writeState(values) {
      for (const [name, value] of Object.entries(values)) state[name] = fromTensor(value, precision);
      return Promise.resolve();
    },
    close() {
      return Promise.resolve();
    },
  };
}
