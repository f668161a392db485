/**
 * @file ZR-0's embodied chain of thought (papers/zr-0, section 3.2): a JSON object that thinks aloud, says whether the task is
 * finished, lists the actions to come and the boxes of their objects, and ends in FAST action tokens. The expert reads none of
 * it. One sample in ten names the next action alone, which the expert reads. Keys, indentation and that share are the open
 * code's; it writes the paper's scene, progress and plan as one text.
 */

import type { Annotation } from '../../interfaces/annotation.ts';
import { QWEN_TURN_END } from '../prompts/qwen-chat.ts';
import type { AnswerContext, AnswerTemplate, SampleAnswer } from './answer.ts';
import { seenObjects } from './places.ts';
import { planSentence, progressSentence, sentence, toDo } from './plan-words.ts';

/** Share of the annotated samples that name the subtask alone. */
export const SUB_TASK_SHARE = 0.1;

/** The subtask alone, as the mode "subtask then action" asks for it; `done` where nothing remains. Null without one. */
export function zr0SubTask({ sample }: Pick<AnswerContext, 'sample'>): SampleAnswer | null {
  const todo = sample.annotation === undefined ? undefined : toDo(sample.annotation);
  if (todo === undefined) return null;
  return { cue: 'Sub task:', text: `<SUB_TASK>${todo[0] ?? 'done'}`, end: '</SUB_TASK>', expert: 'reads' };
}

/** The whole of it. Null for a sample with neither annotation nor action tokens. */
export const zr0Answer: AnswerTemplate = (context) => {
  const subTaskMode = context.random.uniform() < SUB_TASK_SHARE;
  const subTask = subTaskMode ? zr0SubTask(context) : null;
  if (subTask !== null) return subTask;
  const { annotation } = context.sample;
  const actions = context.actionText();
  const json = {
    ...(annotation === undefined ? {} : reasoning(annotation, context)),
    ...(actions === null ? {} : { 'Discrete Action Tokens': actions }),
  };
  if (Object.keys(json).length === 0) return null;
  return { cue: '', text: JSON.stringify(json, null, 2), end: QWEN_TURN_END, expert: 'hidden' };
};

function reasoning(annotation: Annotation, context: AnswerContext): Record<string, unknown> {
  const thoughts = [sentence(annotation.scene ?? ''), progressSentence(annotation), planSentence(annotation)];
  const words = thoughts.filter((text) => text !== '').join(' ');
  const todo = toDo(annotation);
  const finished = todo !== undefined && todo.length === 0;
  const targets = finished ? undefined : targetObjects(annotation, context);
  return {
    ...(words === '' ? {} : { 'Chain-of-Thought Reasoning': words }),
    ...(todo === undefined ? {} : { Finished: finished ? 'Yes' : 'No' }),
    ...(todo === undefined || finished ? {} : { 'To-do Actions': todo }),
    ...(targets === undefined ? {} : { 'Target Objects': targets }),
  };
}

/** Camera label → boxes in fractions of the image, three decimals. */
function targetObjects({ targets }: Annotation, context: AnswerContext): Record<string, unknown> | undefined {
  if (targets === undefined) return undefined;
  return Object.fromEntries(
    context.cameras.flatMap(({ name, label }) => {
      const seen = seenObjects(context, name, targets);
      const boxes = seen.map((object) => ({
        bbox_2d: object.box.map((value) => Math.round(value * 1000) / 1000),
        label: object.name,
      }));
      return boxes.length === 0 ? [] : [[label, boxes]];
    }),
  );
}
