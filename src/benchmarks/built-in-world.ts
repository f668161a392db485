/** @file A built-in world as an environment module that a worker thread opens. */

import { workerUrl } from '../base/worker-url.ts';
import { openWorld, type WorldChoice } from '../simulation/worlds.ts';
import type { ModuleCall } from './player.ts';

/** The entry that a worker opens; see player.ts. */
export { openWorld as openEnvironment };

/** Names a built-in world (by default the tabletop) with its options for `evaluate`. */
export function builtInWorld(options: WorldChoice): ModuleCall {
  return { module: workerUrl(import.meta.url, './built-in-world').href, options };
}
