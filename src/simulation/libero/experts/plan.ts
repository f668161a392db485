/** @file What an expert's skills answer with. */

import type { Vector3 } from '../../../base/rotation.ts';
import type { Aim } from './motion.ts';

/** All subtasks, in the order in which a task may ask for them. */
export const SUBTASKS = ['reach', 'grip', 'pull', 'shut', 'push', 'turn', 'withdraw', 'carry', 'release'] as const;
export type Subtask = (typeof SUBTASKS)[number];

/** What the expert does next. */
export interface Plan {
  readonly subtask: Subtask;
  readonly aim: Aim;
  /** What the hand deals with: an object's name. */
  readonly target: string;
  /** The region whose handle it is about; null: the object as a whole. */
  readonly part: string | null;
  /** Where the target is to go, metres, and the object or region that is there; null: nowhere. */
  readonly goal: { readonly position: Vector3; readonly name: string } | null;
}

/** A plan before what it is about is added to it. */
export type Move = Pick<Plan, 'subtask' | 'aim'>;
