/** @file State and actions in named groups, as protocols have them that send `arm` and `gripper` apart. */

import { VlaError } from '../base/errors.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import { NumericArray } from '../base/numeric-array.ts';

/** A part of a vector: `count` dimensions from `from` on. */
export interface VectorGroup {
  readonly name: string;
  readonly from: number;
  readonly count: number;
}

/** Groups by the sizes in a mapping, in its order; without one, all dimensions as `own`. Throws `mismatch` when the sizes do not add up to `dims`. */
export function vectorGroups(
  what: string,
  sizes: Readonly<Record<string, number>> | undefined,
  own: string,
  dims: number,
): VectorGroup[] {
  let from = 0;
  const groups = Object.entries(sizes ?? { [own]: dims }).map(([name, count]) => {
    const group = { name, from, count };
    from += count;
    return group;
  });
  if (from === dims) return groups;
  throw new VlaError('mismatch', `mapping: expected groups of ${what} with ${dims} dimensions together, got ${from}.`, {
    hint: `For example {"${what}": {"arm": ${dims - 1}, "gripper": 1}}, in the order of the robot’s dimensions.`,
  });
}

/** A chunk as groups, each f4 [1, horizon, count]; `prefix` stands before the names. */
export function chunkGroups(
  chunk: ActionChunk,
  groups: readonly VectorGroup[],
  prefix: string,
): Readonly<Record<string, NumericArray>> {
  const { horizon, dim, data } = chunk;
  return Object.fromEntries(
    groups.map(({ name, from, count }) => {
      const part = new Float32Array(horizon * count);
      for (let step = 0; step < horizon; step++) {
        part.set(data.subarray(step * dim + from, step * dim + from + count), step * count);
      }
      return [prefix + name, NumericArray.ofFloats(part, [1, horizon, count])];
    }),
  );
}

/** The chunk of such groups; `find` gives the array of a name. Throws `bad-data` for what is missing, or of another size. */
export function chunkOfGroups(
  groups: readonly VectorGroup[],
  find: (name: string) => unknown,
  where: string,
): ActionChunk {
  const dim = groups.reduce((sum, { count }) => sum + count, 0);
  let horizon = 0;
  let data = new Float32Array(0);
  groups.forEach(({ name, from, count }, i) => {
    const array = find(name);
    const shape = array instanceof NumericArray ? array.shape : null;
    const [batch, steps, size] = shape?.length === 2 ? [1, ...shape] : (shape ?? []);
    const fits = batch === 1 && size === count && steps !== undefined && steps > 0 && (i === 0 || steps === horizon);
    if (!(array instanceof NumericArray) || !fits) {
      const got = shape === null ? 'none' : `[${shape.join(', ')}]`;
      throw new VlaError('bad-data', `${where}: action "${name}": expected [1, horizon, ${count}], got ${got}.`, {
        hint: 'A mapping file says what the server calls its actions and how many numbers each has.',
      });
    }
    if (i === 0) [horizon, data] = [steps, new Float32Array(steps * dim)];
    const part = array.toFloats();
    for (let step = 0; step < horizon; step++) {
      data.set(part.subarray(step * count, (step + 1) * count), step * dim + from);
    }
  });
  return { horizon, dim, data };
}
