/** @file The sizes in a published Qwen3.5's configuration (Hugging Face's config.json) as ours. */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { readPublishedConfig } from '../published-layout.ts';
import type { HybridLanguageConfig } from './hybrid-language-model.ts';
import { readQwenVision } from './published-qwen3-vl.ts';
import type { VisionConfig } from './vision-tower.ts';

const whole = z.number().int().positive();

/** What of Qwen3.5's config.json says sizes. */
const schema = z.object({
  text_config: z.object({
    vocab_size: whole,
    hidden_size: whole,
    intermediate_size: whole,
    num_hidden_layers: whole,
    num_attention_heads: whole,
    num_key_value_heads: whole,
    head_dim: whole,
    rms_norm_eps: z.number(),
    layer_types: z.array(z.string()).optional(),
    full_attention_interval: whole.optional(),
    linear_conv_kernel_dim: whole,
    linear_key_head_dim: whole,
    linear_value_head_dim: whole,
    linear_num_key_heads: whole,
    linear_num_value_heads: whole,
    rope_parameters: z.object({
      rope_theta: z.number(),
      partial_rotary_factor: z.number().default(0.25),
      mrope_section: z.tuple([whole, whole, whole]),
    }),
  }),
  vision_config: z.unknown(),
});

type Text = z.infer<typeof schema>['text_config'];

/** Vision tower and decoder of a parsed config.json; `where` names it. Throws `bad-data` with the field that is wrong. */
export function readQwen35Config(
  value: unknown,
  where: string,
): { readonly vision: VisionConfig; readonly language: HybridLanguageConfig } {
  const { text_config: text, vision_config: vision } = readPublishedConfig(schema, value, where);
  return {
    vision: readQwenVision(vision, `${where}: vision_config`),
    language: {
      vocabulary: text.vocab_size,
      width: text.hidden_size,
      layers: text.num_hidden_layers,
      attentionPeriod: attentionPeriod(text, where),
      heads: text.num_attention_heads,
      kvHeads: text.num_key_value_heads,
      headWidth: text.head_dim,
      rotaryWidth: text.head_dim * text.rope_parameters.partial_rotary_factor,
      mlpWidth: text.intermediate_size,
      delta: {
        keyHeads: text.linear_num_key_heads,
        valueHeads: text.linear_num_value_heads,
        keyWidth: text.linear_key_head_dim,
        valueWidth: text.linear_value_head_dim,
        kernel: text.linear_conv_kernel_dim,
      },
      ropeTheta: text.rope_parameters.rope_theta,
      ropeSections: text.rope_parameters.mrope_section,
      normEpsilon: text.rms_norm_eps,
    },
  };
}

/** Every how many layers one has full attention: said as a number, or layer by layer. */
function attentionPeriod({ layer_types: types, full_attention_interval: said }: Text, where: string): number {
  const period = types === undefined ? (said ?? 4) : types.indexOf('full_attention') + 1;
  const fits = types?.every((type, i) => (type === 'full_attention') === ((i + 1) % period === 0)) ?? true;
  if (period > 0 && fits) return period;
  throw new VlaError('bad-data', `${where}: text_config.layer_types: expected full attention in every n-th layer.`, {
    hint: 'Qwen3.5 has it in every fourth; other orders are not known.',
  });
}
