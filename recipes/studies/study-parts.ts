/** @file What the studies share: how success is measured on the tabletop. */

import type { SuccessConfig } from '../../src/cli/study/success.ts';
import { quickstart } from '../quickstart.ts';

/** The starter tasks as in training, on 100 unseen scenes each, as the quickstart plays them. A variant spreads it. */
export const TABLETOP_SUCCESS: SuccessConfig = {
  kind: 'success',
  name: 'success',
  environment: 'tabletop',
  environmentOptions: null,
  tasks: quickstart.evaluation!.tasks,
  conditions: ['base'],
  episodes: 100,
  firstSeed: 0,
  execute: quickstart.evaluation!.execute,
  eulerSteps: null,
  noiseScale: null,
  mode: null,
};
