/** @file The tasks of the tabletop, in the order of their names in tables. */

import type { Task } from './task.ts';
import { lift } from './tasks/lift.ts';
import { push } from './tasks/push.ts';
import { touch } from './tasks/touch.ts';

export const TASKS: readonly Task[] = [touch, push, lift];
