/**
 * @file Whether learning to reason helps a policy that acts without it, and what writing before acting adds. Heads that say where
 * things are teach all arms: without them a tiny model learns too little in this time to compare.
 */

import { findStage } from '../stages/index.ts';
import type { Arm, Study } from './study.ts';
import { TABLETOP_SUCCESS } from './study-parts.ts';

const PRETRAIN = 3000;
const POST = 1500;
const START = 'runs/zr-0-vlm';

const pretrain = (set: readonly string[]): Arm['stages'][number] => ({
  kind: 'train',
  recipe: findStage('zr-0-pretrain'),
  set: [`loop.steps=${PRETRAIN}`, ...set],
});
const post: Arm['stages'][number] = {
  kind: 'train',
  recipe: findStage('zr-0-post'),
  set: [`loop.steps=${POST}`],
};

/** The flow-matching loss as it is, the text left out. */
const SILENT = ['objective.text=0', 'codec.answer=null'];

const arm = (name: string, title: string, stages: Arm['stages'], mode: 'direct' | 'reason'): Arm => ({
  name,
  title,
  start: START,
  stages,
  measurements: [{ ...TABLETOP_SUCCESS, mode }],
});

/** With and without a chain of thought in pretraining; then the first of them before and after post-training, silent and aloud. */
export const chainOfThoughtStudy: Study = {
  name: 'chain-of-thought',
  question: 'Does pretraining with a chain of thought help a policy that acts without one?',
  claim:
    'pretraining with embodied chain of thought is worth 2.1 points after post-training on actions alone; skipping it at inference costs nothing (papers/zr-0, sections 3 and 4)',
  seeds: 3,
  budget: null,
  arms: [
    arm('flow', 'flow alone, then actions', [pretrain(SILENT), post], 'direct'),
    arm('thought', 'chain of thought and flow, then actions', [pretrain([]), post], 'direct'),
    arm(
      'thought-lightly',
      'chain of thought at a tenth of the weight, then actions',
      [pretrain(['objective.text=0.1']), post],
      'direct',
    ),
    arm('thought-silent', 'chain of thought and flow; acts at once', [pretrain([])], 'direct'),
    arm('thought-aloud', 'chain of thought and flow; names the subtask first', [pretrain([])], 'reason'),
  ],
  comparisons: [
    { arm: 'thought', against: 'flow', measurement: 'success', series: 'base', paper: '+2.1 points' },
    { arm: 'thought-lightly', against: 'flow', measurement: 'success', series: 'base', paper: '+2.1 points' },
    { arm: 'thought-silent', against: 'thought-aloud', measurement: 'success', series: 'base', paper: 'no loss' },
  ],
  sweep: null,
};
