/**
 * @file State without copies: where a graph splits a state vector or joins its next value from pieces, the pieces become inputs
 * and outputs of their own, which the session feeds as views into one buffer.
 */

import type { Graph, Node, Value } from '../graph.ts';
import type { Op } from '../op.ts';
import { concatOp, splitOp, type SplitAttributes } from '../ops/slice.ts';
import { removeDeadCode } from './dead-code.ts';
import { rewrite } from './rewrite.ts';

/** A range of a state vector that a graph reads or writes under a name of its own. */
export interface StateView {
  /** The input or output of the new graph. */
  readonly name: string;
  /** The state (the input's name). */
  readonly state: string;
  /** First element. */
  readonly offset: number;
  readonly shape: readonly number[];
}

/** A graph whose long state vectors are fed and fetched as views, and which views they are. */
export interface ViewedGraph {
  readonly graph: Graph;
  readonly reads: readonly StateView[];
  readonly writes: readonly StateView[];
}

/** Takes splits and concatenations of state (input name → output name) out of the graph. */
export function viewState(graph: Graph, state: Readonly<Record<string, string>>): ViewedGraph {
  const reads: StateView[] = [];
  const inputs: Record<string, Value> = { ...graph.inputs };
  const pieces = new Map<string, Value>();
  const stateOf = (value: Value): string | undefined =>
    value.source.kind === 'input' && Object.hasOwn(state, value.source.name) && value.shape.length === 1
      ? value.source.name
      : undefined;

  const rewritten = rewrite(graph, (node, [x], to) => {
    const name = node.op === splitOp ? stateOf(x!) : undefined;
    if (name === undefined) return undefined;
    let offset = 0;
    return (node.attributes as SplitAttributes).sizes.map((dim) => {
      const size = dim as number;
      const piece = `${name}[${offset}:${offset + size}]`;
      let value = pieces.get(piece);
      if (value === undefined) {
        value = to.value({ dtype: x!.dtype, shape: [size] }, { kind: 'input', name: piece });
        pieces.set(piece, value);
        inputs[piece] = value;
        reads.push({ name: piece, state: name, offset, shape: [size] });
      }
      offset += size;
      return value;
    });
  });

  const outputs: Record<string, Value> = { ...rewritten.outputs };
  const writes: StateView[] = [];
  for (const [name, next] of Object.entries(state)) {
    const value = outputs[next]!;
    const joined = joiner(value);
    if (joined === undefined) {
      writes.push({ name: next, state: name, offset: 0, shape: value.shape as readonly number[] });
      continue;
    }
    delete outputs[next];
    let offset = 0;
    for (const piece of joined.inputs) {
      const shape = piece.shape as readonly number[];
      const view = { name: `${next}[${offset}:${offset + shape[0]!}]`, state: name, offset, shape };
      outputs[view.name] = piece;
      writes.push(view);
      offset += shape[0]!;
    }
  }
  const live = removeDeadCode({ ...rewritten, inputs, outputs });
  // A state that is still read whole stays an input too.
  const used = new Set<Value>([...Object.values(live.outputs), ...live.nodes.flatMap((node) => node.inputs)]);
  for (const name of Object.keys(state)) {
    const whole = graph.inputs[name]!;
    if (used.has(whole)) reads.push({ name, state: name, offset: 0, shape: whole.shape as readonly number[] });
    else delete inputs[name];
  }
  return { graph: { ...live, inputs }, reads, writes };
}

/** The node that joins a vector from vectors. */
function joiner(value: Value): Node | undefined {
  const { source } = value;
  const joins = source.kind === 'node' && source.node.op === (concatOp as Op) && value.shape.length === 1;
  return joins ? source.node : undefined;
}
