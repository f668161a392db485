/** @file How many are there? Digits. */

import { COLOUR_NAMES } from '../../colours.ts';
import { ONE_HAND_SHAPES } from '../../objects.ts';
import { phrase } from '../phrase.ts';
import { allThings } from '../placement.ts';
import type { QuestionKind } from '../question-kind.ts';

const TEMPLATES = [
  'how many {what} (are there|do you see|are on the table)?',
  'count the {what}(| on the table| in the picture)',
  '(give|say) the number of {what}',
];

/** The number of things, of things of a kind or of a colour. Marks are no things. */
export const count: QuestionKind = {
  name: 'count',
  topic: 'vqa',
  scoring: 'words',
  ask({ scene }, random) {
    const things = allThings(scene);
    if (things === null) return null;
    const nouns = things.map(({ noun }) => noun);
    const ask = (what: string, number: number) => ({
      question: phrase(random, TEMPLATES, { what }),
      answer: String(number),
    });
    const draw = random.uniform();
    if (draw < 0.25) return ask('things', things.length);
    if (draw < 0.4) {
      const colour = random.pick(COLOUR_NAMES);
      return ask(`${colour} things`, things.filter((thing) => thing.colour === colour).length);
    }
    const noun = random.pick(draw < 0.8 ? nouns : Object.keys(ONE_HAND_SHAPES));
    return ask(plural(noun), nouns.filter((other) => other === noun).length);
  },
};

function plural(noun: string): string {
  return noun === 'box' ? 'boxes' : `${noun}s`;
}
