/** @file Left, right, in front, behind: as the camera sees the table. In front is nearer to the camera. */

import type { Random } from '../../../../base/random.ts';
import { MARGIN } from '../placement.ts';
import { phrase } from '../phrase.ts';
import { yesNo, type Question, type QuestionKind } from '../question-kind.ts';
import type { SceneThing } from '../scene.ts';

/** Per axis of a place: what a thing is that has the smaller number, and the larger one. */
const WORDS = [
  ['left', 'right'],
  ['in front', 'behind'],
] as const;
const LINKS: Readonly<Record<string, string>> = {
  left: 'left of',
  right: 'right of',
  'in front': 'in front of',
  behind: 'behind',
};
/** Something is on one side of another thing rather than on the next when it is so many times as far that way. */
const CLEARLY = 1.6;

const IS_IT = ['is the {a} {link} the {b}?', '(seen from the camera|in the picture), is the {a} {link} the {b}?'];
const WHERE = [
  'where is the {a}, seen from the {b}: left, right, in front or behind?',
  'on which side of the {b} is the {a}: left, right, in front or behind?',
];

/** How two things lie to each other. */
export const relation: QuestionKind = {
  name: 'relation',
  topic: 'relations',
  scoring: 'words',
  ask({ scene: { things } }, random) {
    const clear = things.filter(({ view }) => view === 'clear');
    if (clear.length < 2) return null;
    const [a, b] = random.shuffle(clear) as [SceneThing, SceneThing];
    return random.uniform() < 0.5 ? isIt(a, b, random) : where(a, b, random);
  },
};

function isIt(a: SceneThing, b: SceneThing, random: Random): Question | null {
  const axis = random.integer(2);
  const difference = a.place[axis]! - b.place[axis]!;
  if (Math.abs(difference) < MARGIN) return null;
  const claimed = random.integer(2);
  const link = LINKS[WORDS[axis]![claimed]!]!;
  return {
    question: phrase(random, IS_IT, { a: a.name, b: b.name, link }),
    answer: yesNo(difference > 0 === (claimed === 1)),
  };
}

function where(a: SceneThing, b: SceneThing, random: Random): Question | null {
  const differences = [a.place[0] - b.place[0], a.place[1] - b.place[1]];
  const axis = Math.abs(differences[0]!) > Math.abs(differences[1]!) ? 0 : 1;
  const [along, across] = [differences[axis]!, differences[1 - axis]!];
  if (Math.abs(along) < MARGIN || Math.abs(along) < CLEARLY * Math.abs(across)) return null;
  return { question: phrase(random, WHERE, { a: a.name, b: b.name }), answer: WORDS[axis]![along > 0 ? 1 : 0]! };
}
