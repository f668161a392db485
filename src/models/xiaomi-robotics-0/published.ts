/**
 * @file Xiaomi-Robotics-0's published checkpoints: one Hugging Face folder in shards, Qwen3-VL's weights under `vlm` and the
 * expert's beside them. Our names are the published ones.
 */

import { z } from 'zod';
import { readQwen3VlConfig } from '../parts/published-qwen3-vl.ts';
import { describeStatistics, PLAIN_LAYOUT, readPublishedConfig, type PublishedFamily } from '../published-layout.ts';
import { parseXiaomiConfig, XIAOMI_ROBOTICS_0, type XiaomiConfig } from './config.ts';
import { xiaomiRobotics0 } from './family.ts';
import { xiaomiPolicy } from './published-codec.ts';

const CONFIG = 'config.json';
const whole = z.number().int().positive();

/** What of config.json says the expert's sizes; `vlm_config` is Qwen3-VL's. */
const schema = z.object({
  vlm_config: z.unknown(),
  dit_config: z.object({ hidden_size: whole, num_hidden_layers: whole, head_dim: whole }),
  state_dim: whole,
  action_dim: whole,
});

/** Xiaomi-Robotics-0 as XiaomiRobotics publishes it. */
export const XIAOMI_PUBLISHED: PublishedFamily = {
  family: xiaomiRobotics0,
  layout: {
    ...PLAIN_LAYOUT,
    tied: [{ name: 'vlm.lm_head.weight', same: 'vlm.model.language_model.embed_tokens.weight' }],
  },
  configFiles: [CONFIG],
  recognise(configs, _, where) {
    const content = configs[CONFIG];
    if ((content as { model_type?: unknown } | undefined)?.model_type !== 'mibot') return null;
    return parseXiaomiConfig(configOf(content, `${where}/${CONFIG}`), where);
  },
  part: (name) => (name.startsWith('vlm.model.visual.') ? 'vision' : name.startsWith('vlm.') ? 'language' : 'expert'),
  statistics: [
    {
      file: 'preprocessor_config.json',
      describe: (json) => describeStatistics((json as { action_config?: unknown } | null)?.action_config),
    },
  ],
  statisticsElsewhere: null,
  policy: xiaomiPolicy,
};

function configOf(content: unknown, where: string): XiaomiConfig {
  const published = readPublishedConfig(schema, content, where);
  const { dit_config: dit } = published;
  const qwen = readQwen3VlConfig(published.vlm_config, `${where}: vlm_config`);
  return {
    ...XIAOMI_ROBOTICS_0,
    ...qwen,
    expert: {
      ...XIAOMI_ROBOTICS_0.expert,
      width: dit.hidden_size,
      layers: dit.num_hidden_layers,
      headWidth: dit.head_dim,
      // The configuration does not say it; published is four times the width.
      mlpWidth: 4 * dit.hidden_size,
      stateDim: published.state_dim,
      actionDim: published.action_dim,
      // The expert turns its tokens with the language model's rotary embedding.
      ropeTheta: qwen.language.ropeTheta,
    },
  };
}
