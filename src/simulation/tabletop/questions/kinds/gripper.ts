/** @file Open, closed, or around something: the state of the gripper. */

import { phrase } from '../phrase.ts';
import type { QuestionKind } from '../question-kind.ts';

/** From here on it is open, up to there closed (also around the widest thing); between, it is on its way. Metres. */
const OPEN = 0.072;
const CLOSED = 0.05;

const STATE = [
  'is the gripper open or closed?',
  '(what is the state of the gripper|how is the gripper): open or closed?',
  '(are|do you see) the fingers open or closed?',
];
const HELD = [
  'what does the (gripper|robot|hand) hold?',
  'what is (in the gripper|between the fingers)?',
  'which thing (does the robot hold|is in the hand)?',
];

/** The state of the gripper. */
export const gripper: QuestionKind = {
  name: 'gripper',
  topic: 'vqa',
  scoring: 'words',
  ask({ scene: { gripper: state } }, random) {
    const { gap, holds, isAround } = state;
    const isOpen = gap >= OPEN;
    if (!isOpen && gap > CLOSED) return null;
    if (random.uniform() < 0.5) return { question: phrase(random, STATE), answer: isOpen ? 'open' : 'closed' };
    // Fingers on their way to a thing between them hold it, or nearly do.
    if (holds === null && isAround && !isOpen) return null;
    return { question: phrase(random, HELD), answer: holds ?? 'nothing' };
  },
};
