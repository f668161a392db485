/** @file What can be asked for in a scene: every sentence of every task that plays in it, and the task that a typed sentence means. */

import { objectName, type Layout } from './layout.ts';
import type { Phrasings, Task } from './task.ts';
import type { TableRobot } from './robot-model.ts';

/** A task of any robot. */
export type AnyTask = Task<TableRobot, unknown>;

/** A sentence with what it asks for. */
export interface Request {
  readonly sentence: string;
  readonly task: AnyTask;
  /** The scene with the target and the goal that the sentence names. */
  readonly layout: Layout;
}

/** All that can be asked for, of `tasks`, in a scene in which `played` is played, in one set of phrasings, task by task. */
export function requestsIn(
  tasks: readonly AnyTask[],
  played: AnyTask,
  layout: Layout,
  phrasing: keyof Phrasings,
): Request[] {
  return tasks
    .filter(({ scene }) => scene === played.scene)
    .flatMap((task) =>
      meanings(task, layout).flatMap((meaning) =>
        task.phrasings[phrasing].map((template) => ({ task, layout: meaning, sentence: fill(template, meaning) })),
      ),
    );
}

/** What a typed sentence asks for in a scene; null when it is none of the tabletop's sentences about it. */
export function understand(typed: string, tasks: readonly AnyTask[], played: AnyTask, layout: Layout): Request | null {
  const plain = (text: string): string => text.trim().toLowerCase().replaceAll(/\s+/g, ' ').replace(/[.!]$/, '');
  const requests = [...requestsIn(tasks, played, layout, 'train'), ...requestsIn(tasks, played, layout, 'heldOut')];
  return requests.find(({ sentence }) => plain(sentence) === plain(typed)) ?? null;
}

/** The scene with each target and each goal that the task may be about. */
function meanings(task: AnyTask, scene: Layout): Layout[] {
  const { objects, marks } = scene;
  const goals = task.goals(scene);
  return objects.flatMap((_, target) => {
    const alternatives = objects.map((_, i) => i).filter((i) => i !== target);
    const meaning = { objects, marks, target, alternatives, ...(scene.clutter ? { clutter: scene.clutter } : {}) };
    if (goals.length === 0) return [meaning];
    return goals.flatMap((goalName, goal) =>
      goalName === objectName(objects[target]!) ? [] : [{ ...meaning, goal, goalName }],
    );
  });
}

function fill(template: string, { objects, target, goalName = '' }: Layout): string {
  return template.replace('{object}', objectName(objects[target]!)).replace('{goal}', goalName);
}
