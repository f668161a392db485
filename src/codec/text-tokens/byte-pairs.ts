/**
 * @file Byte-pair encoding of one piece: its letters are joined pair by pair, the earliest merge first and, among equal
 * ones, the leftmost. The model of a Hugging Face tokenizer.json of type BPE.
 */

import { VlaError } from '../../base/errors.ts';

/** Token → id, and the merges in the order in which they were learnt. */
export interface BytePairModel {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (readonly [left: string, right: string])[];
}

/** The ids of a piece that is given in letters; null when a letter is no token. */
export type BytePairEncoder = (letters: string) => readonly number[] | null;

interface Merge {
  readonly rank: number;
  readonly id: number;
}

const RADIX = 0x1000000;
const CACHED_PIECES = 16_384;
const CACHED_LENGTH = 64;

/**
 * An encoder that remembers short pieces. Throws `mismatch` when a merge joins or makes a token that is not in the
 * vocabulary; `where` names the file.
 */
export function createBytePairEncoder({ vocab, merges }: BytePairModel, where: string): BytePairEncoder {
  const ids = new Map(Object.entries(vocab));
  const table = mergeTable(ids, merges, where);
  const cache = new Map<string, readonly number[]>();
  return (letters) => {
    const known = cache.get(letters);
    if (known !== undefined) return known;
    const start: number[] = [];
    for (const letter of letters) {
      const id = ids.get(letter);
      if (id === undefined) return null;
      start.push(id);
    }
    const out = joinPairs(start, table);
    if (letters.length <= CACHED_LENGTH) {
      if (cache.size >= CACHED_PIECES) cache.clear();
      cache.set(letters, out);
    }
    return out;
  };
}

function mergeTable(
  ids: ReadonlyMap<string, number>,
  merges: BytePairModel['merges'],
  where: string,
): ReadonlyMap<number, Merge> {
  const table = new Map<number, Merge>();
  for (const [rank, [left, right]] of merges.entries()) {
    const [a, b, id] = [ids.get(left), ids.get(right), ids.get(left + right)];
    if (a === undefined || b === undefined || id === undefined) {
      const missing = a === undefined ? left : b === undefined ? right : left + right;
      throw new VlaError(
        'mismatch',
        `${where}: expected every merge to be of tokens of the vocabulary, got merge ${rank} ("${left}" + "${right}") ` +
          `without the token "${missing}".`,
        { hint: 'Vocabulary and merges belong to different tokenizers: take both from one folder.' },
      );
    }
    table.set(a * RADIX + b, { rank, id });
  }
  return table;
}

function joinPairs(ids: number[], table: ReadonlyMap<number, Merge>): readonly number[] {
  const mergeAt = (i: number): Merge | undefined =>
    i >= 0 && i + 1 < ids.length ? table.get(ids[i]! * RADIX + ids[i + 1]!) : undefined;
  const waiting = ids.map((_, i) => mergeAt(i));
  for (;;) {
    let best = -1;
    let rank = Infinity;
    for (let i = 0; i + 1 < ids.length; i++) {
      const merge = waiting[i];
      if (merge !== undefined && merge.rank < rank) [best, rank] = [i, merge.rank];
    }
    if (best < 0) return ids;
    ids.splice(best, 2, waiting[best]!.id);
    waiting.splice(best, 2, undefined);
    waiting[best] = mergeAt(best);
    if (best > 0) waiting[best - 1] = mergeAt(best - 1);
  }
}
