/** @file The tabletop's public names. */

export { createTabletop } from './tabletop.ts';
export type { Tabletop, TabletopConfig, TabletopState } from './tabletop.ts';
export { TASKS } from './tasks.ts';
export type { Task } from './task.ts';
