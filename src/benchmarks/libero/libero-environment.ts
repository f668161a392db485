/** @file A suite of LIBERO as an environment module that a worker thread opens, out of the files on this machine. Node only. */

import { workerUrl } from '../../base/worker-url.ts';
import type { Environment } from '../../interfaces/environment.ts';
import { createLibero } from '../../simulation/libero/libero.ts';
import type { LiberoRendererName } from '../../simulation/libero/renderers.ts';
import type { LiberoSuite } from '../../simulation/libero/suites.ts';
import type { ModuleCall } from '../player.ts';
import { liberoDerived } from './derived-cache.ts';
import { openLibero } from './open-assets.ts';

/** Which suite, and how it is seen. */
export interface LiberoOptions {
  readonly suite: LiberoSuite;
  /** Pixels of the square images. */
  readonly imageSize: number;
  /** Of the Python harness: what it gives numpy's generator for each task. */
  readonly harnessSeed: number;
  /** Who draws the images; default: the CPU. */
  readonly renderer?: LiberoRendererName;
  /** Where episodes begin; left out: in the published initial states. */
  readonly start?: 'published' | 'sampled';
}

/** The entry that a worker opens. */
export async function openEnvironment(options: LiberoOptions): Promise<Environment> {
  return createLibero({ files: openLibero([options.suite]).files, derived: liberoDerived(), ...options });
}

/** Names a suite for `evaluate`. */
export function liberoEnvironment(options: LiberoOptions): ModuleCall {
  return { module: workerUrl(import.meta.url, './libero-environment').href, options };
}
