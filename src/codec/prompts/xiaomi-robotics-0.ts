/**
 * @file Xiaomi-Robotics-0's prompt in Qwen3-VL's chat template: every view under its heading ("Base View", "Left-Wrist View", or
 * whatever the camera's label says), the instruction, and the assistant's turn, already given and closed, with an empty chain of
 * thought. The expert reads the keys and values of all of it.
 */

import type { PromptPart } from '../prompt.ts';
import { requireAtMostCameras, type PromptTemplate } from './template.ts';

/** Views that it was trained with: one of the scene, and one of each wrist. */
const VIEWS = 3;

/** One user turn and one closed turn of the assistant. */
export const xiaomiPrompt: PromptTemplate = ({ cameras }) => {
  requireAtMostCameras(cameras, VIEWS, 'prompt xiaomi-robotics-0');
  return [
    { kind: 'text', text: '<|im_start|>user\nThe following observations are captured from multiple views.\n' },
    ...cameras.flatMap(({ name, label }): PromptPart[] => [
      { kind: 'text', text: `# ${label}\n` },
      { kind: 'image', camera: name },
      { kind: 'text', text: '\n' },
    ]),
    { kind: 'text', text: 'Generate robot actions for the task:\n' },
    { kind: 'instruction' },
    { kind: 'text', text: ' /no_cot<|im_end|>\n<|im_start|>assistant\n<cot></cot><|im_end|>\n' },
  ];
};
