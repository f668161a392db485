/** @file What bench/serving.ts serves: three cameras of 224 pixels and a policy that takes no time. */

import type { Policy } from '../src/interfaces/policy.ts';
import { openPolicy as openToy } from '../tests/serving/toy-policy.ts';

/** Ten actions of four numbers: the seed of the episode, the call, and what was seen. */
export function openPolicy(): Promise<Policy> {
  return openToy({ imageSize: 224, cameras: ['front', 'left', 'right'], horizon: 10 });
}
