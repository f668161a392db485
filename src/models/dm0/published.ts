/**
 * @file DM0's published checkpoints: one Hugging Face folder in shards. Our names are the published ones; the action expert's
 * language head lies in the file and is never read.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { describeStatistics, PLAIN_LAYOUT, readPublishedConfig, type PublishedFamily } from '../published-layout.ts';
import { DM0_BASE, parseDm0Config, type Dm0Config } from './config.ts';
import { dm0 } from './family.ts';
import { dm0Policy } from './published-codec.ts';

const CONFIG = 'config.json';
const TOWER = 'pe_lang_l14_728';
const whole = z.number().int().positive();

const qwen3 = z.object({
  hidden_size: whole,
  intermediate_size: whole,
  num_hidden_layers: whole,
  num_attention_heads: whole,
  num_key_value_heads: whole,
  head_dim: whole,
  rms_norm_eps: z.number(),
  rope_theta: z.number(),
  vocab_size: whole,
});

/** What of config.json says sizes; the vision tower is said by name alone. */
const schema = z.object({
  llm_config: qwen3,
  action_config: qwen3,
  action_dim: whole,
  chunk_size: whole,
  mm_vision_tower: z.string(),
});

/** DM0 as Dexmal publishes it. */
export const DM0_PUBLISHED: PublishedFamily = {
  family: dm0,
  layout: {
    ...PLAIN_LAYOUT,
    dead: [/^model\.action_expert\.lm_head\.weight$/],
    tied: [{ name: 'lm_head.weight', same: 'model.llm.embed_tokens.weight' }],
  },
  configFiles: [CONFIG],
  recognise(configs, tensors, where) {
    const content = configs[CONFIG] as { model_type?: unknown } | undefined;
    if (!/^dexbotic_dm0(_prog)?$/.test(String(content?.model_type))) return null;
    const published = readPublishedConfig(schema, content, `${where}/${CONFIG}`);
    if (published.mm_vision_tower !== TOWER) {
      throw new VlaError(
        'unsupported',
        `${where}/${CONFIG}: expected mm_vision_tower "${TOWER}", got "${published.mm_vision_tower}".`,
        { hint: 'DM0 was published with this tower alone.' },
      );
    }
    // The generalists have the two maps for progress under the type of the plain model.
    const progress = content?.model_type === 'dexbotic_dm0_prog' || tensors.has('model.progress_in_proj.weight');
    return parseDm0Config(configOf(published, progress), where);
  },
  part: (name) => (name.startsWith('model.mm_') ? 'vision' : name.startsWith('model.llm.') ? 'language' : 'expert'),
  statistics: [
    {
      file: 'norm_stats.json',
      describe: (json) => describeStatistics((json as { norm_stats?: unknown } | null)?.norm_stats ?? json),
    },
  ],
  statisticsElsewhere: null,
  policy: dm0Policy,
};

function configOf(published: z.infer<typeof schema>, progress: boolean): Dm0Config {
  const { llm_config: llm, action_config: action } = published;
  return {
    ...DM0_BASE,
    language: {
      vocabulary: llm.vocab_size,
      width: llm.hidden_size,
      layers: llm.num_hidden_layers,
      heads: llm.num_attention_heads,
      kvHeads: llm.num_key_value_heads,
      headWidth: llm.head_dim,
      mlpWidth: llm.intermediate_size,
      ropeTheta: llm.rope_theta,
      ropeSections: [llm.head_dim / 2, 0, 0],
      normEpsilon: llm.rms_norm_eps,
    },
    expert: {
      ...DM0_BASE.expert,
      width: action.hidden_size,
      mlpWidth: action.intermediate_size,
      actionDim: published.action_dim,
      maxHorizon: published.chunk_size,
      progress,
    },
  };
}
