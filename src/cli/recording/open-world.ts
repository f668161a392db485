/** @file The worlds that demonstrations are recorded in: the built-in ones, and LIBERO's suites out of the files on this machine. */

import { liberoDerived } from '../../benchmarks/libero/derived-cache.ts';
import { openLibero } from '../../benchmarks/libero/open-assets.ts';
import type { NarratingEnvironment } from '../../interfaces/environment.ts';
import { createLibero } from '../../simulation/libero/libero.ts';
import { LIBERO_SUITES, type LiberoSuite } from '../../simulation/libero/suites.ts';
import { openWorld, type WorldChoice } from '../../simulation/worlds.ts';

/** "libero-spatial" → "libero_spatial"; null for other worlds. */
export function liberoSuiteOf(world: string | undefined): LiberoSuite | null {
  return LIBERO_SUITES.find((suite) => suite.replace('_', '-') === world) ?? null;
}

/**
 * Opens a world for demonstrations. LIBERO's episodes begin in states that are drawn anew, never in the published ones; its files must have
 * been pulled (`not-found` otherwise).
 */
export async function openRecordedWorld({ world, imageSize }: WorldChoice): Promise<NarratingEnvironment> {
  const suite = liberoSuiteOf(world);
  const size = imageSize === undefined ? {} : { imageSize };
  if (suite === null) return openWorld({ ...(world === undefined ? {} : { world }), ...size });
  return createLibero({
    files: openLibero([suite]).files,
    suite,
    start: 'sampled',
    derived: liberoDerived(),
    ...size,
  });
}
