/** @file Which thing is nearest to another, to the camera, or furthest to a side? */

import type { Random } from '../../../../base/random.ts';
import { allThings, MARGIN, tableDistance } from '../placement.ts';
import { phrase } from '../phrase.ts';
import type { Question, QuestionKind } from '../question-kind.ts';
import type { SceneThing } from '../scene.ts';

const TO_THING = [
  'which thing is (nearest|closest) to the {to}?',
  'what is (nearest|closest) to the {to}?',
  '(name|say) the thing (nearest|closest) to the {to}',
];
/** Axis and sign of a place by which a thing is the first, and how that is asked. */
const EXTREMES = [
  { axis: 0, sign: 1, templates: ['which thing is (furthest|most) to the left?', 'what is the leftmost thing?'] },
  { axis: 0, sign: -1, templates: ['which thing is (furthest|most) to the right?', 'what is the rightmost thing?'] },
  {
    axis: 1,
    sign: 1,
    templates: ['which thing is (nearest|closest) to the camera?', 'what is the thing most in front?'],
  },
  { axis: 1, sign: -1, templates: ['which thing is furthest from the camera?', 'what is the thing furthest behind?'] },
] as const;

/** The nearest or outermost thing. */
export const nearest: QuestionKind = {
  name: 'nearest',
  topic: 'relations',
  scoring: 'words',
  ask({ scene }, random) {
    const things = allThings(scene);
    if (things === null || things.length < 2) return null;
    if (random.uniform() < 0.5) {
      const { axis, sign, templates } = random.pick(EXTREMES);
      return first(things, ({ place }) => sign * place[axis], random, templates, {});
    }
    const clear = scene.things.filter(({ view }) => view === 'clear');
    const anchor = random.pick(clear);
    const others = things.filter((thing) => thing !== anchor);
    return first(others, (thing) => tableDistance(thing, anchor), random, TO_THING, { to: anchor.name });
  },
};

/** A question whose answer is the thing with the least value; null when the next one is too near to it, or there is no other. */
function first(
  things: readonly SceneThing[],
  value: (thing: SceneThing) => number,
  random: Random,
  templates: readonly string[],
  values: Readonly<Record<string, string>>,
): Question | null {
  const [best, second] = things.toSorted((a, b) => value(a) - value(b));
  if (best === undefined || second === undefined || value(second) - value(best) < MARGIN) return null;
  return { question: phrase(random, templates, values), answer: best.name };
}
