/** @file The studies by name: a hand-written list. */

import { lookUp } from '../../src/base/errors.ts';
import { chainOfThoughtStudy } from './chain-of-thought.ts';
import { debugStudy } from './debug.ts';
import { eulerSteps } from './euler-steps.ts';
import { forgettingStudy } from './forgetting.ts';
import { realTimeStudy } from './real-time.ts';
import { reinforcementStudy } from './reinforcement.ts';
import { textToActionStudy } from './text-to-action.ts';
import type { Study } from './study.ts';

/** All studies. */
export const STUDIES: readonly Study[] = [
  debugStudy,
  eulerSteps,
  textToActionStudy,
  chainOfThoughtStudy,
  forgettingStudy,
  reinforcementStudy,
  realTimeStudy,
];

/** The study of this name; a miss suggests the nearest. */
export function findStudy(name: string): Study {
  return lookUp('study', name, Object.fromEntries(STUDIES.map((study) => [study.name, study])));
}
