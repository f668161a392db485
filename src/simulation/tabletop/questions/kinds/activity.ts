/** @file What does the robot do now? The expert's subtask, as an instruction. */

import { phrase } from '../phrase.ts';
import type { QuestionKind } from '../question-kind.ts';

const TEMPLATES = [
  'task: {task}. what is to be done now?',
  'task: {task}. (name|say) the present step',
  'the robot shall {task}. what does it do (now|at this moment)?',
];

/** The present subtask. */
export const activity: QuestionKind = {
  name: 'activity',
  topic: 'subtask',
  scoring: 'words',
  ask({ progress: { instruction, current } }, random) {
    return { question: phrase(random, TEMPLATES, { task: instruction }), answer: current ?? 'nothing' };
  },
};
