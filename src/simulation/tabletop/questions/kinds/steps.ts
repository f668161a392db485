/** @file Which steps are done? Their names, in order. */

import { phrase } from '../phrase.ts';
import type { QuestionKind } from '../question-kind.ts';

const TEMPLATES = [
  'task: {task}. which steps are (done|finished)?',
  'task: {task}. (name|list) the (finished steps|steps that are done)',
  'the robot shall {task}. what has it done (so far|already)?',
];

/** The steps that are done. */
export const steps: QuestionKind = {
  name: 'steps',
  topic: 'progress',
  scoring: 'list',
  ask({ progress: { instruction, finished } }, random) {
    const answer = finished.length === 0 ? 'none' : finished.join(', ');
    return { question: phrase(random, TEMPLATES, { task: instruction }), answer };
  },
};
