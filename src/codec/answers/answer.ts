/** @file What an answer template is: what is known about a sample, turned into the text that the model learns to write. */

import type { Random } from '../../base/random.ts';
import type { ImagePoint } from '../../interfaces/annotation.ts';
import type { PromptCamera } from '../prompts/template.ts';
import type { TrainingSample } from '../sample.ts';

/** What a template may speak of. */
export interface AnswerContext {
  /** Annotation, instruction and supervision of the sample. */
  readonly sample: TrainingSample;
  /** The cameras of the codec; the first is the primary view. Labels are those of the prompt. */
  readonly cameras: readonly PromptCamera[];
  /** The chunk as discrete action tokens (`<robot_action_7>…`); null where the codec has none or the sample no actions. */
  readonly actionText: () => string | null;
  /**
   * Takes a point in fractions of the recorded image of `camera` to fractions of the image that the model sees, after
   * resizing, cropping and the augmentation's shift; beyond 0 to 1 where that shows it no longer.
   */
  readonly project: (camera: string, point: ImagePoint) => ImagePoint;
  /** Whether the text tokenizer has this token as one of its special tokens. */
  readonly hasToken: (token: string) => boolean;
  readonly random: Random;
}

/** What the model shall write behind its prompt. */
export interface SampleAnswer {
  /** Words that ask for it, put at the prompt's cue part; '' for none. */
  readonly cue: string;
  /** May hold special tokens; without the token that ends it. */
  readonly text: string;
  /** The token that ends it: `</SUB_TASK>`, `<|im_end|>`. */
  readonly end: string;
  /** Whether the action expert reads the text, as it does where it was written before acting. */
  readonly expert: 'hidden' | 'reads';
}

/** The answer of a sample; null where there is nothing to say about it. A function of the context alone. */
export type AnswerTemplate = (context: AnswerContext) => SampleAnswer | null;
