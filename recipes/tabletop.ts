/** @file The full tabletop: all tasks, stronger changes of light and camera, at most three hours on two cores. */

import { TASKS } from '../src/simulation/tabletop/index.ts';
import type { Recipe } from './recipe.ts';
import { STRONG, TABLETOP_NOISE, TABLETOP_OPTIMISER, tabletopCodec, tabletopModel } from './tabletop-parts.ts';

const NAMES = TASKS.map(({ name }) => name);
const IMAGE_SIZE = 64;
/** The longest instruction, a `turn`, has 21. */
const INSTRUCTION_TOKENS = 22;

/** As the quickstart, with three times the demonstrations, ten times the steps and a checkpoint chosen by validation. */
export const tabletop: Recipe = {
  name: 'tabletop',
  summary: 'all tasks of the tabletop, within three hours on two cores',
  seed: 1,
  record: { episodes: 4500, tasks: NAMES, seed: 2, imageSize: IMAGE_SIZE, noise: TABLETOP_NOISE, attempts: 5 },
  data: {
    datasets: [{ root: 'data/tabletop', episodes: 'all', heldOut: [], samplesPerStep: 16 }],
    stride: 1,
    imageSize: null,
    pictureMegabytes: 6000,
    workers: 2,
  },
  codec: tabletopCodec(IMAGE_SIZE, 8, INSTRUCTION_TOKENS, STRONG),
  model: tabletopModel(4),
  tuning: null,
  optimiser: { ...TABLETOP_OPTIMISER, emaDecay: 0.999 },
  schedule: { learningRate: 1.5e-3, warmupSteps: 500, finalFraction: 0.01 },
  loop: { steps: 75_000, logEvery: 250, checkpointEvery: 2500, evaluateEvery: 15_000, keepLast: 2 },
  device: { runtime: 'cpu', arithmetic: 'f32', threads: 1, replicas: 2 },
  evaluation: { tasks: NAMES, conditions: ['all'], episodes: 50, execute: 8, validationEpisodes: 50 },
  openLoop: null,
};
