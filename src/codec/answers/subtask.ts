/** @file The present subtask and nothing else, in ZR-0's marks; the expert reads it (papers/zr-0, "subtask then action"). */

import type { AnswerTemplate } from './answer.ts';
import { zr0SubTask } from './zr-0.ts';

/** `done` where nothing remains; null where the annotation does not tell. */
export const subtaskAnswer: AnswerTemplate = (context) => zr0SubTask(context);
