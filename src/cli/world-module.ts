/** @file The worlds that recipes measure policies in, as modules for worker threads: the built-in ones, and LIBERO's suites in scenes that are drawn anew. */

import { builtInWorld } from '../benchmarks/built-in-world.ts';
import { liberoEnvironment } from '../benchmarks/libero/libero-environment.ts';
import { openLibero } from '../benchmarks/libero/open-assets.ts';
import type { ModuleCall } from '../benchmarks/player.ts';
import { LIBERO_PERTURBATIONS } from '../simulation/libero/perturbations/index.ts';
import { HARNESS_SEED } from '../simulation/libero/suite-protocol.ts';
import { suiteTasks } from '../simulation/libero/suites.ts';
import { findWorld, type WorldChoice } from '../simulation/worlds.ts';
import { liberoSuiteOf } from './recording/open-world.ts';

/** What the Python harness renders, pixels. */
const LIBERO_IMAGE_SIZE = 256;

/** Names a world. LIBERO's episodes begin in states that are drawn anew: what chooses a checkpoint must not be what it is measured by. */
export function worldModule({ world, imageSize }: WorldChoice): ModuleCall {
  const suite = liberoSuiteOf(world);
  if (suite !== null) {
    const options = { suite, imageSize: imageSize ?? LIBERO_IMAGE_SIZE, harnessSeed: HARNESS_SEED };
    return liberoEnvironment({ ...options, start: 'sampled' });
  }
  return builtInWorld({
    ...(world === undefined ? {} : { world }),
    ...(imageSize === undefined ? {} : { imageSize }),
  });
}

/** Tasks and perturbations of a world that is not opened yet; a miss suggests the nearest name. */
export function worldContents(world: string | undefined): {
  readonly tasks: readonly string[];
  readonly perturbations: readonly string[];
} {
  const suite = liberoSuiteOf(world);
  if (suite === null) return findWorld(world);
  return {
    tasks: suiteTasks(suite).map(({ name }) => name),
    perturbations: Object.keys(LIBERO_PERTURBATIONS),
  };
}

/** Throws where a world cannot be opened on this machine, for example `not-found` where LIBERO's files have not been pulled. */
export function requireWorld(world: string | undefined): void {
  const suite = liberoSuiteOf(world);
  if (suite !== null) openLibero([suite]);
}
