/** @file Whether a robot is the one that something was made for: names, order, conventions, cameras and rate. */

import { compareConventions } from './convention.ts';
import type { Embodiment, VectorSpec } from './embodiment.ts';

/** What a policy, or its codec, was made for. */
export interface EmbodimentNeeds {
  readonly cameras: readonly { readonly name: string }[];
  readonly state: Pick<VectorSpec, 'names' | 'convention'>;
  readonly action: Pick<VectorSpec, 'names' | 'convention'>;
  readonly controlHz: number;
}

/**
 * Every way in which `embodiment` differs from `needs`, as sentences; empty when it fits. Cameras: the robot must have
 * the needed ones; it may have more, and other sizes.
 */
export function embodimentDifferences(needs: EmbodimentNeeds, embodiment: Embodiment): string[] {
  const cameras = embodiment.cameras.map((camera) => camera.name);
  const missing = needs.cameras.filter((camera) => !cameras.includes(camera.name)).map((camera) => camera.name);
  return [
    ...vectorDifferences('state', needs.state, embodiment.state),
    ...vectorDifferences('action', needs.action, embodiment.action),
    ...(missing.length > 0
      ? [`cameras: expected ${missing.join(', ')}, got ${cameras.join(', ') || 'no camera'}`]
      : []),
    ...(needs.controlHz === embodiment.controlHz
      ? []
      : [`control rate: expected ${needs.controlHz} Hz, got ${embodiment.controlHz} Hz`]),
  ];
}

function vectorDifferences(what: string, expected: EmbodimentNeeds['state'], got: VectorSpec): string[] {
  const conventions = compareConventions(expected.convention, got.convention).map(
    (difference) => `${what} ${difference.field}: expected "${difference.expected}", got "${difference.got}"`,
  );
  if (expected.names.length !== got.names.length) {
    return [`${what}: expected ${expected.names.length} dimensions, got ${got.names.length}`, ...conventions];
  }
  const at = expected.names.findIndex((name, i) => name !== got.names[i]);
  if (at < 0) return conventions;
  return [`${what} dimension ${at}: expected "${expected.names[at]}", got "${got.names[at]}"`, ...conventions];
}
