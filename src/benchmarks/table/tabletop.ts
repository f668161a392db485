/** @file The built-in tabletop as a benchmark: nine tasks on scenes that no training ever sees. */

import { VlaError } from '../../base/errors.ts';
import { PERTURBATIONS } from '../../simulation/tabletop/appearance.ts';
import { TASKS } from '../../simulation/tabletop/tasks.ts';
import { builtInWorld } from '../built-in-world.ts';
import { unseenSeed } from '../protocol.ts';
import type { Benchmark } from './benchmark.ts';

const IMAGE_SIZE = 64;

/** The tabletop. */
export const tabletop: Benchmark = {
  name: 'tabletop',
  summary: `${TASKS.length} tasks of a 7-joint arm, ${Object.keys(PERTURBATIONS).length} perturbations; nothing to fetch`,
  tasks: TASKS.length,
  episodes: 50,
  seed: { value: 0, meaning: 'the first scene, counted within the seeds that training never uses' },
  conditions: ['base', 'other', 'shuffled', 'held-out'],
  async open({ seed, imageSize, filmSize, renderer }) {
    if (renderer !== 'cpu') {
      throw new VlaError('bad-argument', `--renderer: expected cpu for the tabletop, got ${renderer}.`, {
        hint: 'WebGPU draws LIBERO.',
      });
    }
    const size = imageSize ?? IMAGE_SIZE;
    return {
      environment: builtInWorld({ world: 'tabletop', imageSize: size }),
      stage: builtInWorld({ world: 'tabletop', imageSize: filmSize }),
      firstSeed: unseenSeed(seed),
      text: 'Scenes are drawn from seeds from 1,000,000,000 on, which no recording uses; a task ends with its success, its failure or its longest time.',
      settings: { imageSize: size },
    };
  },
  published: {
    columns: [{ title: 'tabletop', benchmark: 'tabletop' }],
    rows: [
      {
        method: 'the policy that ships',
        percent: [95.9],
        source: {
          short: 'docs/results/tabletop.md',
          reference: 'vlakit: docs/results/tabletop.md; 100 scenes per task, one training run.',
        },
      },
    ],
  },
};
