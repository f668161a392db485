/**
 * @file Xiaomi-Robotics-0 writes text: its vision-language model is Qwen3-VL with a tied head, and answers questions. How it
 * was made to reason is not published (its prompt closes an empty chain of thought): a policy that shall must be told.
 */

import { QWEN_TURN_END, qwenQuestion } from '../../codec/prompts/qwen-chat.ts';
import type { FamilyText } from '../family.ts';
import { promptAdditionsSpec } from '../parts/prompt-encoder.ts';
import { qwen3VlText } from '../parts/qwen3-vl-text.ts';
import { modelUnder } from '../parts/text-model.ts';
import type { XiaomiConfig } from './config.ts';

/** Xiaomi-Robotics-0's text. */
export const xiaomiText: FamilyText<XiaomiConfig> = {
  model(c, tokens) {
    const { prompt_position: places = null } = promptAdditionsSpec(c.prompt, c.language.width, {
      state: c.expert.stateDim,
      tokens,
    });
    return modelUnder('vlm', qwen3VlText(c, { head: 'tied', places }));
  },
  reasoning: null,
  question: { template: qwenQuestion, stopTokens: [QWEN_TURN_END] },
};
