/** @file The smallest whole run, seconds long: the end-to-end test. It learns nothing worth having. */

import type { Recipe } from './recipe.ts';
import { MILD, TABLETOP_NOISE, TABLETOP_OPTIMISER, tabletopCodec, tabletopModel } from './tabletop-parts.ts';

const TASKS = ['touch', 'push', 'lift'];

/** Three demonstrations at 32 pixels, twenty steps, one episode per task and condition. */
export const debug: Recipe = {
  name: 'debug',
  summary: 'seconds long: three demonstrations, twenty steps, six episodes',
  seed: 1,
  record: { episodes: 3, tasks: TASKS, seed: 1, imageSize: 32, noise: TABLETOP_NOISE, attempts: 5 },
  data: {
    datasets: [{ root: 'data/debug', episodes: 'all', heldOut: [], samplesPerStep: 4 }],
    stride: 1,
    imageSize: null,
    pictureMegabytes: 500,
    workers: 2,
  },
  codec: tabletopCodec(32, 4, 16, MILD),
  model: tabletopModel(2),
  tuning: null,
  optimiser: TABLETOP_OPTIMISER,
  schedule: { learningRate: 1e-3, warmupSteps: 5, finalFraction: 0.1 },
  loop: { steps: 20, logEvery: 5, checkpointEvery: 5, evaluateEvery: null, keepLast: 2 },
  device: { runtime: 'cpu', arithmetic: 'f32', threads: 1, replicas: 1 },
  evaluation: { tasks: TASKS, conditions: ['base', 'other'], episodes: 1, execute: 2, validationEpisodes: 1 },
  openLoop: null,
};
