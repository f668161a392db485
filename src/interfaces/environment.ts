/** @file A world with a robot and a task: simulators here, in a worker, or in another process. */

import type { AnnotatedObject, ImagePoint } from './annotation.ts';
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

/**
 * A world that can be reset, seen and acted in; one episode at a time. Used at the wrong time (before the first reset, after `close`) every
 * method rejects with `bad-argument`; an unknown task or perturbation is `not-found`. tests/contracts/environment.ts holds every
 * implementation to this.
 */
export interface Environment {
  readonly name: string;
  readonly embodiment: Embodiment;
  readonly tasks: readonly string[];
  readonly perturbations: readonly string[];
  /** The longest episode of a task, in control steps. */
  maxSteps(task: string): number;
  reset(episode: EpisodeSpec): Promise<void>;
  /** What is seen now, also after the end of an episode; the caller owns it. */
  observe(): Promise<Observation>;
  /**
   * Applies one action for one control period, clipped to the embodiment's limits. A wrong length is `bad-shape`, NaN or infinity
   * `not-finite`, and leave the episode as it was; a step after the end is `bad-argument`.
   */
  step(action: ArrayLike<number>): Promise<Outcome>;
  /** Numbers about the episode at hand beside its outcome, for example success weighted by path length; asked when it has ended. */
  metrics?(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** What only a simulator knows, for supervision of the vision-language model beside the actions. */
export interface Privileged {
  /**
   * Where the hand is, metres, base frame; of two hands, the one that is nearer to the target. A base on wheels is its own hand, and all
   * places are in the frame of its start.
   */
  readonly handPosition: readonly [number, number, number];
  /** The centre of the task's true target (whatever the instruction names), metres, base frame. */
  readonly targetPosition: readonly [number, number, number];
  /**
   * The target's rotation about the vertical against the hand's, times its symmetry (4 for a cube), as cosine and sine: [1, 0] where the
   * hand fits. Null when it looks alike from all sides.
   */
  readonly targetHeading: readonly [cosine: number, sine: number] | null;
  /** Where it is to go (zone, place, stack), metres; null when the task has no goal place. */
  readonly goalPosition: readonly [number, number, number] | null;
  /** The target's box in each camera, [x0, y0, x1, y1] as fractions of width and height, null when not visible. */
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

/** What happens now, in words and in the cameras' images. */
export interface Narration {
  /** What is seen, in a sentence. */
  readonly scene: string;
  /** What the task takes, as instructions in order; nothing is left out of it as the episode goes on. */
  readonly steps: readonly string[];
  /** Which of the steps the expert is at; those before it are done. It may go back, for example when a grip is lost. */
  readonly present: number;
  /** Why that step is next. */
  readonly plan: string;
  /** What the present task is about, with its boxes. */
  readonly targets: readonly AnnotatedObject[];
  /** Where it is to end up; null when the task has no place that can be seen. */
  readonly goal: AnnotatedObject | null;
  /**
   * Takes a point (metres, base frame) to where it lies in the images of this moment, also later on; null behind a camera,
   * beyond 0 to 1 outside its image.
   */
  readonly locate: (position: readonly [number, number, number]) => Readonly<Record<string, ImagePoint | null>>;
}

/** An environment that can say in words what happens in it. */
export interface NarratingEnvironment extends ExpertEnvironment {
  narrate(): Narration;
}
