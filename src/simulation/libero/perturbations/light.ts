/** @file Other light: weaker or stronger, of another colour, from elsewhere. */

import type { Random } from '../../../base/random.ts';
import { childOf, elementsOf, numbersOf, readXml, setAttributes, writeXml, xmlNode } from '../xml-tree.ts';
import type { XmlNode } from '../xml-tree.ts';
import type { Perturbation } from './perturbation.ts';

const DIM = [0.35, 0.6] as const;
const BRIGHT = [1.3, 1.6] as const;
/** Change of each colour channel against the others. */
const TINT = 0.15;
/** Metres, along x and y. */
const SHIFT = 1;

/** MuJoCo's head light where the model says nothing, and its lights' own strengths. */
const HEADLIGHT = { ambient: [0.1, 0.1, 0.1], diffuse: [0.4, 0.4, 0.4], specular: [0.5, 0.5, 0.5] };
const LIGHT = { ambient: [0, 0, 0], diffuse: [0.7, 0.7, 0.7], specular: [0.3, 0.3, 0.3] };

/** Lamps and head light together. */
export const changedLight: Perturbation = {
  meaning: 'Light is 0.35 to 0.6 or 1.3 to 1.6 times as strong, tinted by up to 15 %, and the lamps hang elsewhere.',
  task(task, random) {
    const root = readXml(task.xml, task.name);
    const [low, high] = random.integer(2) === 0 ? DIM : BRIGHT;
    const strength = random.range(low, high);
    const factors = [0, 1, 2].map(() => strength * (1 + random.range(-TINT, TINT)));
    scale(headlightOf(root), HEADLIGHT, factors);
    for (const light of elementsOf(root, 'light')) {
      scale(light, LIGHT, factors);
      move(light, random);
    }
    return { ...task, xml: writeXml(root) };
  },
};

function headlightOf(root: XmlNode): XmlNode {
  const visual = childOf(root, 'visual') ?? xmlNode('visual');
  if (!root.children.includes(visual)) root.children.push(visual);
  const headlight = childOf(visual, 'headlight') ?? xmlNode('headlight');
  if (!visual.children.includes(headlight)) visual.children.push(headlight);
  return headlight;
}

function scale(light: XmlNode, usual: Readonly<Record<string, readonly number[]>>, factors: readonly number[]): void {
  for (const [name, fallback] of Object.entries(usual)) {
    const values = numbersOf(light, name, fallback);
    setAttributes(light, { [name]: values.map((value, channel) => value * factors[channel]!) });
  }
}

function move(light: XmlNode, random: Random): void {
  const [x = 0, y = 0, z = 0] = numbersOf(light, 'pos');
  setAttributes(light, { pos: [x + random.range(-SHIFT, SHIFT), y + random.range(-SHIFT, SHIFT), z] });
}
