/** @file What the studies share: how success and answers are measured on the tabletop. */

import { quickstart } from '../quickstart.ts';
import type { AnswersConfig, SuccessConfig } from './measurement-config.ts';

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

/** The first of the starter tasks alone, which a model that starts from little learns within minutes. */
export const TOUCH_SUCCESS: SuccessConfig = { ...TABLETOP_SUCCESS, tasks: ['touch'], episodes: 200 };

/** Trains on that task's episodes alone: a recording takes its three tasks in turn. */
export const TOUCH_EPISODES = `data.datasets.0.episodes=${Array.from({ length: 500 }, (_, i) => 3 * i).join()}`;

/** Questions of all kinds about pictures of the starter tasks that nothing was trained on, as the stages' own are asked. */
export const TABLETOP_ANSWERS: AnswersConfig = {
  kind: 'answers',
  name: 'answers',
  root: 'data/vision-language-unseen',
  generate: {
    // Training sets are made with other seeds.
    seed: 1_000_003,
    kinds: null,
    tasks: quickstart.evaluation!.tasks,
    imageSize: 64,
    wrist: false,
    samplesPerPicture: 4,
  },
  questions: 400,
  maxTokens: 24,
};
