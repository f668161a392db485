/** @file Objects, regions and subtasks of LIBERO in words. */

import type { LiberoTask } from '../task-model.ts';
import type { Subtask } from './plan.ts';

/** Classes whose words are not those of their name, as LIBERO's instructions say them. */
const CLASSES: Readonly<Record<string, string>> = {
  AkitaBlackBowl: 'black bowl',
  GlazedRimPorcelainRamekin: 'ramekin',
  Cookies: 'cookie box',
  FlatStove: 'stove',
  Chefmate8Frypan: 'frying pan',
  BbqSauce: 'BBQ sauce',
  NewSaladDressing: 'salad dressing',
  WhiteYellowMug: 'yellow and white mug',
  PorcelainMug: 'white mug',
};

/** Regions of objects by the end of their name; what is not here is the object itself. */
const REGIONS: readonly (readonly [end: string, words: string])[] = [
  ['top_side', 'top of the '],
  ['middle_region', 'middle drawer of the '],
  ['bottom_region', 'bottom drawer of the '],
  ['top_region', 'top drawer of the '],
];

/** "black bowl"; of a region what it is of: "top drawer of the wooden cabinet", "stove", "stove front region". */
export function nameOf(task: LiberoTask, thing: string): string {
  const object = task.objects[thing];
  if (object !== undefined) return CLASSES[object.className] ?? spaced(object.className);
  const site = task.sites[thing];
  if (site === undefined) return thing.replaceAll('_', ' ');
  if (site.parent === null)
    return thing.replace(/^(main_table|kitchen_table|living_room_table|study_table|floor)_/, '').replaceAll('_', ' ');
  const whole = nameOf(task, site.parent);
  // A rack has a top region and no drawer.
  const drawer = site.joints.length > 0;
  const words = REGIONS.find(([end, phrase]) => thing.endsWith(end) && (drawer || !phrase.includes('drawer')))?.[1];
  return `${words ?? ''}${whole}`;
}

function spaced(className: string): string {
  return className.replaceAll(/(?<=[a-z])(?=[A-Z0-9])/g, ' ').toLowerCase();
}

/** What a step is about. */
export interface About {
  /** "handle of the top drawer of the wooden cabinet". */
  readonly thing: string;
  /** The thing that moves: "top drawer of the wooden cabinet". */
  readonly moves: string;
  /** "on the plate"; empty where nothing is put anywhere. */
  readonly where: string;
  /** "the plate". */
  readonly place: string;
  /** "on" or "off", of what is turned. */
  readonly state: string;
}

/** A subtask as an instruction, and what is so when it is next. */
export function wordsOf(
  subtask: Subtask,
  { thing, moves, where, place, state }: About,
): { instruction: string; because: string } {
  const held = `the gripper holds the ${thing}`;
  switch (subtask) {
    case 'reach':
      return { instruction: `reach for the ${thing}`, because: `the gripper does not hold the ${thing}` };
    case 'grip':
      return { instruction: `grip the ${thing}`, because: `the hand is at the ${thing}` };
    case 'pull':
      return { instruction: `pull the ${moves} open`, because: held };
    case 'shut':
      return { instruction: `push the ${moves} shut`, because: held };
    case 'push':
      return { instruction: `slide the ${moves} to ${place}`, because: held };
    case 'turn':
      return { instruction: `turn the ${moves} ${state}`, because: held };
    case 'withdraw':
      return { instruction: `let go of the handle and move away`, because: `the drawer is open` };
    case 'carry':
      return { instruction: `carry the ${moves} to ${place}`, because: held };
    case 'release':
      return { instruction: `let go of the ${moves} ${where}`, because: `the ${moves} is ${where}` };
  }
}
