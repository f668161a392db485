/** @file A saved moment of a tabletop robot, restored in another environment, must go on as the first one does. */

import assert from 'node:assert/strict';
import type { Tabletop } from '../src/simulation/tabletop/index.ts';

/** Plays `task` for `before` steps, saves, and compares `further` steps of both environments bit for bit. */
export async function checkRestoredMoment(
  open: () => Promise<Tabletop>,
  { task, before, further }: { readonly task: string; readonly before: number; readonly further: number },
): Promise<void> {
  const [environment, twin] = [await open(), await open()];
  await environment.reset({ task, seed: 21 });
  for (let i = 0; i < before; i++) await environment.step(environment.expert());
  const saved = structuredClone(environment.save());
  const run = async (tabletop: Tabletop): Promise<unknown[]> => {
    const out: unknown[] = [];
    for (let i = 0; i < further; i++) out.push(await tabletop.step(tabletop.expert()), await tabletop.observe());
    return out;
  };
  const first = await run(environment);
  await twin.restore(saved);
  assert.deepEqual(await run(twin), first);
  await environment.close();
  await twin.close();
}
