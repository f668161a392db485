/** @file Discrete action tokens and nothing else, hidden from the expert (knowledge insulation; papers/dm0, section 2.2). */

import { QWEN_TURN_END } from '../prompts/qwen-chat.ts';
import type { AnswerTemplate } from './answer.ts';

/** Null where the sample has none. */
export const actionsAnswer: AnswerTemplate = ({ actionText }) => {
  const text = actionText();
  return text === null ? null : { cue: '', text, end: QWEN_TURN_END, expert: 'hidden' };
};
