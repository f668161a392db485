/**
 * @file ZR-0's chain of thought in few tokens, for small models: its parts in its order with short keys and without spaces, one
 * action ahead, one box in hundredths of the primary view, no prose.
 */

import type { Annotation } from '../../interfaces/annotation.ts';
import { QWEN_TURN_END } from '../prompts/qwen-chat.ts';
import type { AnswerContext, AnswerTemplate } from './answer.ts';
import { seenObjects, wholeCoordinate } from './places.ts';
import { toDo } from './plan-words.ts';
import { SUB_TASK_SHARE, zr0SubTask } from './zr-0.ts';

/** As `zr0Answer`: `{"done":0,"todo":"lift the red block","box":[10,20,30,40],"act":"<action_3>…"}`. */
export const zr0ShortAnswer: AnswerTemplate = (context) => {
  const subTaskMode = context.random.uniform() < SUB_TASK_SHARE;
  const subTask = subTaskMode ? zr0SubTask(context) : null;
  if (subTask !== null) return subTask;
  const { annotation } = context.sample;
  const actions = context.actionText();
  const json = {
    ...(annotation === undefined ? {} : reasoning(annotation, context)),
    ...(actions === null ? {} : { act: actions }),
  };
  if (Object.keys(json).length === 0) return null;
  return { cue: '', text: JSON.stringify(json), end: QWEN_TURN_END, expert: 'hidden' };
};

function reasoning(annotation: Annotation, context: AnswerContext): Record<string, unknown> {
  const todo = toDo(annotation);
  const finished = todo?.length === 0;
  const camera = context.cameras[0]?.name;
  const seen = finished || camera === undefined ? [] : seenObjects(context, camera, annotation.targets ?? []);
  const box = seen[0]?.box.map((value) => wholeCoordinate(value, 99));
  return {
    ...(todo === undefined ? {} : { done: finished ? 1 : 0 }),
    ...(todo === undefined || finished ? {} : { todo: todo[0] }),
    ...(box === undefined ? {} : { box }),
  };
}
