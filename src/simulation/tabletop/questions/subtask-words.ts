/** @file What the expert does now, in words. */

import { filled } from '../instruction.ts';
import type { TableRobot } from '../robot-model.ts';
import type { AnyTask } from '../sentences.ts';
import type { World } from '../world.ts';

/** A subtask, in a word and as an instruction. */
export interface SubtaskWords {
  /** One of the task's subtasks: "grip". */
  readonly name: string;
  /** The task's own words for it: "close the gripper on the red cube". */
  readonly sentence: string;
}

/** The subtask of the moment. */
export function subtaskNow(task: AnyTask, world: World<TableRobot>): SubtaskWords {
  const name = task.plan(world).subtask;
  return { name, sentence: filled(task.steps[name]!.instruction, world.layout, world.layout.target) };
}
