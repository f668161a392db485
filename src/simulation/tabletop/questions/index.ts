/** @file Questions about the tabletop: their public names. */

export { QUESTION_KINDS, questionKinds } from './table.ts';
export type { Moment, Question, QuestionKind, Scoring, Topic } from './question-kind.ts';
export type { SceneThing, SeenScene } from './scene.ts';
export { playStory, progressAt } from './story.ts';
export type { Progress, Story } from './story.ts';
export { scoreAnswer } from './score.ts';
