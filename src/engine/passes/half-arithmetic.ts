/**
 * @file Matrix products in 16-bit floats, all else in 32 (Micikevicius et al. 2018, "Mixed Precision Training"): what a product reads is
 * rounded to f16, what it gives is f16 and is widened behind it. Norms, softmax, sums, losses and the state stay f32.
 *
 * Between two products values stay f16 where they are only moved, and where a gate or an activation is all that happens to them.
 * Products with constants stay f32: they are angles of positions, Fourier transforms and interpolations, small and in need of all digits.
 */

import { tensor } from '../../base/tensor.ts';
import type { Graph, Node, Value } from '../graph.ts';
import { fromTensor, hostNumbers } from '../host-array.ts';
import type { Op } from '../op.ts';
import { afterOp } from '../ops/after.ts';
import { addOp, mulOp } from '../ops/binary.ts';
import { castOp } from '../ops/cast.ts';
import { gatherOp } from '../ops/gather.ts';
import { geluOp } from '../ops/gelu.ts';
import { gemmOp, matmulOp } from '../ops/matmul.ts';
import { expandOp, reshapeOp, transposeOp } from '../ops/shape.ts';
import { concatOp, sliceOp, splitOp } from '../ops/slice.ts';
import { reluOp, siluOp } from '../ops/unary.ts';
import { rewrite, type Rewriter } from './rewrite.ts';

const PRODUCTS: ReadonlySet<Op> = new Set<Op>([matmulOp as Op, gemmOp as Op]);
/** What is moved whole, and what is cut or joined: the first input is numbers, as are all of a concatenation's. */
const WHOLE: ReadonlySet<Op> = new Set<Op>([reshapeOp as Op, transposeOp as Op, expandOp as Op, afterOp as Op]);
const PARTS: ReadonlySet<Op> = new Set<Op>([sliceOp as Op, splitOp as Op, concatOp as Op]);
const BETWEEN: ReadonlySet<Op> = new Set<Op>([addOp as Op, mulOp, geluOp as Op, siluOp as Op, reluOp as Op]);

const moves = ({ op }: Node): boolean => WHOLE.has(op) || PARTS.has(op);
/** The inputs of a node that moves numbers which are numbers themselves. */
const moved = ({ op, inputs }: Node): readonly Value[] => (op === (concatOp as Op) ? inputs : inputs.slice(0, 1));

/** How values are rounded. */
export interface HalfOptions {
  /**
   * Every rounding takes place, also where the runtime has no product in 16 bits and widens what it reads again: ONNX Runtime takes
   * such pairs of casts for nothing.
   */
  readonly keepRounding: boolean;
}

/** The graph with its f32 products in f16. Attention is expected as products (`plainAttention`). */
export function halfArithmetic(graph: Graph, options: HalfOptions): Graph {
  const products = halfProducts(graph);
  const onlyHalf = readInHalf(graph, products);
  const halves = new Halves(options);
  const rewritten = rewrite(graph, (node, inputs, to) => {
    const product = products.has(node);
    const between = BETWEEN.has(node.op) && onlyHalf.has(node.outputs[0]!);
    if (!product && !(between && inputs.every((x) => halves.has(x)))) return undefined;
    const operands = inputs.map((x) => halves.of(x, to));
    return [halves.widen(to.add(node.op, operands, node.attributes)[0]!, to)];
  });
  return halves.declare(rewritten);
}

/** The nodes that are computed in f16. */
function halfProducts({ nodes, inputs, weights }: Graph): ReadonlySet<Node> {
  const products = new Set<Node>();
  // What depends on neither inputs nor weights, moved, and its products: geometry.
  const varying = new Set<Value>([...Object.values(inputs), ...Object.values(weights)]);
  const geometry = new Set<Value>();
  const isGeometry = (x: Value): boolean => !varying.has(x) || geometry.has(x);
  for (const node of nodes) {
    if (node.inputs.some((x) => varying.has(x))) for (const y of node.outputs) varying.add(y);
    const multiplies = PRODUCTS.has(node.op);
    if (multiplies && node.inputs[0]!.dtype === 'f32' && !node.inputs.slice(0, 2).some(isGeometry)) products.add(node);
    else if (multiplies || (moves(node) && moved(node).every(isGeometry))) {
      for (const y of node.outputs) geometry.add(y);
    }
  }
  return products;
}

/** The values that products alone read, moved or with an activation in between. */
function readInHalf(graph: Graph, products: ReadonlySet<Node>): ReadonlySet<Value> {
  const wide = new Set<Value>(Object.values(graph.outputs));
  const narrow = new Set<Value>();
  for (const node of graph.nodes.toReversed()) {
    for (const y of node.outputs) if (!wide.has(y)) narrow.add(y);
    const passes = moves(node) || BETWEEN.has(node.op);
    if (products.has(node) || (passes && node.outputs.every((y) => narrow.has(y)))) continue;
    for (const x of node.inputs) wide.add(x);
  }
  return narrow;
}

