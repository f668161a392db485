/**
 * @file Qwen-VLA's prompt (papers/qwen-vla, sections 2.3 and 3.2.1) in Qwen's chat template: each image between the marks of its view, and the
 * sentence that tells the model which robot it moves, how fast and how far ahead.
 *
 * Differs from the paper: images come first, so that they stand at fixed places; it prepends the sentence.
 * Not stated in the paper: the roles around it; that Qwen's own marks stay inside those of the view. The view's marks are tokens of
 * their own where the tokenizer has them, and ordinary text elsewhere.
 */

import { VlaError } from '../../base/errors.ts';
import type { BodyDescription, Embodiment } from '../../interfaces/embodiment.ts';
import type { PromptPart } from '../prompt.ts';
import type { PromptTemplate } from './template.ts';

/** A camera's label is the tag of its view: `ego`, `cam_left_wrist`, `cam_right_wrist`. */
export const qwenVlaPrompt: PromptTemplate = ({ cameras, embodiment, horizon }) => [
  { kind: 'text', text: '<|im_start|>user\n' },
  ...cameras.flatMap(({ name, label }): PromptPart[] => [
    { kind: 'text', text: `<|${label}_start|>` },
    { kind: 'image', camera: name },
    { kind: 'text', text: `<|${label}_end|>` },
  ]),
  { kind: 'text', text: `${bodySentence(embodiment)} ${taskSentence(embodiment.controlHz, horizon)}` },
  { kind: 'instruction' },
  { kind: 'text', text: '.<|im_end|>\n<|im_start|>assistant\n' },
];

/** Not stated in the paper: what is said of a robot without arms. */
const ARMS: Readonly<Record<BodyDescription['arms'], readonly string[]>> = {
  0: [],
  1: ['single arm'],
  2: ['dual arms'],
};

function bodySentence({ name, body }: Embodiment): string {
  if (body === undefined) {
    throw new VlaError('bad-argument', `prompt qwen-vla: expected the body of "${name}", got none.`, {
      hint: 'Give the embodiment a body { tag, arms, waist, mobileBase }, or take another prompt.',
    });
  }
  const parts = [
    ...ARMS[body.arms],
    ...(body.waist ? ['waist'] : []),
    ...(body.mobileBase ? [body.arms === 0 ? 'mobile base' : 'and mobile base'] : []),
  ];
  return `The robot is ${body.tag} with ${parts.join(', ')}.`;
}

const taskSentence = (hertz: number, horizon: number): string =>
  `The control frequency is ${hertz} Hz. Please predict the next ${horizon} control actions to execute the following task: `;
