/** @file Is there one? Yes and no equally often. */

import { COLOUR_NAMES } from '../../colours.ts';
import { ONE_HAND_SHAPES } from '../../objects.ts';
import { phrase } from '../phrase.ts';
import { yesNo, type QuestionKind } from '../question-kind.ts';

const TEMPLATES = [
  'is there a {name}(| on the table| in the picture)?',
  'do you see a {name}?',
  'is a {name} (on the table|in the picture)?',
];

/** Whether a thing is there. */
export const existence: QuestionKind = {
  name: 'existence',
  topic: 'vqa',
  scoring: 'words',
  ask({ scene: { things } }, random) {
    const isThere = random.uniform() < 0.5;
    const present = things.filter(({ view }) => view === 'clear').map(({ name }) => name);
    const taken = new Set(things.map(({ name }) => name));
    const absent = nouns(things.map(({ noun }) => noun)).flatMap((noun) =>
      COLOUR_NAMES.map((colour) => `${colour} ${noun}`).filter((name) => !taken.has(name)),
    );
    const candidates = isThere ? present : absent;
    if (candidates.length === 0) return null;
    return { question: phrase(random, TEMPLATES, { name: random.pick(candidates) }), answer: yesNo(isThere) };
  },
};

/** Nouns to ask for in vain: those that are there (in other colours), once for each that is there, and those that are not. */
function nouns(here: readonly string[]): string[] {
  const known = here.filter((noun) => noun !== 'zone');
  const others = [...Object.keys(ONE_HAND_SHAPES), 'pad'].filter((noun) => !here.includes(noun));
  return [...known, ...others];
}
