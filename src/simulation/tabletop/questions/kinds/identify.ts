/** @file What is in this box? */

import type { Box } from '../../../../interfaces/annotation.ts';
import { boxText } from '../../../../interfaces/box-text.ts';
import { overlap } from '../overlap.ts';
import { phrase } from '../phrase.ts';
import type { QuestionKind } from '../question-kind.ts';
import type { SceneThing, SeenScene } from '../scene.ts';

/** A box that shares more than this with another thing's is no question (intersection over union). */
const MOST_OVERLAP = 0.3;

const TEMPLATES = [
  'what is (in|inside) the box {box}?',
  '(name|say) (what is in|the thing in) the box {box}',
  'which thing is (in|at) the box {box}?',
];

/** From a box to a name. */
export const identify: QuestionKind = {
  name: 'identify',
  topic: 'grounding',
  scoring: 'words',
  ask({ scene }, random) {
    const candidates = scene.things.filter((thing) => thing.view === 'clear' && isAlone(thing, scene));
    if (candidates.length === 0) return null;
    const { name, box } = random.pick(candidates);
    return { question: phrase(random, TEMPLATES, { box: boxText(box!) }), answer: name };
  },
};

function isAlone(thing: SceneThing, { things }: SeenScene): boolean {
  const boxes = things.flatMap((other): Box[] => (other === thing || other.box === null ? [] : [other.box]));
  return boxes.every((box) => overlap(box, thing.box!) <= MOST_OVERLAP);
}
