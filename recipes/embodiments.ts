/** @file Demonstrations in each built-in world: the noise that suits its actions, and how a policy may see them. */

import { lookUp } from '../src/base/errors.ts';
import type { ActionNoise, RecordConfig } from './recording.ts';
import type { ReferenceChange } from '../src/codec/delta.ts';
import { findWorld } from '../src/simulation/worlds.ts';
import { TABLETOP_NOISE } from './tabletop-parts.ts';

/** What recordings in a world need to know of its robot. */
export interface WorldActions {
  readonly noise: ActionNoise;
  /** Absolute targets as differences to where the chunk starts; null: the actions are differences already. */
  readonly reference: ReferenceChange | null;
}

const SHARED = { cleanShare: 0.25, correlation: 0.8, slips: null } as const;

/** By the name of the built-in world. */
export const WORLD_ACTIONS: Readonly<Record<string, WorldActions>> = {
  tabletop: { noise: TABLETOP_NOISE, reference: null },
  'six-joint': {
    // Radians; at half a metre 0.01 are 5 mm.
    noise: { ...SHARED, sigma: [0.003, 0.02], scale: [1, 1, 1, 1, 1, 2, 0] },
    reference: {
      from: 'absolute',
      to: 'relative-to-chunk-start',
      stateIndex: [0, 1, 2, 3, 4, 5, null],
      period: null,
    },
  },
  'two-arms': {
    noise: { ...TABLETOP_NOISE, scale: [...TABLETOP_NOISE.scale, ...TABLETOP_NOISE.scale], slips: null },
    reference: null,
  },
  // Metres and radians.
  rooms: { noise: { ...SHARED, sigma: [0.01, 0.08], scale: [1, 1, 1.5] }, reference: null },
};

/** A recording of all tasks of a built-in world. */
export function recordingOf(world: string, episodes: number, seed: number, imageSize: number): RecordConfig {
  const { noise } = lookUp('world', world, WORLD_ACTIONS);
  return { world, episodes, tasks: findWorld(world).tasks, seed, imageSize, noise, attempts: 5 };
}
