/**
 * @file ZR-0's published checkpoints: a Hugging Face Qwen3-VL folder with `action_expert.safetensors` and
 * `action_expert_config.json` beside it. Our names are the published ones.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { PLAIN_LAYOUT, type PublishedFamily } from '../published-layout.ts';
import { parseZr0Config, ZR0_2B, type Zr0Config } from './config.ts';
import { zr0 } from './family.ts';

const CONFIG = 'config.json';
const EXPERT_CONFIG = 'action_expert_config.json';
const whole = z.number().int().positive();

/** What of Qwen3-VL's config.json says sizes. */
const qwenSchema = z.object({
  text_config: z.object({
    vocab_size: whole,
    hidden_size: whole,
    intermediate_size: whole,
    num_hidden_layers: whole,
    num_attention_heads: whole,
    num_key_value_heads: whole,
    head_dim: whole,
    rms_norm_eps: z.number(),
    rope_theta: z.number().optional(),
    rope_scaling: z.object({ mrope_section: z.tuple([whole, whole, whole]) }).nullish(),
    rope_parameters: z
      .object({ mrope_section: z.tuple([whole, whole, whole]).optional(), rope_theta: z.number().optional() })
      .nullish(),
  }),
  vision_config: z.object({
    depth: whole,
    hidden_size: whole,
    intermediate_size: whole,
    num_heads: whole,
    patch_size: whole,
    spatial_merge_size: whole,
    temporal_patch_size: whole,
    out_hidden_size: whole,
    num_position_embeddings: whole,
    deepstack_visual_indexes: z.array(z.number().int()),
  }),
});

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

function read<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `${where}: ${issue.path.join('.')}: ${issue.message}.`, {
    hint: 'The file is damaged, or from a version that this release does not know.',
  });
}

/** Our configuration from the two published files. What they do not say is as in the published model. */
function configOf(qwen: z.infer<typeof qwenSchema>, expert: z.infer<typeof expertSchema>, where: string): Zr0Config {
  const { text_config: text, vision_config: vision } = qwen;
  const { diffusion_transformer_cfg: dit } = expert;
  const width = dit.num_attention_heads * dit.attention_head_dim;
  const config: Zr0Config = {
    ...ZR0_2B,
    vision: {
      ...ZR0_2B.vision,
      patch: vision.patch_size,
      temporal: vision.temporal_patch_size,
      merge: vision.spatial_merge_size,
      width: vision.hidden_size,
      layers: vision.depth,
      heads: vision.num_heads,
      mlpWidth: vision.intermediate_size,
      positionGrid: Math.round(Math.sqrt(vision.num_position_embeddings)),
      outputWidth: vision.out_hidden_size,
      deepstackLayers: vision.deepstack_visual_indexes,
    },
    language: {
      vocabulary: text.vocab_size,
      width: text.hidden_size,
      layers: text.num_hidden_layers,
      heads: text.num_attention_heads,
      kvHeads: text.num_key_value_heads,
      headWidth: text.head_dim,
      mlpWidth: text.intermediate_size,
      ropeTheta: text.rope_theta ?? text.rope_parameters?.rope_theta ?? ZR0_2B.language.ropeTheta,
      ropeSections:
        text.rope_scaling?.mrope_section ?? text.rope_parameters?.mrope_section ?? ZR0_2B.language.ropeSections,
      normEpsilon: text.rms_norm_eps,
    },
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
  recognise(configs, where) {
    const [qwen, expert] = [configs[CONFIG], configs[EXPERT_CONFIG]];
    if ((qwen as { model_type?: unknown } | undefined)?.model_type !== 'qwen3_vl' || expert === undefined) return null;
    return configOf(
      read(qwenSchema, qwen, `${where}/${CONFIG}`),
      read(expertSchema, expert, `${where}/${EXPERT_CONFIG}`),
      where,
    );
  },
  part: (name) => (name.startsWith('model.visual.') ? 'vision' : name.startsWith('model.') ? 'language' : 'expert'),
  statistics: [],
  statisticsElsewhere: 'in the LeRobot dataset it was trained on (meta/stats.json)',
};
