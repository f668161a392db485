/** @file From a task's sentence templates and a scene to the instruction of an episode. */

import type { Random } from '../../base/random.ts';
import type { Task } from './task.ts';
import { objectName, type Layout } from './layout.ts';

/** The sentence that names `object` (an index into the layout). */
export function instructionFor(
  task: Pick<Task, 'phrasings'>,
  layout: Layout,
  object: number,
  phrasing: 'train' | 'held-out',
  random: Random,
): string {
  const template = random.pick(phrasing === 'train' ? task.phrasings.train : task.phrasings.heldOut);
  return filled(template, layout, object);
}

/** A template about the thing `object` (an index into the layout) and the layout's goal. */
export function filled(template: string, layout: Layout, object: number): string {
  return template
    .replaceAll('{object}', objectName(layout.objects[object]!))
    .replaceAll('{goal}', layout.goalName ?? '');
}
