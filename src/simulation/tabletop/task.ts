/** @file What a task of the tabletop is: a scene, sentences, a judgement and a scripted expert. */

import type { Random } from '../../base/random.ts';
import type { Vector3 } from '../../base/rotation.ts';
import type { Outcome } from '../../interfaces/environment.ts';
import type { Layout } from './layout.ts';
import type { Aim, ArmRobot, TableRobot } from './robot-model.ts';
import type { Scene, SceneKind } from './scenes.ts';
import type { World } from './world.ts';

/** Sentence templates. `{object}` is the object the instruction names, `{goal}` the place. */
export interface Phrasings {
  readonly train: readonly string[];
  /** Never used in training; made of words that training knows, in other orders. */
  readonly heldOut: readonly string[];
}

/** What the expert does next. `A`: what a robot of this kind aims at. */
export interface Plan<A = Aim> {
  readonly aim: A;
  /** One of the task's subtasks. */
  readonly subtask: string;
}

/** A subtask in words. Templates as in `Phrasings`. */
export interface Step {
  /** As an instruction. */
  readonly instruction: string;
  /** What is so when it is next: a clause. */
  readonly because: string;
}

/** A task for a kind of robot: its scene, its sentences, its judge and its expert. */
export interface Task<R extends TableRobot = ArmRobot, A = Aim> {
  readonly name: string;
  /** Longest episode, in units of 50 ms. */
  readonly maxSteps: number;
  readonly phrasings: Phrasings;
  readonly subtasks: readonly string[];
  /** The subtasks in words, by name, in the order of `subtasks`. */
  readonly steps: Readonly<Record<string, Step>>;
  /** Which tasks it shares its scenes with. */
  readonly scene: SceneKind;
  /** What `{goal}` may stand for in a scene, each at the index that the layout's `goal` holds; [] when instructions name none. */
  goals(scene: Scene): readonly string[];
  /** Draws a scene of this kind, and which thing of it the task is about. */
  layout(random: Random): Layout;
  /** Success, or `wrong` when the goal was reached with another object. (A thing that fell off the table is `failure` in every task.) */
  judge(world: World<R>): Extract<Outcome, 'running' | 'success' | 'wrong'>;
  /** The expert: depends on the current state alone. */
  plan(world: World<R>): Plan<A>;
  /** Where the target is to go, metres, and the geom that marks it; null when the task has no place. */
  goal(world: World<R>): { readonly position: Vector3; readonly geom: string | null } | null;
}
