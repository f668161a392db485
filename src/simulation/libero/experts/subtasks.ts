/** @file Which subtasks a proposition of the goal takes, in order. */

import type { LiberoTask, Proposition } from '../task-model.ts';
import type { Subtask } from './plan.ts';

const HANDLING: readonly Subtask[] = ['reach', 'grip'];

/** The subtasks that a proposition takes, in order. */
export function subtasksOf(task: LiberoTask, [relation, first, second]: Proposition): readonly Subtask[] {
  if (relation === 'open') return [...HANDLING, 'pull'];
  if (relation === 'close') return [...HANDLING, 'shut'];
  if (relation === 'turnon' || relation === 'turnoff') return [...HANDLING, 'turn'];
  const region = task.sites[second ?? ''];
  if (isSlid(task, first!, second!)) return [...HANDLING, 'push'];
  const drawer = relation === 'in' && (region?.joints.length ?? 0) > 0;
  return [...(drawer ? (['withdraw'] as const) : []), ...HANDLING, 'carry', 'release'];
}

/** Whether an object goes to its place over the table: a plate to a region of the table itself. */
export function isSlid(task: LiberoTask, object: string, place: string): boolean {
  return task.sites[place]?.parent === null && task.objects[object]!.className === 'Plate';
}
