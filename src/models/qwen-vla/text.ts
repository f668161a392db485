/**
 * @file Qwen-VLA writes text: its vision-language model is Qwen3.5 with a tied head, and answers questions. Nothing is published
 * about reasoning before acting: a policy that shall must be told how.
 */

import { QWEN_TURN_END, qwenQuestion } from '../../codec/prompts/qwen-chat.ts';
import type { FamilyText } from '../family.ts';
import { promptAdditionsSpec } from '../parts/prompt-encoder.ts';
import { qwen35Text } from '../parts/qwen3-5-text.ts';
import type { QwenVlaConfig } from './config.ts';

/** Qwen-VLA's text. */
export const qwenVlaText: FamilyText<QwenVlaConfig> = {
  model(c, tokens) {
    const sizes = { state: c.stateDim ?? 0, tokens };
    const { prompt_position: places = null } = promptAdditionsSpec(c.prompt, c.language.width, sizes);
    return qwen35Text(c, { head: 'tied', places });
  },
  reasoning: null,
  question: { template: qwenQuestion, stopTokens: [QWEN_TURN_END] },
};
