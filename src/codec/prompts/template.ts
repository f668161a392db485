/** @file What a prompt template is: what a codec knows, turned into the parts of a prompt. */

import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { PromptPart } from '../prompt.ts';

/** A camera and the text that announces it. */
export interface PromptCamera {
  readonly name: string;
  readonly label: string;
}

/** What a template may speak of. */
export interface PromptContext {
  readonly cameras: readonly PromptCamera[];
  readonly embodiment: Embodiment;
  /** Actions in a chunk. */
  readonly horizon: number;
}

/** The parts of a prompt, with the instruction exactly once. */
export type PromptTemplate = (context: PromptContext) => PromptPart[];

/** The parts of a question about images, which stands where a policy's prompt has the instruction. */
export type QuestionTemplate = (cameras: readonly PromptCamera[]) => PromptPart[];

/** Each camera's label as text, then its image. */
export function labelledImages(cameras: readonly PromptCamera[]): PromptPart[] {
  return cameras.flatMap(({ name, label }): PromptPart[] => [
    { kind: 'text', text: label },
    { kind: 'image', camera: name },
  ]);
}

/** Throws `bad-argument` when there are more cameras than a model has places for; `where` names its prompt. */
export function requireAtMostCameras(cameras: readonly PromptCamera[], most: number, where: string): void {
  if (cameras.length <= most) return;
  const names = cameras.map(({ name }) => name).join(', ');
  throw new VlaError('bad-argument', `${where}: expected at most ${most} cameras, got ${cameras.length} (${names}).`, {
    hint: 'Choose the views that show the task best, and leave the others out of the codec.',
  });
}
