/**
 * @file DM0's spatial scaffold in few tokens, for small models: its parts in its order without wordings, coordinates in
 * hundredths where the tokenizer has no tokens for them, three points of the trace.
 */

import { DM0_ANSWER } from '../prompts/dm0.ts';
import { QWEN_TURN_END } from '../prompts/qwen-chat.ts';
import type { AnswerTemplate } from './answer.ts';
import { coordinateWriter, scaffold, SCAFFOLD_READ_SHARE } from './scaffold.ts';

const LAST_COORDINATE = 99;

/** Points of the trace that are written, the last one among them. */
const POINTS = 3;

/** As `dm0Answer`: `lift the red block; 40 41 52 55; 10 20 11 22 13 24; <action_0>…`. */
export const dm0ShortAnswer: AnswerTemplate = (context) => {
  const readMode = context.random.uniform() < SCAFFOLD_READ_SHARE;
  const write = coordinateWriter(context, LAST_COORDINATE);
  const { subtask, goal, trace } = scaffold(context);
  const thoughts = [
    ...(subtask === undefined ? [] : [subtask]),
    ...(goal === undefined ? [] : [write.box(goal.box)]),
    ...(trace === undefined ? [] : [write.trace(thinned(trace, POINTS))]),
  ];
  if (readMode && thoughts.length > 0) {
    return { cue: DM0_ANSWER, text: thoughts.join('; '), end: QWEN_TURN_END, expert: 'reads' };
  }
  const actions = context.actionText();
  const all = actions === null ? thoughts : [...thoughts, actions];
  return all.length === 0 ? null : { cue: '', text: all.join('; '), end: QWEN_TURN_END, expert: 'hidden' };
};

/** `count` of the items, evenly spaced, the last one among them; all of them where there are fewer. */
function thinned<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, k) => items[Math.round(((k + 1) * items.length) / count) - 1]!);
}
