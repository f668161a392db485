/** @file What an annotator is asked about a keyframe: how the episode began, what is seen now, how it ends. */

import type { Image } from '../../interfaces/observation.ts';
import { createImageResizer } from '../../data/samples.ts';
import { encodePng } from '../../base/png.ts';
import type { ChatMessage, ChatPart } from './chat-client.ts';
import { COORDINATES } from './frame-answer.ts';

/** A moment of an episode. */
export interface Keyframe {
  readonly instruction: string;
  /** Share of the episode that has passed, 0 to 1. */
  readonly time: number;
  /** Camera name → what it sees now; the first is the primary view. */
  readonly images: Readonly<Record<string, Image>>;
  /** What the primary view saw at first, and sees at the end; null where this is that moment. */
  readonly first: Image | null;
  readonly last: Image | null;
}

const SYSTEM =
  'You annotate recordings of robots for training. You see how an episode began, one moment of it from every camera, and how it ends. ' +
  'Describe that one moment and answer with a single JSON object, nothing else:\n' +
  '{\n' +
  '  "scene": what is seen that matters for the task, one or two sentences,\n' +
  '  "finished": what of the task is done, as a list of short imperative sentences in order,\n' +
  '  "todo": what remains to be done, in the same form; what the robot does now comes first; [] once all is done,\n' +
  '  "progress": the share of the task that is done, 0 to 1,\n' +
  '  "plan": why the first of "todo" is next, one sentence,\n' +
  '  "targets": the objects of the present step, [{"name": …, "boxes": {camera: [left, top, right, bottom]}}],\n' +
  '  "goal": where the object shall end up, in the same form, or null\n' +
  '}\n' +
  'Every entry of "finished" and "todo" is one atomic action: verb, object, and a place where there is one, such as "grasp the blue plate" ' +
  'or "place the blue plate in the rack". finished and todo together are the whole task, in the same words at every moment. ' +
  `Boxes are whole numbers from 0 to ${COORDINATES}, relative to the width and the height of that camera’s image; leave out cameras that do not ` +
  'see the object.';

/** The conversation; pictures are at most `maxSide` pixels long. */
export function frameQuestion(keyframe: Keyframe, maxSide: number): ChatMessage[] {
  const picture = (image: Image): ChatPart => ({ type: 'image_url', image_url: { url: dataUrl(image, maxSide) } });
  const text = (words: string): ChatPart => ({ type: 'text', text: words });
  const { instruction, time, images, first, last } = keyframe;
  const content: ChatPart[] = [
    text(`Task: ${instruction}`),
    ...(first === null ? [] : [text('How the episode began:'), picture(first)]),
    text(`The moment to describe, after ${Math.round(time * 100)} % of the episode:`),
    ...Object.entries(images).flatMap(([name, image]) => [text(`camera "${name}":`), picture(image)]),
    ...(last === null ? [] : [text('How the episode ends:'), picture(last)]),
  ];
  return [
    { role: 'system', content: SYSTEM },
    { role: 'user', content },
  ];
}

/** The same conversation after an answer that was none: what was wrong with it. */
export function repairQuestion(question: readonly ChatMessage[], answer: string, problem: string): ChatMessage[] {
  return [
    ...question,
    { role: 'assistant', content: answer },
    {
      role: 'user',
      content: `That is not the JSON object I asked for: ${problem} Write the whole object again, corrected.`,
    },
  ];
}

const resize = createImageResizer();

function dataUrl(image: Image, maxSide: number): string {
  const scale = Math.min(1, maxSide / Math.max(image.width, image.height));
  const side = (length: number): number => Math.max(1, Math.round(length * scale));
  const small = resize(image, { width: side(image.width), height: side(image.height) });
  return `data:image/png;base64,${Buffer.from(encodePng(small)).toString('base64')}`;
}
