/** @file Every answer template, by the name that recipes use. */

import { actionsAnswer } from './actions.ts';
import type { AnswerTemplate } from './answer.ts';
import { dm0ShortAnswer } from './dm0-short.ts';
import { dm0Answer } from './dm0.ts';
import { subtaskAnswer } from './subtask.ts';
import { zr0ShortAnswer } from './zr-0-short.ts';
import { zr0Answer } from './zr-0.ts';

/** All templates. */
export const ANSWERS = {
  actions: actionsAnswer,
  dm0: dm0Answer,
  'dm0-short': dm0ShortAnswer,
  subtask: subtaskAnswer,
  'zr-0': zr0Answer,
  'zr-0-short': zr0ShortAnswer,
} as const satisfies Readonly<Record<string, AnswerTemplate>>;

/** The name of a template. */
export type AnswerName = keyof typeof ANSWERS;