/** The values of the new graph in f16, each once. */
class Halves {
  private readonly halves = new Map<Value, Value>();
  private readonly weights = new Map<string, Value>();
  private readonly keep: boolean;

  constructor({ keepRounding }: HalfOptions) {
    this.keep = keepRounding;
  }

  /** Whether a value is there in f16 without being rounded for it. */
  has(x: Value): boolean {
    const { source } = x;
    if (this.halves.has(x)) return source.kind === 'node';
    return source.kind === 'node' && moves(source.node) && moved(source.node).every((y) => this.has(y));
  }

  /** A value in f16. */
  of(x: Value, to: Rewriter): Value {
    let half = this.halves.get(x);
    if (half === undefined) this.halves.set(x, (half = this.make(x, to)));
    return half;
  }

  /** The f32 value of a result in f16. */
  widen(result: Value, to: Rewriter): Value {
    const wide = this.cast(result, 'f32', to);
    const half = this.keep ? this.round(wide, to) : result;
    const seen = this.keep ? this.cast(half, 'f32', to) : wide;
    this.halves.set(seen, half);
    return seen;
  }

  /** The graph with the weights that are f16 now; who reads one as f32 gets it widened, behind the look-up where it is a table. */
  declare(graph: Graph): Graph {
    const tables = new Set<string>();
    for (const { op, inputs } of graph.nodes) {
      const { source, dtype, shape } = inputs[0] ?? {};
      const looksUp = op === (gatherOp as Op) && dtype === 'f32' && shape!.length > 1;
      if (looksUp && source!.kind === 'weight') tables.add(source!.name);
    }
    const weights: Record<string, Value> = { ...graph.weights };
    const widened = new Map<string, Value>();
    const rewritten = rewrite(graph, ({ op, attributes }, inputs, to) => {
      const halfOf = (x: Value): Value | undefined => {
        if (x.source.kind !== 'weight' || x.dtype !== 'f32') return undefined;
        const { name } = x.source;
        return (weights[name] = this.weights.get(name) ?? (tables.has(name) ? this.weight(x, to) : weights[name]!));
      };
      const now = inputs.map((x) => {
        const half = halfOf(x);
        if (half === undefined || half === x) return x;
        const { name } = x.source as { readonly name: string };
        if (op === (gatherOp as Op)) return half;
        if (!widened.has(name)) widened.set(name, this.cast(half, 'f32', to));
        return widened.get(name)!;
      });
      if (now.every((x, i) => x === inputs[i])) return undefined;
      const results = to.add(op, now, attributes);
      return op === (gatherOp as Op) ? [this.cast(results[0]!, 'f32', to)] : results;
    });
    for (const [name, half] of this.weights) weights[name] = half;
    return { ...rewritten, weights };
  }

  private make(x: Value, to: Rewriter): Value {
    const { source } = x;
    if (source.kind === 'weight') return this.weight(x, to);
    if (source.kind === 'constant') {
      const { data } = fromTensor(source.tensor, 'f32');
      const content = tensor('f16', source.tensor.shape, hostNumbers('f16', data));
      return to.value(content, { kind: 'constant', tensor: content });
    }
    if (source.kind === 'node') {
      const { node, index } = source;
      if (node.op === (castOp as Op) && node.inputs[0]!.dtype === 'f16') return node.inputs[0]!;
      if (WHOLE.has(node.op) || (PARTS.has(node.op) && moved(node).every((y) => this.settled(y)))) {
        const others = node.inputs.slice(moved(node).length);
        const parts = to.add(node.op, [...moved(node).map((y) => this.of(y, to)), ...others], node.attributes);
        for (const [i, y] of node.outputs.entries()) this.halves.set(y, parts[i]!);
        return parts[index]!;
      }
    }
    return this.round(x, to);
  }

  /** Whether a value is there in f16, or where it comes from is rounded once for all its parts. */
  private settled(x: Value): boolean {
    if (x.source.kind !== 'node' || this.halves.has(x)) return true;
    const { node } = x.source;
    return moves(node) && moved(node).every((y) => this.settled(y));
  }

  private weight(x: Value, to: Rewriter): Value {
    const { name } = x.source as { readonly name: string };
    let half = this.weights.get(name);
    if (half === undefined) this.weights.set(name, (half = to.value({ dtype: 'f16', shape: x.shape }, x.source)));
    return half;
  }

  private round(x: Value, to: Rewriter): Value {
    return to.add(castOp as Op, [x], this.keep ? { to: 'f16', keep: true } : { to: 'f16' })[0]!;
  }

  private cast(x: Value, dtype: 'f32', to: Rewriter): Value {
    return to.add(castOp as Op, [x], { to: dtype })[0]!;
  }
}
