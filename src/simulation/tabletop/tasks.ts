/** @file The tasks of the tabletop. Starter tasks first. */

import type { Task } from './task.ts';
import { close, open } from './tasks/drawer.ts';
import { lift } from './tasks/lift.ts';
import { place } from './tasks/place.ts';
import { press } from './tasks/press.ts';
import { push } from './tasks/push.ts';
import { stack } from './tasks/stack.ts';
import { touch } from './tasks/touch.ts';
import { turn } from './tasks/turn.ts';

/** What the quickstart trains. */
export const STARTER_TASKS: readonly Task[] = [touch, push, lift];

/** All tasks of the tabletop. */
export const TASKS: readonly Task[] = [...STARTER_TASKS, place, stack, open, close, press, turn];
