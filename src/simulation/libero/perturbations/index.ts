/** @file All perturbations of LIBERO's episodes by name. To add one: its file, and a line here. */

import { lookUp } from '../../../base/errors.ts';
import { Random } from '../../../base/random.ts';
import type { LiberoFiles } from '../files.ts';
import type { LiberoTask } from '../task-model.ts';
import { armStart } from './arm-start.ts';
import { movedCamera } from './camera.ts';
import { distractors } from './distractors.ts';
import { changedLayout } from './layout.ts';
import { changedLight } from './light.ts';
import { paraphrase } from './paraphrase.ts';
import type { EpisodeStart, Perturbation } from './perturbation.ts';
import { changedTextures } from './textures.ts';

/** The kinds of change that LIBERO-Plus and SimplerEnv-OOD measure. */
export const LIBERO_PERTURBATIONS: Readonly<Record<string, Perturbation>> = {
  'moved-camera': movedCamera,
  'changed-light': changedLight,
  'changed-textures': changedTextures,
  'changed-layout': changedLayout,
  distractors,
  'arm-start': armStart,
  paraphrase,
};

/** An episode under a perturbation. */
export interface PerturbedEpisode {
  /** The very task that was given where the model stays as it is. */
  readonly task: LiberoTask;
  readonly instruction: string;
  /** Changes the start, after the initial state was set and before things settle. */
  start(start: EpisodeStart): void;
}

/** Salts of the streams drawn from an episode's seed. */
const STREAM = 0x70657274;
const [MODEL, START, WORDS] = [0, 1, 2];

/** Perturbs one episode; the same seed gives the same changes. `not-found` for a name that is none. */
export function perturbEpisode(
  name: string,
  seed: number,
  {
    task,
    instruction,
    files,
  }: { readonly task: LiberoTask; readonly instruction: string; readonly files: LiberoFiles },
): PerturbedEpisode {
  const perturbation = lookUp('LIBERO: perturbation', name, LIBERO_PERTURBATIONS);
  const random = (part: number): Random => new Random(seed, STREAM, part);
  const changed = perturbation.task?.(task, random(MODEL), files) ?? task;
  return {
    task: changed,
    instruction: perturbation.instruction?.(instruction, random(WORDS)) ?? instruction,
    start: (start) => perturbation.start?.(start, changed, random(START)),
  };
}
