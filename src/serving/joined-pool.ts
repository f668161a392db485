/** @file Several pools of environments as one: the slots of the first, then those of the second, and so on, played side by side. */

import { VlaError } from '../base/errors.ts';
import type { EnvironmentPool } from '../interfaces/environment-pool.ts';

/** One pool; `mismatch` when the robots differ. Tasks and perturbations are those that all have. */
export function joinPools(pools: readonly EnvironmentPool[]): EnvironmentPool {
  const [first, ...others] = pools;
  if (first === undefined) throw new VlaError('bad-argument', 'environments: expected at least one pool, got none.');
  for (const other of others) {
    if (JSON.stringify(other.embodiment) === JSON.stringify(first.embodiment)) continue;
    throw new VlaError(
      'mismatch',
      'environments: expected servers with the same robot and cameras, got different ones.',
      {
        hint: 'Start all servers with the same environment and image size.',
      },
    );
  }
  const starts = pools.map((_, i) => pools.slice(0, i).reduce((sum, { size }) => sum + size, 0));
  const size = pools.reduce((sum, pool) => sum + pool.size, 0);
  const shared = (names: (pool: EnvironmentPool) => readonly string[]): string[] =>
    names(first).filter((name) => others.every((other) => names(other).includes(name)));
  const spread = async <A, B>(
    entries: readonly A[],
    ask: (pool: EnvironmentPool, part: readonly A[]) => Promise<readonly B[]>,
  ): Promise<B[]> => {
    if (entries.length !== size) {
      throw new VlaError('bad-shape', `environments: expected ${size} entries, got ${entries.length}.`);
    }
    const settled = await Promise.allSettled(
      pools.map((pool, i) => ask(pool, entries.slice(starts[i]!, starts[i]! + pool.size))),
    );
    // All have answered before the first failure is told, so that the next call finds none of them busy.
    return settled.flatMap((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  };
  return {
    size,
    embodiment: first.embodiment,
    tasks: shared(({ tasks }) => tasks),
    perturbations: shared(({ perturbations }) => perturbations),
    reset: (episodes) => spread(episodes, (pool, part) => pool.reset(part)),
    play: (blocks) => spread(blocks, (pool, part) => pool.play(part)),
    async close() {
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}
