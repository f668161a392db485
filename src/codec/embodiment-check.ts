/** @file Whether a codec fits a robot: names, order, conventions, cameras and rate, compared before anything moves. */

import { VlaError } from '../base/errors.ts';
import { embodimentDifferences } from '../interfaces/embodiment-fit.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { PolicyCodecConfig } from './codec-config.ts';

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
