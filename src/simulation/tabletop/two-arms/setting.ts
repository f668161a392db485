/** @file The two arms at the tabletop, with the tasks that need both. */

import type { TabletopSetting } from '../tabletop.ts';
import { twoArms } from './robot.ts';
import { TWO_ARMS_TASKS } from './tasks.ts';

/** Two 7-joint arms with three tasks. */
export const TWO_ARMS_TABLETOP: TabletopSetting = { name: 'two-arms', robot: twoArms, tasks: TWO_ARMS_TASKS };
