/** @file A recorded robot as an environment that a policy can be opened for, but nobody can act in. */

import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Environment } from '../../interfaces/environment.ts';

/** The robot of a recording. */
export function recordedWorld(embodiment: Embodiment): Environment {
  const refuse = async (): Promise<never> => {
    throw new VlaError('unsupported', 'replay: expected a policy that looks at observations, got one that plays.', {
      hint: 'The expert needs its simulator: compare checkpoints.',
    });
  };
  return {
    name: 'recording',
    embodiment,
    tasks: [],
    perturbations: [],
    maxSteps: () => 0,
    reset: refuse,
    observe: refuse,
    step: refuse,
    close: async () => {},
  };
}
