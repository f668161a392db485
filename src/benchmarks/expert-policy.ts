/** @file The scripted expert as a policy: the reference row of every table, and what tests of the evaluation play. */

import { VlaError } from '../base/errors.ts';
import { workerUrl } from '../base/worker-url.ts';
import { checkObservation } from '../interfaces/check-observation.ts';
import type { Environment, ExpertEnvironment } from '../interfaces/environment.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { ModuleCall } from './player.ts';

/** Wraps the environment's own expert. It is memory-less and sees the true state, so its chunk is one action. */
export function expertPolicy(environment: ExpertEnvironment): Policy {
  return {
    name: 'expert',
    embodiment: environment.embodiment,
    reset: () => {},
    async infer(observation) {
      checkObservation('expert', environment.embodiment, observation);
      const data = Float32Array.from(environment.expert());
      return { horizon: 1, dim: data.length, data };
    },
    close: async () => {},
  };
}

/** The entry that a worker opens; see player.ts. */
export async function openPolicy(_options: unknown, environment: Environment): Promise<Policy> {
  if (hasExpert(environment)) return expertPolicy(environment);
  throw new VlaError('unsupported', `expert: expected an environment with an expert, got "${environment.name}".`, {
    hint: 'Evaluate a checkpoint or a policy module here instead.',
  });
}

function hasExpert(environment: Environment): environment is ExpertEnvironment {
  return typeof (environment as Partial<ExpertEnvironment>).expert === 'function';
}

/** Names the expert for `evaluate`. */
export function expert(): ModuleCall {
  return { module: workerUrl(import.meta.url, './expert-policy').href, options: null };
}
