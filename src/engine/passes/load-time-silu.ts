/**
 * @file What depends on no input is computed once, when the session loads, but ONNX Runtime does not fold its own operators: the
 * activation inside a time embedding is said with plain ones, and the maps behind it fold too, together with their weights.
 */

import type { Graph } from '../graph.ts';
import type { Op } from '../op.ts';
import { mulOp } from '../ops/binary.ts';
import { sigmoidOp, siluOp } from '../ops/unary.ts';
import { dependentOnInputs } from './quantise-weights.ts';
import { rewrite } from './rewrite.ts';

/** The graph with x · sigmoid(x) for silu(x) where x is the same in every run. */
export function plainSiluAtLoad(graph: Graph): Graph {
  const varying = dependentOnInputs(graph);
  return rewrite(graph, ({ op, inputs: [x] }, [now], to) => {
    if (op !== (siluOp as Op) || varying.has(x!)) return undefined;
    return to.add(mulOp as Op, [now!, ...to.add(sigmoidOp as Op, [now!], {})], {});
  });
}
