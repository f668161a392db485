/** @file What comes next? The subtask after the present one. */

import { phrase } from '../phrase.ts';
import type { QuestionKind } from '../question-kind.ts';

const TEMPLATES = [
  'task: {task}. what (comes|is) next?',
  'task: {task}. (name|say) the next step',
  'the robot shall {task}. what (will it do|does it do) next?',
];

/** The next subtask. */
export const next: QuestionKind = {
  name: 'next',
  topic: 'subtask',
  scoring: 'words',
  ask({ progress: { instruction, next: subtask } }, random) {
    return { question: phrase(random, TEMPLATES, { task: instruction }), answer: subtask ?? 'nothing' };
  },
};
