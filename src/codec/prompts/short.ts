/** @file ZR-0's order in few tokens, for small models: no roles, one closing token. */

import { labelledImages, type PromptTemplate } from './template.ts';

/** Camera names and images, then the instruction in its marks. */
export const shortPrompt: PromptTemplate = ({ cameras }) => [
  ...labelledImages(cameras),
  { kind: 'text', text: '<TASK> ' },
  { kind: 'instruction' },
  { kind: 'text', text: ' <\\TASK>' },
  { kind: 'cue' },
  { kind: 'text', text: '<|im_end|>' },
];
