/** @file Other walls, floors and tables: tinted, or of one colour with a pattern. Objects and the robot look as ever. */

import type { Random } from '../../../base/random.ts';
import type { LiberoTask } from '../task-model.ts';
import { elementsOf, readXml, setAttributes, writeXml } from '../xml-tree.ts';
import type { XmlNode } from '../xml-tree.ts';
import type { Perturbation } from './perturbation.ts';

/** Prefixes of what belongs to the robot. */
const ROBOT = ['robot0_', 'gripper0_', 'mount0_'];
/** Texels along a side of a made-up texture. */
const SIDE = '64';
/** Channels of colours that surfaces take. */
const COLOUR = [0.25, 0.95] as const;
/** How much the second colour of a pattern differs. */
const CONTRAST = 0.15;

/** All surfaces that belong to no object. */
export const changedTextures: Perturbation = {
  meaning: 'Walls, floor and table have other colours or patterns; objects and the robot look as ever.',
  task(task, random) {
    const root = readXml(task.xml, task.name);
    const isSurface = surfaceTest(task);
    const textures = new Map([...elementsOf(root, 'texture')].map((node) => [node.attributes.get('name'), node]));
    const onMeshes = new Set(
      [...elementsOf(root, 'geom')]
        .filter(({ attributes }) => attributes.has('mesh'))
        .map(({ attributes }) => attributes.get('material')),
    );
    for (const material of elementsOf(root, 'material')) {
      const { attributes } = material;
      const texture = attributes.has('texture') ? textures.get(attributes.get('texture')) : undefined;
      if (!isSurface(attributes.get('name') ?? '') || texture === undefined) continue;
      // A pattern on a mesh with coordinates of its own is torn apart: it is tinted instead.
      if (!onMeshes.has(attributes.get('name')) && random.integer(2) === 0) makePattern(texture, random);
      else setAttributes(material, { rgba: [...colour(random), 1] });
    }
    return { ...task, xml: writeXml(root) };
  },
};

/** Tells materials of the arena from those of the robot and of objects. */
function surfaceTest({ objects }: LiberoTask): (material: string) => boolean {
  const prefixes = [...ROBOT, ...Object.keys(objects).map((name) => `${name}_`)];
  return (material) => !prefixes.some((prefix) => material.startsWith(prefix));
}

function colour(random: Random): number[] {
  return [0, 1, 2].map(() => random.range(...COLOUR));
}

function makePattern(texture: XmlNode, random: Random): void {
  const first = colour(random);
  const second = first.map((value) => Math.min(1, Math.max(0, value + random.range(-CONTRAST, CONTRAST))));
  texture.attributes.delete('file');
  const builtin = random.pick(['flat', 'checker', 'gradient']);
  setAttributes(texture, { builtin, rgb1: first, rgb2: second, width: SIDE, height: SIDE });
}
