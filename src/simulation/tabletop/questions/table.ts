/** @file The kinds of questions, by hand. */

import { nearestName, VlaError } from '../../../base/errors.ts';
import { activity } from './kinds/activity.ts';
import { caption } from './kinds/caption.ts';
import { colour } from './kinds/colour.ts';
import { count } from './kinds/count.ts';
import { done } from './kinds/done.ts';
import { existence } from './kinds/existence.ts';
import { gripper } from './kinds/gripper.ts';
import { identify } from './kinds/identify.ts';
import { locate } from './kinds/locate.ts';
import { nearest } from './kinds/nearest.ts';
import { next } from './kinds/next.ts';
import { progress } from './kinds/progress.ts';
import { relation } from './kinds/relation.ts';
import { steps } from './kinds/steps.ts';
import type { QuestionKind } from './question-kind.ts';

/** All kinds of questions. */
export const QUESTION_KINDS: readonly QuestionKind[] = [
  locate,
  identify,
  colour,
  count,
  existence,
  gripper,
  caption,
  relation,
  nearest,
  progress,
  steps,
  done,
  activity,
  next,
];

/** The kinds of these names; the name of a topic stands for all its kinds. */
export function questionKinds(names: readonly string[]): QuestionKind[] {
  for (const name of names) {
    if (QUESTION_KINDS.some((kind) => kind.name === name || kind.topic === name)) continue;
    const known = [...new Set(QUESTION_KINDS.flatMap((kind) => [kind.name, kind.topic]))];
    const near = nearestName(name, known);
    throw new VlaError('not-found', `questions: expected a kind or a topic, got "${name}".`, {
      hint: `${near === undefined ? '' : `Did you mean ${near}? `}There are ${known.join(', ')}.`,
    });
  }
  return QUESTION_KINDS.filter(({ name, topic }) => names.includes(name) || names.includes(topic));
}
