/**
 * @file DM0's prompt: images without marks, then a conversation in words alone (Vicuna's system sentence), which the official
 * code encodes piece by piece. Nothing announces actions; the assistant's name announces text.
 */

import { withCue, type PromptPart } from '../prompt.ts';
import { requireAtMostCameras, type PromptCamera, type PromptTemplate, type QuestionTemplate } from './template.ts';

/** What stands before the assistant's words. */
export const DM0_ANSWER = 'ASSISTANT: ';

/** Slots for images; unused ones are masked in the published model, which is as if they were not there. */
const SLOTS = 3;

/** All images in the cameras' order, the system's sentence, the user's turn. */
const conversation = (cameras: readonly PromptCamera[]): PromptPart[] => {
  requireAtMostCameras(cameras, SLOTS, 'prompt dm0');
  return [
    ...cameras.map(({ name }) => ({ kind: 'image', camera: name, marks: false }) as const),
    {
      kind: 'text',
      text:
        'A chat between a curious user and an artificial intelligence assistant. ' +
        "The assistant gives helpful, detailed, and polite answers to the user's questions. ",
      apart: true,
    },
    { kind: 'text', text: 'USER: ', apart: true },
    { kind: 'instruction' },
    { kind: 'text', text: ' ' },
    { kind: 'cue', apart: true },
  ];
};

/** A conversation that actions follow, or with a cue the assistant's words. */
export const dm0Prompt: PromptTemplate = ({ cameras }) => conversation(cameras);

/** A conversation that the assistant's words follow. */
export const dm0Question: QuestionTemplate = (cameras) => withCue(conversation(cameras), DM0_ANSWER);
