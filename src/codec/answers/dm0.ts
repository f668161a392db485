/**
 * @file DM0's spatial scaffold (papers/dm0, section 2.3): subtask, goal box, trace of the hand in the primary view, discrete
 * actions, in this order. A sample's template is put together from the parts that it has, each in one of several wordings drawn by
 * itself: with all four there are 600 (the paper wrote 500 for each combination of parts).
 *
 * Not stated in the paper: the wordings; how often the expert reads the reasoning (its equation 1); that coordinates are the
 * tokenizer's `<action>0</action>` to `<action>727</action>`, one per pixel of the image's side. What the expert reads holds no
 * actions: they would give its own answer away. What it does not read opens with the assistant's name, because the cue in its
 * place would be part of the prompt, and policies that act at once have none.
 */

import { DM0_ANSWER } from '../prompts/dm0.ts';
import { QWEN_TURN_END } from '../prompts/qwen-chat.ts';
import type { AnswerTemplate } from './answer.ts';
import { coordinateWriter, scaffold, SCAFFOLD_READ_SHARE } from './scaffold.ts';

/** Where the tokenizer has no tokens for coordinates: thousandths, as in the paper's driving data. */
const LAST_COORDINATE = 1000;

type Wording<T extends readonly string[]> = (...values: T) => string;

const SUBTASK: readonly Wording<[subtask: string]>[] = [
  (subtask) => `The current subtask is to ${subtask}.`,
  (subtask) => `Subtask: ${subtask}.`,
  (subtask) => `Now the robot should ${subtask}.`,
  (subtask) => `Next step: ${subtask}.`,
  (subtask) => `To get there, first ${subtask}.`,
  (subtask) => `What has to be done now: ${subtask}.`,
];

const BOX: readonly Wording<[name: string, box: string]>[] = [
  (name, box) => `The ${name} is at ${box}.`,
  (name, box) => `Goal: ${name} ${box}.`,
  (name, box) => `Bounding box of the ${name}: ${box}.`,
  (name, box) => `Aim at the ${name} in ${box}.`,
  (name, box) => `${box} holds the ${name}.`,
];

const TRACE: readonly Wording<[trace: string]>[] = [
  (trace) => `The gripper will move along ${trace}.`,
  (trace) => `Trace: ${trace}.`,
  (trace) => `End-effector waypoints: ${trace}.`,
  (trace) => `The hand passes ${trace}.`,
  (trace) => `Follow ${trace}.`,
];

const ACTIONS: readonly Wording<[actions: string]>[] = [
  (actions) => `Actions: ${actions}`,
  (actions) => `The robot executes ${actions}`,
  (actions) => `Control: ${actions}`,
  (actions) => actions,
];

/** The scaffold, hidden from the expert, or in one of ten read by it and then without actions. Null with no part at all. */
export const dm0Answer: AnswerTemplate = (context) => {
  const { random } = context;
  const readMode = random.uniform() < SCAFFOLD_READ_SHARE;
  const write = coordinateWriter(context, LAST_COORDINATE);
  const { subtask, goal, trace } = scaffold(context);
  const thoughts = [
    ...(subtask === undefined ? [] : [random.pick(SUBTASK)(subtask)]),
    ...(goal === undefined ? [] : [random.pick(BOX)(goal.name, write.box(goal.box))]),
    ...(trace === undefined ? [] : [random.pick(TRACE)(write.trace(trace))]),
  ];
  if (readMode && thoughts.length > 0) {
    return { cue: DM0_ANSWER, text: thoughts.join(' '), end: QWEN_TURN_END, expert: 'reads' };
  }
  const actions = context.actionText();
  const all = actions === null ? thoughts : [...thoughts, random.pick(ACTIONS)(actions)];
  if (all.length === 0) return null;
  return { cue: '', text: DM0_ANSWER + all.join(' '), end: QWEN_TURN_END, expert: 'hidden' };
};
