/** @file What colour is it? Things are told apart by their nouns, or by who is leftmost or rightmost. */

import { centreX, MARGIN_X } from '../placement.ts';
import { phrase } from '../phrase.ts';
import type { QuestionKind } from '../question-kind.ts';
import type { SceneThing } from '../scene.ts';

const ALONE = [
  'what colour is the {noun}?',
  '(name|say) the colour of the {noun}',
  'which colour does the {noun} have?',
];
const OUTERMOST = [
  'what colour is the {side}most {noun}?',
  '(name|say) the colour of the {noun} (furthest|most) to the {side}',
  'which colour does the {side}most {noun} have?',
];

/** The colour of a thing. */
export const colour: QuestionKind = {
  name: 'colour',
  topic: 'vqa',
  scoring: 'words',
  ask({ scene: { things } }, random) {
    const noun = random.pick([...new Set(things.map((thing) => thing.noun))]);
    const alike = things.filter((thing) => thing.noun === noun);
    if (alike.some(({ view }) => view !== 'clear') || alike[0]!.noun === 'zone') return null;
    if (alike.length === 1) return { question: phrase(random, ALONE, { noun }), answer: alike[0]!.colour };
    const side = random.pick(['left', 'right']);
    const [first, second] = outermostFirst(alike, side);
    if (Math.abs(centreX(first!) - centreX(second!)) < MARGIN_X) return null;
    return { question: phrase(random, OUTERMOST, { noun, side }), answer: first!.colour };
  },
};

function outermostFirst(things: readonly SceneThing[], side: string): SceneThing[] {
  const sign = side === 'left' ? 1 : -1;
  return things.toSorted((a, b) => sign * (centreX(a) - centreX(b)));
}
