/**
 * @file A Qwen-VLA folder as a policy: views between their marks, a sentence about the body, quantiles clipped to [−1, 1], the robot's
 * own action convention; the state is not read.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { qwenVlaPrompt } from '../../codec/prompts/qwen-vla.ts';
import { qwen3VlImages, QWEN3_VL_LIMITS } from '../../codec/published-images.ts';
import { readPublishedConfig } from '../published-layout.ts';
import {
  lerobotStatistics,
  publishedCamera,
  viewLabels,
  type NamedJson,
  type PublishedPolicy,
} from '../published-policy.ts';
import type { QwenVlaConfig } from './config.ts';

/** Sizes of the action expert, beside a Qwen3.5's own files. */
export const EXPERT_CONFIG = 'action_expert_config.json';

const VIEWS = { ego: 'ego', left_wrist: 'cam_left_wrist', right_wrist: 'cam_right_wrist' };
const schema = z.object({
  model_type: z.literal('qwen_vla_action_expert'),
  action_horizon: z.number().int().positive(),
  /** As the family's own configuration has it, which checks it. */
  expert: z.unknown(),
});

/** What action_expert_config.json says. Throws `bad-data`. */
export const readExpertConfig = ({ json, where }: NamedJson): z.infer<typeof schema> =>
  readPublishedConfig(schema, json, where);

/** Qwen-VLA's part in making a policy. How many Euler steps, the paper leaves open. */
export const qwenVlaPolicy: PublishedPolicy = {
  choices: [],
  settings: { eulerSteps: 5, noiseScale: 1 },
  design({ config, embodiment, cameras, statistics, read }) {
    const { vision, expert, stateDim } = config as QwenVlaConfig;
    if (stateDim !== null) {
      throw new VlaError('unsupported', 'qwen-vla: expected a model that does not read the state, got one that does.', {
        hint: 'The published form has none; checkpoints of vlakit are policies already.',
      });
    }
    const { action } = lerobotStatistics(statistics, embodiment, true);
    const labels = viewLabels(cameras, VIEWS, Object.keys(VIEWS));
    const images = qwen3VlImages({ ...QWEN3_VL_LIMITS, factor: vision.patch * vision.merge });
    return {
      cameras: cameras.map((camera, i) => publishedCamera(camera, images, vision, labels[i]!)),
      prompt: qwenVlaPrompt,
      steps: {
        state: [],
        action: [
          {
            kind: 'normalise',
            normalisation: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0, statistics: action },
          },
          { kind: 'clamp', limit: 1 },
          { kind: 'pad', size: expert.actionDim, slots: null },
        ],
      },
      horizon: readExpertConfig(read(EXPERT_CONFIG)).action_horizon,
    };
  },
};
