/** @file Every prompt template, by the name that recipes use. */

import { dm0Prompt } from './dm0.ts';
import { qwenVlaPrompt } from './qwen-vla.ts';
import { shortPrompt } from './short.ts';
import type { PromptTemplate } from './template.ts';
import { xiaomiPrompt } from './xiaomi-robotics-0.ts';
import { zr0Prompt } from './zr-0.ts';

/** All templates. */
export const PROMPTS = {
  dm0: dm0Prompt,
  'qwen-vla': qwenVlaPrompt,
  short: shortPrompt,
  'xiaomi-robotics-0': xiaomiPrompt,
  'zr-0': zr0Prompt,
} as const satisfies Readonly<Record<string, PromptTemplate>>;

/** The name of a template. */
export type PromptName = keyof typeof PROMPTS;
