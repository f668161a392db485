/**
 * @file Cuts elementwise work on long vectors into pieces that stay in the processor's cache: an optimiser's dozen passes over
 * all parameters become a dozen passes over each piece.
 */

import { elementCount, type Tensor } from '../../base/tensor.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { Op } from '../op.ts';
import { addOp, divOp, maximumOp, minimumOp, mulOp, subOp } from '../ops/binary.ts';
import { whereOp } from '../ops/logic.ts';
import { reduceSumOp, reduceSumSquareOp } from '../ops/reduce.ts';
import { reshapeOp } from '../ops/shape.ts';
import { concatOp, splitOp } from '../ops/slice.ts';
import { absOp, negOp, reciprocalOp, sqrtOp } from '../ops/unary.ts';
import { removeDeadCode } from './dead-code.ts';
import { rewrite, type Rewriter } from './rewrite.ts';

const ELEMENTWISE: ReadonlySet<Op> = new Set<Op>([
  addOp,
  subOp,
  mulOp,
  divOp,
  maximumOp,
  minimumOp,
  whereOp,
  sqrtOp,
  negOp,
  absOp,
  reciprocalOp,
]);

/** How finely vectors are cut. */
export interface TileOptions {
  /** Elements of a piece, about. */
  readonly piece: number;
  /** More pieces than this are not made; they grow instead. */
  readonly maxPieces: number;
}

/** 64 Ki floats: the eight or so vectors of an optimiser step fit the second-level caches of two cores. */
const DEFAULT_OPTIONS: TileOptions = { piece: 65_536, maxPieces: 512 };

/** The graph with elementwise work on vectors of at least four pieces done piece by piece. Only sums over a whole vector may differ, in their last bits. */
export function tileVectors(graph: Graph, options: TileOptions = DEFAULT_OPTIONS): Graph {
  const lengths = new Set<number>();
  for (const node of graph.nodes) {
    const length = tilableLength(node);
    if (length !== undefined && length >= 4 * options.piece) lengths.add(length);
  }
  return [...lengths].reduce((g, length) => tileLength(g, length, options), graph);
}

/** The length of the vector that an elementwise node writes, if it can be cut. */
function tilableLength(node: Node): number | undefined {
  const shape = node.outputs[0]!.shape;
  if (!ELEMENTWISE.has(node.op) || shape.length !== 1 || typeof shape[0] !== 'number') return undefined;
  const fits = node.inputs.every((x) => x.shape.join() === `${shape[0]}` || isSingle(x));
  return fits ? shape[0] : undefined;
}

function isSingle(x: Value): boolean {
  return x.shape.every((dim) => dim === 1);
}

function tileLength(graph: Graph, length: number, options: TileOptions): Graph {
  const cuts = chooseCuts(graph, length, options);
  const sizes = cuts.slice(1).map((cut, i) => cut - cuts[i]!);
  const pieces = new Map<Value, readonly Value[]>();

  const piecesOf = (x: Value, to: Rewriter): readonly Value[] => {
    if (isSingle(x)) return sizes.map(() => x);
    let known = pieces.get(x);
    if (known === undefined) pieces.set(x, (known = cut(x, to)));
    return known;
  };

  const cut = (x: Value, to: Rewriter): readonly Value[] => {
    const { source } = x;
    if (source.kind === 'constant') {
      return sizes.map((size, i) => {
        const data = source.tensor.data.subarray(cuts[i], cuts[i]! + size);
        return to.value(
          { dtype: x.dtype, shape: [size] },
          { kind: 'constant', tensor: { ...source.tensor, shape: [size], data } as Tensor },
        );
      });
    }
    const parts = source.kind === 'node' && source.node.op === concatOp ? source.node.inputs : [x];
    return regroup(parts, cuts, to);
  };

  const tiled = rewrite(graph, (node, inputs, to) => {
    if (tilableLength(node) === length) {
      const columns = inputs.map((x) => piecesOf(x, to));
      const results = sizes.map(
        (_, i) =>
          to.add(
            node.op,
            columns.map((column) => column[i]!),
            node.attributes,
          )[0]!,
      );
      // Readers that need the whole vector find it here; without any, dead-code elimination takes the node away.
      const whole = to.add(concatOp, results, { axis: 0 })[0]!;
      pieces.set(whole, results);
      return [whole];
    }
    const [x] = inputs;
    const sums = node.op === reduceSumOp || node.op === reduceSumSquareOp;
    if (sums && x!.shape.join() === `${length}` && node.outputs[0]!.shape.length === 0) {
      const partial = piecesOf(x!, to).map((piece) => to.add(node.op, [piece], { axes: [0], keepDims: true })[0]!);
      return to.add(reduceSumOp, [to.add(concatOp, partial, { axis: 0 })[0]!], node.attributes);
    }
    return undefined;
  });
  return removeDeadCode(tiled);
}

/** Cuts that keep small parts of the first long concatenation whole and divide large ones evenly. */
function chooseCuts(graph: Graph, length: number, options: TileOptions): number[] {
  const piece = Math.max(options.piece, Math.ceil(length / options.maxPieces));
  const joined = graph.nodes.find((node) => node.op === concatOp && node.outputs[0]!.shape.join() === `${length}`);
  const parts = joined === undefined ? [length] : joined.inputs.map((x) => elementCount(x.shape as readonly number[]));
  const cuts = [0];
  let at = 0;
  for (const part of parts) {
    const open = at - cuts.at(-1)!;
    if (open > 0 && open + part > piece) cuts.push(at);
    if (part > piece) {
      const count = Math.ceil(part / piece);
      // Whole cache lines: multiples of 16 floats.
      const step = Math.ceil(part / count / 16) * 16;
      for (let k = 1; k * step < part; k++) cuts.push(at + k * step);
    }
    at += part;
    if (part > piece) cuts.push(at);
  }
  if (cuts.at(-1) !== length) cuts.push(length);
  return cuts;
}

/** Vectors that follow each other, cut and joined anew at `cuts`. */
function regroup(parts: readonly Value[], cuts: readonly number[], to: Rewriter): readonly Value[] {
  const groups: Value[][] = cuts.slice(1).map(() => []);
  let start = 0;
  let group = 0;
  for (const part of parts) {
    const end = start + elementCount(part.shape as readonly number[]);
    const inner = cuts.filter((at) => at > start && at < end);
    const edges = [start, ...inner, end];
    const sizes = edges.slice(1).map((edge, i) => edge - edges[i]!);
    const flat = part.shape.length === 1 ? part : to.add(reshapeOp, [part], { shape: [end - start] })[0]!;
    const bits = sizes.length === 1 ? [flat] : to.add(splitOp, [flat], { axis: 0, sizes });
    for (const [i, bit] of bits.entries()) {
      while (edges[i]! >= cuts[group + 1]!) group++;
      groups[group]!.push(bit);
    }
    start = end;
  }
  return groups.map((bits) => (bits.length === 1 ? bits[0]! : to.add(concatOp, bits, { axis: 0 })[0]!));
}
