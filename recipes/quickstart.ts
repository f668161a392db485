/** @file The quickstart: three starter tasks, recorded, learned from scratch and measured within 15 minutes on two cores. */

import type { Recipe } from './recipe.ts';
import { MILD, TABLETOP_NOISE, TABLETOP_OPTIMISER, tabletopCodec, tabletopModel } from './tabletop-parts.ts';

const TASKS = ['touch', 'push', 'lift'];
const IMAGE_SIZE = 64;

/** Steps are fixed, not minutes: the same seed gives the same policy on a fast and on a slow machine. */
export const quickstart: Recipe = {
  name: 'quickstart',
  summary: 'touch, push and lift on the tabletop, within 15 minutes on two cores',
  seed: 1,
  record: { episodes: 1500, tasks: TASKS, seed: 1, imageSize: IMAGE_SIZE, noise: TABLETOP_NOISE, attempts: 5 },
  data: {
    datasets: [{ root: 'data/quickstart', episodes: 'all', heldOut: [], samplesPerStep: 16 }],
    stride: 1,
    imageSize: null,
    pictureMegabytes: 3000,
    workers: 2,
  },
  codec: tabletopCodec(IMAGE_SIZE, 8, 16, MILD),
  model: tabletopModel(4),
  tuning: null,
  optimiser: TABLETOP_OPTIMISER,
  schedule: { learningRate: 2e-3, warmupSteps: 150, finalFraction: 0.01 },
  loop: { steps: 11_000, logEvery: 50, checkpointEvery: 1000, evaluateEvery: null, keepLast: 2 },
  device: { runtime: 'cpu', arithmetic: 'f32', threads: 1, replicas: 2 },
  evaluation: {
    tasks: TASKS,
    conditions: ['base', 'other', 'shuffled'],
    episodes: 100,
    execute: 8,
    validationEpisodes: 20,
  },
  openLoop: null,
};
