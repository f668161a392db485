/** @file A published ZR-0 as a policy: small square images under their keys, ranges to [−1, 1], 64 padded numbers. */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { NormalisationStatistics } from '../../codec/normalise.ts';
import { zr0Prompt } from '../../codec/prompts/zr-0.ts';
import { zr0Images } from '../../codec/published-images.ts';
import type { VectorStep } from '../../codec/vector-steps.ts';
import { readPublishedConfig } from '../published-layout.ts';
import { lerobotStatistics, publishedCamera, type PublishedPolicy } from '../published-policy.ts';
import type { Zr0Config } from './config.ts';

/** What of action_expert_config.json says how long a chunk is. */
const chunk = z.object({ action_horizon: z.number().int().positive() });

/** Encoded values beyond are clamped. */
const CLAMP = 15;

/** (x − low) / (high − low + 1e-8) · 2 − 1, also where a range is empty; clamped; then zeros behind. */
function rangeSteps(statistics: NormalisationStatistics, quantiles: boolean, size: number): VectorStep[] {
  const { q01, q99 } = statistics;
  const range = quantiles ? { ...statistics, min: q01, max: q99 } : statistics;
  return [
    {
      kind: 'normalise',
      normalisation: { kind: 'min-max', epsilon: 1e-8, smallestRange: 0, constant: 'lowest', statistics: range },
    },
    { kind: 'clamp', limit: CLAMP },
    { kind: 'pad', size, slots: null },
  ];
}

/** ZR-0's part in making a policy. A camera's view is the text before its image: its key in the dataset of training. */
export const zr0Policy: PublishedPolicy = {
  choices: ['normalisation'],
  settings: { eulerSteps: 5, noiseScale: 1 },
  design({ config, embodiment, cameras, statistics, read, choices }) {
    const { vision, expert } = config as Zr0Config;
    const { normalisation = 'quantile' } = choices;
    if (normalisation === 'mean-std') {
      throw new VlaError('bad-argument', '--normalisation: expected quantile or min-max for zr-0, got mean-std.', {
        hint: 'Its datasets say which (use_quantile): LIBERO’s quantile, RoboCasa’s min-max.',
      });
    }
    const quantiles = normalisation === 'quantile';
    const { state, action } = lerobotStatistics(statistics, embodiment, quantiles);
    const { json, where } = read('action_expert_config.json');
    return {
      cameras: cameras.map((camera) =>
        publishedCamera(camera, zr0Images(), vision, camera.view ?? `observation.images.${camera.name}`),
      ),
      prompt: zr0Prompt,
      steps: {
        state: rangeSteps(state, quantiles, expert.stateDim),
        action: rangeSteps(action, quantiles, expert.actionDim),
      },
      horizon: readPublishedConfig(chunk, json, where).action_horizon,
    };
  },
};
