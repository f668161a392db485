/**
 * @file ZR-0's prompt in Qwen3-VL's chat template: for each camera its key and its image, the instruction between `<TASK>`
 * and `<\TASK>` (the backslash is literal), a cue where a subtask shall come first, then the mark after which the assistant
 * would speak.
 */

import { labelledImages, type PromptTemplate } from './template.ts';

/** One user turn, and the opening of the assistant's. */
export const zr0Prompt: PromptTemplate = ({ cameras }) => [
  { kind: 'text', text: '<|im_start|>user\n' },
  ...labelledImages(cameras),
  { kind: 'text', text: '<TASK> ' },
  { kind: 'instruction' },
  { kind: 'text', text: ' <\\TASK>\n' },
  { kind: 'cue' },
  { kind: 'text', text: '<|im_end|>\n<|im_start|>assistant\n' },
];
