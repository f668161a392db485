/** @file A world with a robot and a task: simulators here, in a worker, or in another process. */

import type { Embodiment } from './embodiment.ts';
import type { Observation } from './observation.ts';

/** Which episode to start. The same specification gives the same episode, bit for bit, on one machine. */
export interface EpisodeSpec {
  readonly task: string;
  readonly seed: number;
  /** A named change of the world (camera, light, colours, distractors …), one of `Environment.perturbations`. */
  readonly perturbation?: string;
  /** Which set of phrasings words the instruction; default "train". */
  readonly phrasing?: 'train' | 'held-out';
  /** What the instruction names: the task's true target (default) or another object of the scene. */
  readonly instructionTarget?: 'true' | 'other';
}

/** `wrong`: a goal was reached, but with an object that the task did not ask for. */
export type Outcome = 'running' | 'success' | 'wrong' | 'failure' | 'timeout';

/** A world that can be reset, seen and acted in; one episode at a time. */
export interface Environment {
  readonly name: string;
  readonly embodiment: Embodiment;
  readonly tasks: readonly string[];
  readonly perturbations: readonly string[];
  /** The longest episode of a task, in control steps. */
  maxSteps(task: string): number;
  reset(episode: EpisodeSpec): Promise<void>;
  observe(): Promise<Observation>;
  /** Applies one action (clipped to the embodiment's limits; a non-finite one is refused) for one control period. */
  step(action: ArrayLike<number>): Promise<Outcome>;
  close(): Promise<void>;
}

/** What only a simulator knows, for supervision of the vision-language model beside the actions. */
export interface Privileged {
  /** The named object's centre, metres, base frame. */
  readonly targetPosition: readonly [number, number, number];
  /** Where it is to go (zone, place, stack), metres; null when the task has no goal place. */
  readonly goalPosition: readonly [number, number, number] | null;
  /** The named object's box in each camera, [x0, y0, x1, y1] as fractions of width and height, null when not visible. */
  readonly targetBox: Readonly<Record<string, readonly [number, number, number, number] | null>>;
  /** The goal's box in each camera. */
  readonly goalBox: Readonly<Record<string, readonly [number, number, number, number] | null>>;
  /** The current subtask, one of `subtasks`. */
  readonly subtask: string;
}

/** An environment that comes with a scripted expert. */
export interface ExpertEnvironment extends Environment {
  /** All words that `privileged().subtask` may take. */
  readonly subtasks: readonly string[];
  /** The expert's action for the current state; memory-less. */
  expert(): Float32Array;
  privileged(): Privileged;
}
