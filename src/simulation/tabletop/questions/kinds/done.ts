/** @file Is the task done? */

import { phrase } from '../phrase.ts';
import { yesNo, type QuestionKind } from '../question-kind.ts';

/** Shortly before the end a picture looks like the end: nothing is asked. */
const NEARLY = 0.93;

const TEMPLATES = [
  'task: {task}. is it (done|finished|complete)?',
  'the robot shall {task}. (has it done so|is that done)?',
  'is the task (done|finished|complete): {task}?',
];

/** Whether the task is done. */
export const done: QuestionKind = {
  name: 'done',
  topic: 'progress',
  scoring: 'words',
  ask({ progress: { instruction, share, isDone } }, random) {
    if (!isDone && share > NEARLY) return null;
    return { question: phrase(random, TEMPLATES, { task: instruction }), answer: yesNo(isDone) };
  },
};
