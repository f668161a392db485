/**
 * @file DM0's prompt: images without marks, then a conversation in words alone (Vicuna's system sentence), which the official
 * code encodes piece by piece; nothing announces the answer.
 */

import type { PromptTemplate } from './template.ts';

/** All images in the cameras' order, the system's sentence, the user's turn. */
export const dm0Prompt: PromptTemplate = ({ cameras }) => [
  ...cameras.map(({ name }) => ({ kind: 'image', camera: name, marks: false }) as const),
  {
    kind: 'text',
    text:
      'A chat between a curious user and an artificial intelligence assistant. ' +
      "The assistant gives helpful, detailed, and polite answers to the user's questions. ",
    apart: true,
  },
  { kind: 'text', text: 'USER: ', apart: true },
  { kind: 'instruction' },
  { kind: 'text', text: ' ' },
];
