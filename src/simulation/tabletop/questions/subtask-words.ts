/** @file What the expert's subtasks are called in questions and answers. */

import { lookUp } from '../../../base/errors.ts';
import { objectName } from '../layout.ts';
import type { Task } from '../task.ts';
import type { World } from '../world.ts';

/** A subtask, in a word and as a sentence. */
export interface SubtaskWords {
  /** One of the task's subtasks: "grip". */
  readonly name: string;
  /** "grip the red cube". */
  readonly sentence: string;
}

const GRASP = { reach: 'reach for the {object}', grip: 'grip the {object}' };
const CARRY = { ...GRASP, carry: 'carry the {object} to the {goal}', release: 'release the {object}' };

/** Task → subtask (of its `Task.subtasks`) → sentence about the target and the goal. */
const SENTENCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  touch: { reach: 'reach for the {object}' },
  push: { 'go behind': 'go behind the {object}', push: 'push the {object} to the zone' },
  lift: { ...GRASP, raise: 'raise the {object}' },
  stack: CARRY,
  place: CARRY,
  open: { ...GRASP, pull: 'pull the {object}' },
  close: { ...GRASP, push: 'push the {object}' },
  press: { reach: 'reach for the {object}', press: 'press the {object}' },
  turn: { ...GRASP, turn: 'turn the {object} {goal}' },
};

/** What the expert of a task does now. */
export function subtaskNow(task: Task, world: World): SubtaskWords {
  const { objects, target, goalName = '' } = world.layout;
  const name = task.plan(world).subtask;
  const template = lookUp(`subtasks of ${task.name}`, name, lookUp('subtasks: task', task.name, SENTENCES));
  const sentence = template.replace('{object}', objectName(objects[target]!)).replace('{goal}', goalName);
  return { name, sentence };
}
