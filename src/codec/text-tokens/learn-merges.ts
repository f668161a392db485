/**
 * @file The merges of byte-pair encoding: the most frequent pair of neighbours becomes a token, again and again
 * (Sennrich et al. 2016, algorithm 1). Pair counts are kept up to date rather than counted anew. Order and ties are
 * those of Hugging Face's trainer: the higher count first, then the smaller left id, then the smaller right id.
 */

/** A piece of text as the ids of its current tokens (which change), and how often it occurs. */
export interface Piece {
  ids: number[];
  readonly count: number;
}

/** A pair that waits to be merged: its count when it was queued, and the pieces it was seen in since then. */
interface Candidate {
  readonly pair: number;
  count: number;
  readonly pieces: readonly number[];
}

/** Pairs as one number; ids stay below 2²⁴. */
const RADIX = 0x1000000;
const MIN_COUNT = 2;

/**
 * Appends merged tokens to `tokens` until there are `size`, or no pair occurs twice. A merge that makes a known token
 * again keeps that token's id. Returns the merges in order.
 */
export function learnMerges(pieces: readonly Piece[], tokens: string[], size: number): [string, string][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges: [string, string][] = [];
  const counts = new Map<number, number>();
  const queue = new CandidateHeap();
  enqueue(firstChanges(pieces), counts, queue);
  while (tokens.length < size) {
    const best = queue.pop();
    if (best === undefined) break;
    const count = counts.get(best.pair)!;
    if (count !== best.count) {
      best.count = count;
      queue.push(best);
      continue;
    }
    if (count < MIN_COUNT) break;
    const left = Math.floor(best.pair / RADIX);
    const right = best.pair % RADIX;
    const merged = tokens[left]! + tokens[right]!;
    merges.push([tokens[left]!, tokens[right]!]);
    let id = ids.get(merged);
    if (id === undefined) {
      id = tokens.push(merged) - 1;
      ids.set(merged, id);
    }
    const changes = new Changes();
    for (const at of best.pieces) mergeInPiece(pieces[at]!, at, left, right, id, changes);
    enqueue(changes, counts, queue);
  }
  return merges;
}

/** Changes of pair counts, and the pieces in which a pair newly appears. */
class Changes {
  readonly deltas = new Map<number, number>();
  readonly pieces = new Map<number, number[]>();

  add(left: number, right: number, delta: number, piece: number): void {
    const pair = left * RADIX + right;
    this.deltas.set(pair, (this.deltas.get(pair) ?? 0) + delta);
    if (delta < 0) return;
    const seen = this.pieces.get(pair);
    if (seen === undefined) this.pieces.set(pair, [piece]);
    else if (seen.at(-1) !== piece) seen.push(piece);
  }
}

function firstChanges(pieces: readonly Piece[]): Changes {
  const changes = new Changes();
  for (const [at, { ids, count }] of pieces.entries()) {
    for (let i = 0; i + 1 < ids.length; i++) changes.add(ids[i]!, ids[i + 1]!, count, at);
  }
  return changes;
}

/** Merges a pair inside one piece, from the left, and notes which neighbours come and go. */
function mergeInPiece(piece: Piece, at: number, left: number, right: number, merged: number, changes: Changes): void {
  const { ids, count } = piece;
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] !== left || ids[i + 1] !== right) {
      out.push(ids[i]!);
      continue;
    }
    const before = out.at(-1);
    if (before !== undefined) {
      changes.add(before, left, -count, at);
      changes.add(before, merged, count, at);
    }
    const after = ids[i + 2];
    if (after !== undefined) {
      changes.add(right, after, -count, at);
      changes.add(merged, after, count, at);
    }
    out.push(merged);
    i++;
  }
  piece.ids = out;
}

function enqueue({ deltas, pieces }: Changes, counts: Map<number, number>, queue: CandidateHeap): void {
  for (const [pair, delta] of deltas) counts.set(pair, (counts.get(pair) ?? 0) + delta);
  for (const [pair, seen] of pieces) {
    const count = counts.get(pair)!;
    if (count > 0) queue.push({ pair, count, pieces: seen });
  }
}

/** A binary heap with the next candidate on top. */
class CandidateHeap {
  readonly #items: Candidate[] = [];

  push(item: Candidate): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!comesFirst(item, items[parent]!)) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): Candidate | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && comesFirst(items[child + 1]!, items[child]!)) child++;
      if (!comesFirst(items[child]!, last)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}

const comesFirst = (a: Candidate, b: Candidate): boolean =>
  a.count > b.count || (a.count === b.count && a.pair < b.pair);
