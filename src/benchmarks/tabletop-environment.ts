/** @file The built-in tabletop as an environment module that a worker thread opens. */

import type { ExpertEnvironment } from '../interfaces/environment.ts';
import { createTabletop, type TabletopConfig } from '../simulation/tabletop/index.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { ModuleCall } from './player.ts';

/** The entry that a worker opens; see player.ts. */
export function openEnvironment(options: TabletopConfig): Promise<ExpertEnvironment> {
  return createTabletop(options);
}

/** Names the tabletop with its options for `evaluate`. */
export function tabletop(options: TabletopConfig): ModuleCall {
  return { module: workerUrl(import.meta.url, './tabletop-environment').href, options };
}
