/** @file The same instruction in other words: other verbs, other ways to ask. Names of things and places stay. */

import type { Random } from '../../../base/random.ts';
import type { Perturbation } from './perturbation.ts';

/** Verbs of LIBERO's instructions and others for the same. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  'pick up': ['grab', 'take', 'lift', 'get hold of'],
  'turn on': ['switch on', 'start', 'light'],
  'turn off': ['switch off', 'shut off'],
  place: ['set', 'lay', 'move'],
  put: ['place', 'set', 'move'],
  open: ['pull open', 'open up'],
  close: ['shut', 'push shut'],
  stack: ['pile', 'set'],
  push: ['shove', 'slide'],
};
const ANY_VERB = new RegExp(`\\b(${Object.keys(VERBS).join('|')})\\b`, 'g');

const FRAMES: readonly ((request: string) => string)[] = [
  (request) => request,
  (request) => `please ${request}`,
  (request) => `could you ${request}`,
  (request) => `i would like you to ${request}`,
  (request) => `your task is to ${request}`,
  (request) => `${request}, please`,
];

/** The instruction with every verb replaced and, mostly, asked in another way. */
export function paraphrased(instruction: string, random: Random): string {
  const request = instruction.replaceAll(ANY_VERB, (verb) => random.pick(VERBS[verb]!));
  return random.pick(FRAMES)(request);
}

/** Other words. */
export const paraphrase: Perturbation = {
  meaning: 'The instruction has other verbs and is asked in another way; names of things and places stay.',
  instruction: paraphrased,
};
