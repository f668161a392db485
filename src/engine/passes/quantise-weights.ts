/**
 * @file Affine maps with large weights as products with few-bit weights. Small maps stay as they are, and so does what depends on
 * no input: it is computed once, when the session loads.
 */

import type { Graph, Node, Value } from '../graph.ts';
import type { Op } from '../op.ts';
import { addOp } from '../ops/binary.ts';
import { gemmOp, type GemmAttributes } from '../ops/matmul.ts';
import { blockProductOp, channelProductOp, quantiseRowsOp } from '../ops/quantised.ts';
import { layoutTypes, type WeightLayout } from '../weight-precision.ts';
import { rewrite, type Rewriter } from './rewrite.ts';

/** Matrices with fewer inputs or outputs than this keep their precision: they cost little, and often stand at the ends of a model. */
const SMALLEST_SIDE = 256;

/** A weight of the graph that two weights in few bits stand for. */
export interface QuantisedWeight {
  /** The weight [N, K] of the graph before. */
  readonly name: string;
  readonly shape: readonly [N: number, K: number];
  readonly layout: WeightLayout;
  /** Names of the weights that stand for it. */
  readonly matrix: string;
  readonly scale: string;
}

/** A graph with weights in few bits, and which. */
export interface QuantisedGraph {
  readonly graph: Graph;
  readonly quantised: readonly QuantisedWeight[];
}

/** The graph with its large affine maps in the given layout. */
export function quantiseWeights(graph: Graph, layout: WeightLayout): QuantisedGraph {
  const varying = dependentOnInputs(graph);
  const weights: Record<string, Value> = { ...graph.weights };
  const quantised = new Map<string, { readonly weight: QuantisedWeight; matrix: Value; scale: Value }>();
  const rewritten = rewrite(graph, (node, inputs, to) => {
    const name = largeWeight(node);
    if (name === undefined || !varying.has(node.inputs[0]!)) return undefined;
    let found = quantised.get(name);
    if (found === undefined) {
      const shape = node.inputs[1]!.shape as readonly [number, number];
      const weight = { name, shape, layout, matrix: `${name}.${bitsOf(layout)}`, scale: `${name}.scale` };
      const types = layoutTypes(layout, shape);
      const matrix = to.value(types.matrix, { kind: 'weight', name: weight.matrix });
      const scale = to.value(types.scale, { kind: 'weight', name: weight.scale });
      found = { weight, matrix, scale };
      quantised.set(name, found);
      Object.assign(weights, { [weight.matrix]: matrix, [weight.scale]: scale });
    }
    const product = multiply(to, layout, inputs[0]!, found.matrix, found.scale);
    return inputs.length > 2 ? to.add(addOp as Op, [product, inputs[2]!], {}) : [product];
  });
  const read = new Set(rewritten.nodes.flatMap(({ inputs }) => inputs));
  for (const name of quantised.keys()) if (!read.has(weights[name]!)) delete weights[name];
  return { graph: { ...rewritten, weights }, quantised: [...quantised.values()].map(({ weight }) => weight) };
}

const bitsOf = (layout: WeightLayout): string => (layout.kind === 'channels' ? 'int8' : `blocks${layout.bits}`);

function multiply(to: Rewriter, layout: WeightLayout, x: Value, matrix: Value, scale: Value): Value {
  if (layout.kind === 'blocks') {
    const attributes = { bits: layout.bits, block: layout.block };
    return to.add(blockProductOp as Op, [x, matrix, scale], attributes)[0]!;
  }
  const rows = to.add(quantiseRowsOp as Op, [x], {});
  return to.add(channelProductOp as Op, [...rows, matrix, scale], {})[0]!;
}

/** The name of the weight [N, K] that a node multiplies by, if it is large enough. */
function largeWeight({ op, inputs, attributes }: Node): string | undefined {
  if (op !== (gemmOp as Op)) return undefined;
  const { transA, transB } = attributes as GemmAttributes;
  const { source, shape, dtype } = inputs[1]!;
  const fits = !transA && transB && dtype === 'f32' && source.kind === 'weight';
  return fits && shape.every((size) => Number(size) >= SMALLEST_SIDE) ? source.name : undefined;
}

/** The values that may differ from run to run. */
export function dependentOnInputs(graph: Graph): ReadonlySet<Value> {
  const varying = new Set<Value>(Object.values(graph.inputs));
  for (const { inputs, outputs } of graph.nodes) {
    if (inputs.some((x) => varying.has(x))) for (const y of outputs) varying.add(y);
  }
  return varying;
}
