/** @file What a kind of question is. */

import type { Random } from '../../../base/random.ts';
import type { SeenScene } from './scene.ts';
import type { Progress } from './story.ts';

/** A picture's truth: the scene that it shows and how far the task is. */
export interface Moment {
  readonly scene: SeenScene;
  readonly progress: Progress;
}

/** A question about a picture and its answer. */
export interface Question {
  readonly question: string;
  readonly answer: string;
}

/** What kinds of questions are about. */
export type Topic = 'grounding' | 'vqa' | 'caption' | 'relations' | 'progress' | 'subtask';

/** How answers are compared: word by word, as items of a list, as boxes, or as numbers of percent. */
export type Scoring = 'words' | 'list' | 'box' | 'percent';

/** A kind of question. */
export interface QuestionKind {
  readonly name: string;
  readonly topic: Topic;
  readonly scoring: Scoring;
  /** A question that the picture answers without doubt; null where it answers none of this kind. */
  ask(moment: Moment, random: Random): Question | null;
}

/** Yes or no, as models answer. */
export function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
