/** @file Recordings that no recipe has to name: all tasks of one of LIBERO's suites. */

import type { RecordConfig } from '../../../recipes/recording.ts';
import { suiteTasks, type LiberoSuite } from '../../simulation/libero/suites.ts';

/** What the command line may say of such a recording. */
export interface SuiteRecordingOptions {
  readonly episodes?: number;
  readonly seed?: number;
  readonly imageSize?: number;
  readonly tasks?: readonly string[];
}

/** Episodes per task, as in LIBERO's own datasets. */
const PER_TASK = 50;
/** What the papers' clients see, pixels. */
const IMAGE_SIZE = 256;

/** Demonstrations of a suite, some of them disturbed so that they show how to recover. */
export function suiteRecording(suite: LiberoSuite, options: SuiteRecordingOptions): RecordConfig {
  const tasks = options.tasks ?? suiteTasks(suite).map(({ name }) => name);
  return {
    world: suite.replace('_', '-'),
    episodes: options.episodes ?? PER_TASK * tasks.length,
    tasks,
    seed: options.seed ?? 1,
    imageSize: options.imageSize ?? IMAGE_SIZE,
    noise: { cleanShare: 0.25, sigma: [0.05, 0.2], correlation: 0.8, scale: [1, 1, 1, 0.2, 0.2, 0.4, 0], slips: null },
    attempts: 5,
  };
}
