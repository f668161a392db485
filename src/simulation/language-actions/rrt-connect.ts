/** @file RRT-Connect in joint space (Kuffner and LaValle 2000): two trees that grow towards random postures and each other. */

import type { Random } from '../../base/random.ts';
import type { Joint } from './robot.ts';

/** Whether the straight line between two postures is free. */
export type EdgeFree = (a: Float64Array, b: Float64Array) => boolean;

const [MOST_SAMPLES, STEP] = [600, 0.6];
/** Samples lie within the joints' ranges and no further than this beyond the two ends, radians. */
const AROUND = 1.2;
const SHORTCUTS = 40;

interface Tree {
  readonly nodes: Float64Array[];
  readonly parents: number[];
}

/** Postures from `from` to `to` with free straight lines between them; null when none were found. */
export function connectTrees(
  from: Float64Array,
  to: Float64Array,
  joints: readonly Joint[],
  edgeFree: EdgeFree,
  random: Random,
): Float64Array[] | null {
  const trees: [Tree, Tree] = [
    { nodes: [from], parents: [-1] },
    { nodes: [to], parents: [-1] },
  ];
  for (let i = 0; i < MOST_SAMPLES; i++) {
    const grown = trees[i % 2]!;
    const other = trees[1 - (i % 2)]!;
    const sample = Float64Array.from(joints, ({ low, high }, j) =>
      random.range(
        Math.max(low, Math.min(from[j]!, to[j]!) - AROUND),
        Math.min(high, Math.max(from[j]!, to[j]!) + AROUND),
      ),
    );
    if (!extend(grown, sample, edgeFree)) continue;
    const tip = grown.nodes.at(-1)!;
    let growing = true;
    while (growing) {
      growing = extend(other, tip, edgeFree);
      if (growing && distance(other.nodes.at(-1)!, tip) < 1e-9) {
        const [a, b] = i % 2 === 0 ? [grown, other] : [other, grown];
        return [...branch(a).reverse(), ...branch(b).slice(1)];
      }
    }
  }
  return null;
}

/** One step from the nearest node towards `goal`; false when the way is blocked. */
function extend(tree: Tree, goal: Float64Array, edgeFree: EdgeFree): boolean {
  let nearest = 0;
  let least = Infinity;
  for (const [i, node] of tree.nodes.entries()) {
    const d = distance(node, goal);
    if (d < least) [nearest, least] = [i, d];
  }
  const from = tree.nodes[nearest]!;
  const share = Math.min(1, STEP / Math.max(least, 1e-12));
  const next = share === 1 ? goal : from.map((value, j) => value + (goal[j]! - value) * share);
  if (!edgeFree(from, next)) return false;
  tree.nodes.push(next);
  tree.parents.push(nearest);
  return true;
}

/** From the newest node to the root. */
function branch({ nodes, parents }: Tree): Float64Array[] {
  const out: Float64Array[] = [];
  for (let i = nodes.length - 1; i >= 0; i = parents[i]!) out.push(nodes[i]!);
  return out;
}

function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

/** The same way with fewer corners: random pairs of corners are joined where the straight line is free. */
export function shorten(way: readonly Float64Array[], edgeFree: EdgeFree, random: Random): Float64Array[] {
  let corners = [...way];
  for (let i = 0; i < SHORTCUTS && corners.length > 2; i++) {
    const a = random.integer(corners.length - 2);
    const b = a + 2 + random.integer(corners.length - a - 2);
    if (edgeFree(corners[a]!, corners[b]!)) corners = [...corners.slice(0, a + 1), ...corners.slice(b)];
  }
  return corners;
}
