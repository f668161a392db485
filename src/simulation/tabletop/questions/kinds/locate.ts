/** @file Where is it? The answer is a box (src/interfaces/box-text.ts). */

import { boxText } from '../../../../interfaces/box-text.ts';
import { phrase } from '../phrase.ts';
import type { QuestionKind } from '../question-kind.ts';

const TEMPLATES = [
  '(give|write|say) the box (of|around) the {thing}',
  'in which box is the {thing}?',
  '(find|locate|detect) the {thing} and (give|write) its box',
  'what is the box (of|around) the {thing}(| in the picture)?',
];

/** From a name to a box. */
export const locate: QuestionKind = {
  name: 'locate',
  topic: 'grounding',
  scoring: 'box',
  ask({ scene }, random) {
    const candidates = scene.things.filter(({ view }) => view === 'clear');
    if (candidates.length === 0) return null;
    const { name, box } = random.pick(candidates);
    return { question: phrase(random, TEMPLATES, { thing: name }), answer: boxText(box!) };
  },
};
