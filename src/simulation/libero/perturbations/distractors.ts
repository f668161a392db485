/** @file Things that the task is not about stand on the table or floor, as solid as all others. */

import type { Random } from '../../../base/random.ts';
import type { Quaternion } from '../../../base/rotation.ts';
import type { LiberoFiles } from '../files.ts';
import { mergeAssets, readMjcf } from '../mjcf-file.ts';
import { objectClass } from '../object-catalogue.ts';
import { buildObject } from '../object-model.ts';
import type { LiberoTask } from '../task-model.ts';
import { surfaceHeight } from './camera.ts';
import { boxAround, distance, fixtureSpots, pilesOf, spotOf } from './layout.ts';
import type { Perturbation } from './perturbation.ts';
import { writeXml } from '../xml-tree.ts';

/** LIBERO's categories that serve as distractors, and how they stand upright (w, x, y, z), as in its own initial states. */
export const DISTRACTORS: Readonly<Record<string, Quaternion>> = {
  alphabet_soup: [0, 0, Math.SQRT1_2, Math.SQRT1_2],
  ketchup: [0.5, 0.5, 0.5, 0.5],
  wine_bottle: [0, 0, 0, 1],
  glazed_rim_porcelain_ramekin: [Math.SQRT1_2, 0, 0, Math.SQRT1_2],
};

const PREFIX = 'distractor_';
const COUNT = 2;
/** Metres between middles, at first; crowded tables leave room for less. */
const APART = 0.14;
const FROM_FIXTURES = 0.25;
/** So far beyond the area that the task uses itself they may stand; metres. */
const MARGIN = 0.08;
/** Above the surface, as LIBERO puts its objects; metres. */
const DROP = 0.01;
const TRIES = 400;

/** Two things of categories that the task has not. */
export const distractors: Perturbation = {
  meaning: 'Two more things stand about that the task is not about.',
  task(task, random, files) {
    const categories = random.shuffle(freeCategories(task)).slice(0, COUNT);
    return addObjects(task, files, categories);
  },
  start(start, task, random) {
    const taken = [
      ...pilesOf(task).map(({ joint }) => ({ at: spotOf(start.joint(joint)), room: APART })),
      ...fixtureSpots(start, task).map((at) => ({ at, room: FROM_FIXTURES })),
    ];
    const box = boxAround(
      taken.map(({ at }) => at),
      MARGIN,
    );
    for (const [category, joint, object] of added(task)) {
      const spot = findSpot(box, taken, random);
      taken.push({ at: spot, room: APART });
      const height = surfaceHeight(task) + DROP - object.bottom[2];
      start.joint(joint).set([...spot, height, ...DISTRACTORS[category]!]);
    }
  },
};

/** Categories of which the task has no object, whatever it is called there. */
export function freeCategories(task: LiberoTask): string[] {
  const classes = new Set(Object.values(task.objects).map(({ className }) => className));
  return Object.keys(DISTRACTORS).filter((category) => !classes.has(objectClass(category).className));
}

/** The files of an object of a category beside those that its model names. */
export function addObjects(task: LiberoTask, files: LiberoFiles, categories: readonly string[]): LiberoTask {
  const models = categories.map((category) => buildObject(files, objectClass(category), `${PREFIX}${category}`, false));
  // A document at the root: its files' paths stay as they are.
  const world = readMjcf({ has: () => true, read: () => new TextEncoder().encode(task.xml) }, `/${task.name}`);
  for (const { mjcf, body } of models) {
    mergeAssets(world, mjcf);
    world.worldbody.children.push(body);
  }
  const objects = Object.fromEntries(models.map(({ name, object }) => [name, object]));
  return { ...task, objects: { ...task.objects, ...objects }, xml: writeXml(world.root) };
}

function added(task: LiberoTask): [category: string, joint: string, object: LiberoTask['objects'][string]][] {
  return Object.entries(task.objects)
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, object]) => [name.slice(PREFIX.length), object.joints[0]!, object]);
}

function findSpot(
  box: ReturnType<typeof boxAround>,
  taken: readonly { readonly at: readonly [number, number]; readonly room: number }[],
  random: Random,
): readonly [number, number] {
  const [low, high] = box;
  let best: readonly [number, number] = low;
  let mostRoom = -Infinity;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const spot = [random.range(low[0], high[0]), random.range(low[1], high[1])] as const;
    const room = Math.min(...taken.map(({ at, room: wanted }) => distance(spot, at) / wanted));
    if (room >= 1) return spot;
    if (room > mostRoom) [best, mostRoom] = [spot, room];
  }
  return best;
}
