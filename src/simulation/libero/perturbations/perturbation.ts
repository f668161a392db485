/** @file What a perturbation of a LIBERO episode is: changes of the model, of the start and of the instruction, each drawn from the episode's seed. */

import type { Random } from '../../../base/random.ts';
import type { LiberoFiles } from '../files.ts';
import type { LiberoTask } from '../task-model.ts';

/** The start of an episode, after an initial state was set and before things settle. */
export interface EpisodeStart {
  /** Positions of a joint: metres or radians; of a free joint x, y, z and a quaternion (w, x, y, z). A live view. */
  joint(name: string): Float64Array;
  /** Where a fixture stands, world frame, metres. */
  fixture(name: string): ArrayLike<number>;
}

/** A way to change episodes. What is left out stays as it is. */
export interface Perturbation {
  /** For readers of a report, in one sentence. */
  readonly meaning: string;
  /** The composed task with another MJCF; joints that are added come after the task's own. */
  task?(task: LiberoTask, random: Random, files: LiberoFiles): LiberoTask;
  /** Moves what is not fixed. */
  start?(start: EpisodeStart, task: LiberoTask, random: Random): void;
  /** Other words for the same. */
  instruction?(instruction: string, random: Random): string;
}
