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

/** How a thing stands. */
interface Stand {
  /** Upright (w, x, y, z), as in LIBERO's own initial states. */
  readonly quaternion: Quaternion;
  /** Its origin above what it stands on, at rest; metres, measured. */
  readonly height: number;
}

/** LIBERO's categories that serve as distractors. */
export const DISTRACTORS: Readonly<Record<string, Stand>> = {
  alphabet_soup: { quaternion: [0, 0, Math.SQRT1_2, Math.SQRT1_2], height: 0.039 },
  ketchup: { quaternion: [0.5, 0.5, 0.5, 0.5], height: 0.073 },
  wine_bottle: { quaternion: [0, 0, 0, 1], height: 0 },
  glazed_rim_porcelain_ramekin: { quaternion: [Math.SQRT1_2, 0, 0, Math.SQRT1_2], height: 0 },
};

const PREFIX = 'distractor_';
const COUNT = 2;
/** Metres between middles, at first; crowded tables leave room for less. */
const APART = 0.14;
/** Fixtures are large, and drawers come out of them. */
const FROM_FIXTURES = 0.32;
/** So far beyond the area of the task's own objects they may stand; metres. */
const MARGIN = 0.15;
/** From where they drop, above what a task says of its surface: the floor lies 35 mm above that, tables less. Metres. */
const DROP = 0.045;
const TRIES = 400;

/** Two things of categories that the task has not. */
export const distractors: Perturbation = {
  meaning: 'Two more things stand about that the task is not about.',
  task(task, random, files) {
    const categories = random.shuffle(freeCategories(task)).slice(0, COUNT);
    return addObjects(task, files, categories);
  },
  start(start, task, random) {
    const own = pilesOf(task).map(({ joint }) => spotOf(start.joint(joint)));
    const taken = [
      ...own.map((at) => ({ at, room: APART })),
      ...fixtureSpots(start, task).map((at) => ({ at, room: FROM_FIXTURES })),
    ];
    const box = boxAround(own, MARGIN);
    for (const [category, joint] of added(task)) {
      const spot = findSpot(box, taken, random);
      taken.push({ at: spot, room: APART });
      const { height, quaternion } = DISTRACTORS[category]!;
      start.joint(joint).set([...spot, surfaceHeight(task) + DROP + height, ...quaternion]);
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

function added(task: LiberoTask): [category: string, joint: string][] {
  return Object.entries(task.objects)
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, { joints }]) => [name.slice(PREFIX.length), joints[0]!]);
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
