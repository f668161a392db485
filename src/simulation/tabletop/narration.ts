/** @file What happens on the table, in words: the scene, the steps of the task, where its things are seen. */

import type { AnnotatedObject, Box } from '../../interfaces/annotation.ts';
import type { Narration } from '../../interfaces/environment.ts';
import { filled } from './instruction.ts';
import { objectName, padName, type Layout } from './layout.ts';
import type { TableRobot } from './robot-model.ts';
import type { AnyTask } from './sentences.ts';
import type { Views } from './views.ts';
import type { World } from './world.ts';

/** Of the images that `views` rendered last. */
export function narrate(task: AnyTask, world: World<TableRobot>, views: Views): Narration {
  const { layout } = world;
  const { target } = layout;
  const { subtask } = task.plan(world);
  const words = task.subtasks.map((name) => task.steps[name]!);
  const steps = words.map(({ instruction }) => filled(instruction, layout, target));
  const present = task.subtasks.indexOf(subtask);
  const because = filled(words[present]!.because, layout, target);
  const goal = task.goal(world);
  return {
    scene: sceneSentence(layout),
    steps,
    present,
    plan: `${capitalised(because)}, so the robot should ${steps[present]}.`,
    targets: [seen(objectName(layout.objects[target]!), views.boxes(world, `object${target}`))],
    goal: goal === null || goal.geom === null ? null : seen(goalName(layout), views.boxes(world, goal.geom)),
    locate: views.locator(world),
  };
}

/** "A red cube, a blue ball and a dark zone are on the table." */
export function sceneSentence({ objects, marks }: Pick<Layout, 'objects' | 'marks'>): string {
  const things = [...objects.map(objectName), ...marks.map(markName)].map((name) => `a ${name}`);
  const last = things.pop()!;
  const list = things.length === 0 ? last : `${things.join(', ')} and ${last}`;
  return `${capitalised(list)} ${things.length === 0 ? 'is' : 'are'} on the table.`;
}

function goalName(layout: Layout): string {
  return layout.goalName ?? markName(layout.marks[layout.goal ?? 0]!);
}

/** Coloured marks are pads; the one without a colour is the zone. */
export function markName(mark: Layout['marks'][number]): string {
  const name = padName(mark);
  return name === 'dark pad' ? 'dark zone' : name;
}

function seen(name: string, boxes: Readonly<Record<string, Box | null>>): AnnotatedObject {
  const found = Object.entries(boxes).flatMap(([camera, box]) => (box === null ? [] : [[camera, box] as const]));
  return { name, boxes: Object.fromEntries(found) };
}

function capitalised(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
