/**
 * @file The form in which a Qwen-VLA is read from a folder. Nothing has been published, so the form is ours: a Hugging Face Qwen3.5
 * folder under its published names, with `action_expert.safetensors` (names of ours) and `action_expert_config.json` beside it.
 */

import { readQwen35Config } from '../parts/published-qwen3-5.ts';
import { PLAIN_LAYOUT, type PublishedFamily } from '../published-layout.ts';
import { parseQwenVlaConfig, QWEN_VLA_4B } from './config.ts';
import { qwenVla } from './family.ts';
import { EXPERT_CONFIG, qwenVlaPolicy, readExpertConfig } from './published-codec.ts';

const CONFIG = 'config.json';

/** Qwen-VLA beside a published Qwen3.5. */
export const QWEN_VLA_PUBLISHED: PublishedFamily = {
  family: qwenVla,
  layout: {
    ...PLAIN_LAYOUT,
    files: ['model', 'action_expert'],
    // Qwen3.5's multi-token prediction, which its own code leaves out as well.
    dead: [/^mtp\./],
    tied: [{ name: 'lm_head.weight', same: 'model.language_model.embed_tokens.weight' }],
  },
  configFiles: [CONFIG, EXPERT_CONFIG],
  recognise(configs, _, where) {
    const [qwen, expert] = [configs[CONFIG], configs[EXPERT_CONFIG]];
    if ((qwen as { model_type?: unknown } | undefined)?.model_type !== 'qwen3_5' || expert === undefined) return null;
    const config = {
      ...QWEN_VLA_4B,
      ...readQwen35Config(qwen, `${where}/${CONFIG}`),
      expert: readExpertConfig({ json: expert, where: `${where}/${EXPERT_CONFIG}` }).expert,
    };
    return parseQwenVlaConfig(config, where);
  },
  part: (name) => (name.startsWith('model.visual.') ? 'vision' : name.startsWith('model.') ? 'language' : 'expert'),
  statistics: [],
  statisticsElsewhere: 'in the LeRobot dataset it was trained on (meta/stats.json)',
  policy: qwenVlaPolicy,
};
