/** @file The tabletop's public names. */

/** The tabletop, also under the name by which worker threads open an environment module. */
export { createTabletop, createTabletop as openEnvironment, SEVEN_JOINT_TABLETOP } from './tabletop.ts';
export type { Asked, Tabletop, TabletopConfig, TabletopSetting, TabletopState } from './tabletop.ts';
export { PERTURBATIONS } from './appearance.ts';
export { TASKS } from './tasks.ts';
export type { Task } from './task.ts';
