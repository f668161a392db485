/** @file All passes in order, each followed by a check that the graph is still legal. */

import type { Graph } from '../graph.ts';
import { mergeCommonSubexpressions } from './common-subexpressions.ts';
import { removeDeadCode } from './dead-code.ts';
import { foldConstants } from './fold-constants.ts';
import { checkLegal } from './legal.ts';
import { simplify } from './simplify.ts';

const PASSES: readonly (readonly [name: string, pass: (graph: Graph) => Graph])[] = [
  ['dead code', removeDeadCode],
  ['simplify', simplify],
  ['fold constants', foldConstants],
  ['common subexpressions', mergeCommonSubexpressions],
  ['simplify again', simplify],
  ['dead code again', removeDeadCode],
];

/** The graph that computes the same with less; `createSession` runs this on every graph. */
export function optimise(graph: Graph): Graph {
  checkLegal(graph, 'tracing');
  let current = graph;
  for (const [name, pass] of PASSES) {
    current = pass(current);
    checkLegal(current, name);
  }
  return current;
}
