/** @file The built-in worlds by name: what recordings, evaluations and worker threads open. */

import { lookUp } from '../base/errors.ts';
import type { NarratingEnvironment } from '../interfaces/environment.ts';
import { createRooms } from './rooms/rooms.ts';
import { ROOM_TASKS } from './rooms/tasks.ts';
import { ROOM_PERTURBATIONS } from './rooms/view.ts';
import { SIX_JOINT_TABLETOP } from './tabletop/six-joint/setting.ts';
import { TWO_ARMS_TABLETOP } from './tabletop/two-arms/setting.ts';
import { createTabletop, PERTURBATIONS, TASKS } from './tabletop/index.ts';

/** How a built-in world is opened. */
export interface WorldChoice {
  /** One of `WORLDS`; default `tabletop`. */
  readonly world?: string;
  /** Side of the cameras' square images, pixels; default: as the world says. */
  readonly imageSize?: number;
}

/** A built-in world, before it is opened. */
export interface BuiltInWorld {
  /** One line for help texts. */
  readonly summary: string;
  readonly tasks: readonly string[];
  readonly perturbations: readonly string[];
  open(config: { readonly imageSize?: number }): Promise<NarratingEnvironment>;
}

/** The world of recipes and commands that name none. */
export const DEFAULT_WORLD = 'tabletop';

/** All built-in worlds. */
export const WORLDS: Readonly<Record<string, BuiltInWorld>> = {
  tabletop: {
    summary: 'a 7-joint arm at a table with coloured things',
    tasks: TASKS.map(({ name }) => name),
    perturbations: Object.keys(PERTURBATIONS),
    open: (config) => createTabletop(config),
  },
  'six-joint': {
    summary: 'a 6-joint arm at the same table, told joint angles',
    tasks: SIX_JOINT_TABLETOP.tasks.map(({ name }) => name),
    perturbations: Object.keys(PERTURBATIONS),
    open: (config) => createTabletop(config, SIX_JOINT_TABLETOP),
  },
  'two-arms': {
    summary: 'two 7-joint arms at the table, for tasks that need both',
    tasks: TWO_ARMS_TABLETOP.tasks.map(({ name }) => name),
    perturbations: Object.keys(PERTURBATIONS),
    open: (config) => createTabletop(config, TWO_ARMS_TABLETOP),
  },
  rooms: {
    summary: 'a base on wheels in a room of coloured landmarks, told waypoints',
    tasks: ROOM_TASKS.map(({ name }) => name),
    perturbations: Object.keys(ROOM_PERTURBATIONS),
    open: createRooms,
  },
};

/** The world of this name; a miss suggests the nearest. */
export function findWorld(name: string = DEFAULT_WORLD): BuiltInWorld {
  return lookUp('world', name, WORLDS);
}

/** Opens a built-in world; also the entry of worker threads (`VectorConfig.module`). */
export async function openWorld({ world, ...config }: WorldChoice): Promise<NarratingEnvironment> {
  return findWorld(world).open(config);
}
export { openWorld as openEnvironment };
