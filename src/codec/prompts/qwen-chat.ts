/** @file A question in the chat template of Qwen's vision-language models: one user turn, images first, no system's turn. */

import type { QuestionTemplate } from './template.ts';

/** The token that ends every turn. */
export const QWEN_TURN_END = '<|im_end|>';

/** Images in their marks, the question, and the opening of the assistant's turn. */
export const qwenQuestion: QuestionTemplate = (cameras) => [
  { kind: 'text', text: '<|im_start|>user\n' },
  ...cameras.map(({ name }) => ({ kind: 'image', camera: name }) as const),
  { kind: 'instruction' },
  { kind: 'text', text: `${QWEN_TURN_END}\n<|im_start|>assistant\n` },
];
