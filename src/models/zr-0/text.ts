/**
 * @file ZR-0 writes text: Qwen3-VL with a tied head. In its mode "subtask then action" the user's turn ends in a cue, the
 * assistant names the subtask between `<SUB_TASK>` and `</SUB_TASK>`, and the expert reads all of it; in the direct mode it
 * reads the prompt alone.
 */

import { QWEN_TURN_END, qwenQuestion } from '../../codec/prompts/qwen-chat.ts';
import type { FamilyText } from '../family.ts';
import { promptAdditionsSpec } from '../parts/prompt-encoder.ts';
import { qwen3VlText } from '../parts/qwen3-vl-text.ts';
import type { Zr0Config } from './config.ts';

/** ZR-0's text. */
export const zr0Text: FamilyText<Zr0Config> = {
  model(c, tokens) {
    const { prompt_position: places = null } = promptAdditionsSpec(c.prompt, c.language.width, {
      state: c.expert.stateDim,
      tokens,
    });
    return qwen3VlText(c, { head: 'tied', places });
  },
  reasoning: { cue: 'Sub task:', stopTokens: ['</SUB_TASK>'] },
  question: { template: qwenQuestion, stopTokens: [QWEN_TURN_END] },
};
