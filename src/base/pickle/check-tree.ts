/** @file Whether what was read is a finite tree of finished values. */

import { VlaError } from '../errors.ts';
import { Opaque, PickleMap, PickleObject, PickleTuple, isGlobal, kindOf, type PickleValue } from './values.ts';

/** Returns the value; throws `bad-data` for what holds itself, lies deeper than `depth`, or is no data. Looks at each shared part once. */
export function checkTree(value: PickleValue, depth: number): PickleValue {
  const heights = new Map<object, number>();
  const open = new Set<object>();
  const height = (node: PickleValue, level: number): number => {
    if (node instanceof Opaque || isGlobal(node)) {
      throw new VlaError('bad-data', `pickle: expected data, got ${kindOf(node)} itself.`);
    }
    const parts = partsOf(node);
    if (parts === null) return 0;
    const known = heights.get(node as object);
    if (known === undefined && open.has(node as object)) {
      throw new VlaError(
        'bad-data',
        `pickle: expected no recursive structure, got a ${kindOf(node)} that holds itself.`,
      );
    }
    if (level + (known ?? 1) - 1 > depth) {
      throw new VlaError('bad-data', `pickle: expected at most ${depth} levels of nesting, got more.`);
    }
    if (known !== undefined) return known;
    open.add(node as object);
    let tallest = 0;
    for (const part of parts) tallest = Math.max(tallest, height(part, level + 1));
    open.delete(node as object);
    heights.set(node as object, tallest + 1);
    return tallest + 1;
  };
  height(value, 1);
  return value;
}

/** What a value holds; null where it holds nothing. */
function partsOf(value: PickleValue): Iterable<PickleValue> | null {
  if (Array.isArray(value)) return value;
  if (value instanceof PickleTuple) return value.items;
  if (value instanceof PickleMap) return value.entries.values();
  if (value instanceof PickleObject) return value.fields.values();
  return null;
}
