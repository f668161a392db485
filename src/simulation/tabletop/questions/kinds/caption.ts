/** @file What does the picture show? The things from left to right. */

import { allThings, centreX, MARGIN_X } from '../placement.ts';
import { phrase } from '../phrase.ts';
import type { QuestionKind } from '../question-kind.ts';

const TEMPLATES = [
  'what is on the table(|, from left to right)?',
  '(describe|caption) the (picture|scene)',
  '(name|list) the things(| on the table) from left to right',
  'what (do you see|does the picture show)?',
];

/** All things, from left to right. */
export const caption: QuestionKind = {
  name: 'caption',
  topic: 'caption',
  scoring: 'list',
  ask({ scene }, random) {
    const things = allThings(scene)?.toSorted((a, b) => centreX(a) - centreX(b));
    if (
      things === undefined ||
      things.some((thing, i) => i > 0 && centreX(thing) - centreX(things[i - 1]!) < MARGIN_X)
    ) {
      return null;
    }
    return { question: phrase(random, TEMPLATES), answer: things.map(({ name }) => name).join(', ') };
  },
};
