/** @file Whether a codec fits a robot: names, order, conventions, cameras and rate, compared before anything moves. */

import { VlaError } from '../base/errors.ts';
import { compareConventions } from '../interfaces/convention.ts';
import type { Embodiment, VectorSpec } from '../interfaces/embodiment.ts';
import type { PolicyCodecConfig, VectorConfig } from './codec-config.ts';

/**
 * Every way in which `embodiment` differs from the one the codec was made for, as sentences; empty when it fits.
 * Cameras: the robot must have those of the codec; it may have more, and other sizes (the codec resizes).
 */
export function embodimentDifferences(config: PolicyCodecConfig, embodiment: Embodiment): string[] {
  const cameras = embodiment.cameras.map((camera) => camera.name);
  const missing = config.cameras.filter((camera) => !cameras.includes(camera.name)).map((camera) => camera.name);
  return [
    ...vectorDifferences('state', config.state, embodiment.state),
    ...vectorDifferences('action', config.action, embodiment.action),
    ...(missing.length > 0
      ? [`cameras: expected ${missing.join(', ')}, got ${cameras.join(', ') || 'no camera'}`]
      : []),
    ...(config.controlHz === embodiment.controlHz
      ? []
      : [`control rate: expected ${config.controlHz} Hz, got ${embodiment.controlHz} Hz`]),
  ];
}

/** Throws `mismatch` naming all differences. */
export function requireEmbodiment(config: PolicyCodecConfig, embodiment: Embodiment): void {
  const differences = embodimentDifferences(config, embodiment);
  if (differences.length === 0) return;
  throw new VlaError(
    'mismatch',
    `A policy for "${config.embodiment}" does not fit "${embodiment.name}": ${differences.join('; ')}.`,
    { hint: 'Use a policy that was trained for this robot, or train one on data of this robot.' },
  );
}

function vectorDifferences(what: string, expected: VectorConfig, got: VectorSpec): string[] {
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
