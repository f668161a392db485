/**
 * @file ZR-0's published checkpoints: a Hugging Face Qwen3-VL folder with `action_expert.safetensors` and
 * `action_expert_config.json` beside it. Our names are the published ones.
 */

import { z } from 'zod';
import { readQwen3VlConfig } from '../parts/published-qwen3-vl.ts';
import { PLAIN_LAYOUT, readPublishedConfig, type PublishedFamily } from '../published-layout.ts';
import { parseZr0Config, ZR0_2B, type Zr0Config } from './config.ts';
import { zr0 } from './family.ts';
import { zr0Policy } from './published-codec.ts';

const CONFIG = 'config.json';
const EXPERT_CONFIG = 'action_expert_config.json';
const whole = z.number().int().positive();

/** What of action_expert_config.json says sizes. */
const expertSchema = z.object({
  diffusion_transformer_cfg: z.object({
    num_attention_heads: whole,
    attention_head_dim: whole,
    output_dim: whole,
    num_layers: whole,
    norm_eps: z.number().default(ZR0_2B.expert.transformer.normEpsilon),
  }),
  mlp_hidden_size: whole,
  max_seq_len: whole,
  action_dim: whole,
  state_dim: whole,
  num_timestep_buckets: whole,
});

/** Our configuration from the two published files. What they do not say is as in the published model. */
function configOf(qwen: unknown, expert: z.infer<typeof expertSchema>, where: string): Zr0Config {
  const { diffusion_transformer_cfg: dit } = expert;
  const width = dit.num_attention_heads * dit.attention_head_dim;
  const config: Zr0Config = {
    ...ZR0_2B,
    ...readQwen3VlConfig(qwen, `${where}/${CONFIG}`),
    expert: {
      transformer: {
        ...ZR0_2B.expert.transformer,
        blocks: dit.num_layers,
        heads: dit.num_attention_heads,
        headWidth: dit.attention_head_dim,
        // Four times the width, which is diffusers' feed-forward.
        mlpWidth: 4 * width,
        outputWidth: dit.output_dim,
        normEpsilon: dit.norm_eps,
      },
      stateDim: expert.state_dim,
      actionDim: expert.action_dim,
      mlpWidth: expert.mlp_hidden_size,
      maxHorizon: expert.max_seq_len,
      timeBuckets: expert.num_timestep_buckets,
    },
  };
  return parseZr0Config(config, where);
}

/** ZR-0 as RUCKBReasoning publishes it. */
export const ZR0_PUBLISHED: PublishedFamily = {
  family: zr0,
  layout: {
    ...PLAIN_LAYOUT,
    files: ['model', 'action_expert'],
    tied: [{ name: 'lm_head.weight', same: 'model.language_model.embed_tokens.weight' }],
    transposed: [{ pattern: /^(state_encoder|action_encoder|action_decoder)\..*\.W$/, ours: 'alike' }],
  },
  configFiles: [CONFIG, EXPERT_CONFIG],
  recognise(configs, _, where) {
    const [qwen, expert] = [configs[CONFIG], configs[EXPERT_CONFIG]];
    if ((qwen as { model_type?: unknown } | undefined)?.model_type !== 'qwen3_vl' || expert === undefined) return null;
    return configOf(qwen, readPublishedConfig(expertSchema, expert, `${where}/${EXPERT_CONFIG}`), where);
  },
  part: (name) => (name.startsWith('model.visual.') ? 'vision' : name.startsWith('model.') ? 'language' : 'expert'),
  statistics: [],
  statisticsElsewhere: 'in the LeRobot dataset it was trained on (meta/stats.json)',
  policy: zr0Policy,
};
