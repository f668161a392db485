/** @file What the expert does, in words: the scene, the steps of the task, where its things are seen. */

import type { AnnotatedObject } from '../../../interfaces/annotation.ts';
import type { Narration } from '../../../interfaces/environment.ts';
import type { Proposition, LiberoTask } from '../task-model.ts';
import type { Step } from './expert.ts';
import type { Plan } from './plan.ts';
import type { Sight } from './sight.ts';
import { nameOf, wordsOf } from './words.ts';
import type { About } from './words.ts';

/** Of the moment that a plan was made in. `steps`: all that the task takes; `present`: which of them the plan is for. */
export function narrate(
  task: LiberoTask,
  steps: readonly Step[],
  present: number,
  plan: Plan,
  sight: Sight,
): Narration {
  const words = steps.map(({ proposition, subtasks }) => {
    const about = aboutOf(task, proposition);
    return subtasks.map((subtask) => ({ subtask, ...wordsOf(subtask, about) }));
  });
  const before = words.slice(0, present).flat().length;
  const own = words[present]!;
  const at = Math.max(
    0,
    own.findIndex(({ subtask }) => subtask === plan.subtask),
  );
  const { instruction, because } = own[at]!;
  return {
    scene: sceneSentence(task),
    steps: words.flat().map((step) => step.instruction),
    present: before + at,
    plan: `${capitalised(because)}, so the robot should ${instruction}.`,
    targets: [seen(task, plan.part ?? plan.target, sight)],
    goal: plan.goal === null ? null : seen(task, plan.goal.name, sight),
    locate: sight.locator(),
  };
}

function aboutOf(task: LiberoTask, [relation, first, second]: Proposition): About {
  const moves = nameOf(task, first!);
  const part =
    relation === 'open' || relation === 'close' ? 'handle of the ' : relation!.startsWith('turn') ? 'knob of the ' : '';
  const place = second === undefined ? '' : `the ${nameOf(task, second)}`;
  const where = second === undefined ? '' : `${relation} ${place}`;
  return { thing: `${part}${moves}`, moves, where, place, state: relation === 'turnoff' ? 'off' : 'on' };
}

/** "A wooden cabinet, a stove, a black bowl and a plate are on the table." */
export function sceneSentence({ objects, problem, ...task }: LiberoTask): string {
  const things = Object.keys(objects).map((name) => nameOf({ objects, problem, ...task }, name));
  const counted = [...new Set(things)].map((thing) => {
    const count = things.filter((one) => one === thing).length;
    return count === 1 ? `${/^[aeiou]/.test(thing) ? 'an' : 'a'} ${thing}` : `${count} ${thing}s`;
  });
  const last = counted.pop()!;
  const list = counted.length === 0 ? last : `${counted.join(', ')} and ${last}`;
  return `${capitalised(list)} ${things.length === 1 ? 'is' : 'are'} on the ${problem.includes('floor') ? 'floor' : 'table'}.`;
}

function seen(task: LiberoTask, thing: string, sight: Sight): AnnotatedObject {
  const found = Object.entries(sight.boxes(thing)).flatMap(([camera, box]) =>
    box === null ? [] : [[camera, box] as const],
  );
  return { name: nameOf(task, thing), boxes: Object.fromEntries(found) };
}

function capitalised(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
