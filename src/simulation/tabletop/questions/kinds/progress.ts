/** @file How much of the task is done? Percent of the expert's time, in tens. */

import { phrase } from '../phrase.ts';
import type { QuestionKind } from '../question-kind.ts';

const TEMPLATES = [
  'task: {task}. how much is done, in percent?',
  'task: {task}. (give|estimate|say) the progress in percent',
  'the robot shall {task}. how many percent (are done|of it are done)?',
];

/** The share of the task that is done. */
export const progress: QuestionKind = {
  name: 'progress',
  topic: 'progress',
  scoring: 'percent',
  ask({ progress: { instruction, share } }, random) {
    return { question: phrase(random, TEMPLATES, { task: instruction }), answer: String(10 * Math.round(10 * share)) };
  },
};
