/** @file What of an annotation says where the task stands: the actions to come, and sentences about it. */

import type { Annotation } from '../../interfaces/annotation.ts';

/** The actions still to be done, the present one first; undefined where the annotation does not tell. */
export function toDo({ todo, subtask }: Annotation): readonly string[] | undefined {
  return todo ?? (subtask === undefined ? undefined : [subtask]);
}

/** A sentence with its full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const start = trimmed[0]!.toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

/** What has been done and whether that is all: ZR-0's progress assessment. '' where the annotation does not tell. */
export function progressSentence(annotation: Annotation): string {
  const { finished } = annotation;
  const todo = toDo(annotation);
  if (todo === undefined) return '';
  if (todo.length === 0) return 'The task is finished.';
  if (finished === undefined) return 'The task is not finished.';
  const done = finished.length === 0 ? 'nothing has been done yet' : `only this has been done: ${finished.join(', ')}`;
  return `The task is not finished because ${done}.`;
}

/** What comes next and why: the annotation's own words, else the list of actions. */
export function planSentence(annotation: Annotation): string {
  if (annotation.plan !== undefined) return sentence(annotation.plan);
  const todo = toDo(annotation) ?? [];
  return todo.length === 0 ? '' : `The robot should ${todo.join(', then ')}.`;
}
