/**
 * @file What of DM0's spatial scaffold (papers/dm0, section 2.3) a sample has, and how its coordinates are written.
 */

import type { Box, ImagePoint } from '../../interfaces/annotation.ts';
import { DM0_COORDINATES } from '../text-tokens/added-tokens.ts';
import type { AnswerContext } from './answer.ts';
import { seenObjects, seenTrace, wholeCoordinate, type SeenObject } from './places.ts';
import { toDo } from './plan-words.ts';

/** The parts but for the actions; what a sample does not have is left out. */
export interface Scaffold {
  /** Without a full stop. */
  readonly subtask?: string;
  /** The region where the object shall end up, or else the object of the present subtask. */
  readonly goal?: SeenObject;
  readonly trace?: readonly ImagePoint[];
}

/** How often the expert reads the reasoning rather than the prompt alone; not stated in the paper, ZR-0's share here. */
export const SCAFFOLD_READ_SHARE = 0.1;

/** The scaffold of a sample in its primary view. */
export function scaffold(context: AnswerContext): Scaffold {
  const { annotation } = context.sample;
  const camera = context.cameras[0]?.name;
  if (annotation === undefined) return {};
  const subtask = annotation.subtask ?? toDo(annotation)?.[0];
  const named = subtask === undefined ? {} : { subtask: subtask.trim().replace(/[.!]$/, '') };
  if (camera === undefined) return named;
  const { goal: region, targets = [] } = annotation;
  const [goal] = seenObjects(context, camera, region === undefined ? targets : [region, ...targets]);
  const trace = seenTrace(context, camera, annotation.trace?.[camera]);
  return { ...named, ...(goal === undefined ? {} : { goal }), ...(trace === null ? {} : { trace }) };
}

/** Coordinates as text. */
export interface CoordinateWriter {
  box(box: Box): string;
  trace(points: readonly ImagePoint[]): string;
}

/**
 * DM0's token of the pixel where the tokenizer has them (0 to 727, the side of its images), nothing between them; else whole
 * numbers from 0 to `last` with spaces between.
 */
export function coordinateWriter({ hasToken }: Pick<AnswerContext, 'hasToken'>, last: number): CoordinateWriter {
  const { tokens } = DM0_COORDINATES;
  const tokenised = hasToken(tokens[0]!) && hasToken(tokens.at(-1)!);
  const write = (values: readonly number[]): string =>
    tokenised
      ? values.map((value) => tokens[wholeCoordinate(value, tokens.length - 1)]!).join('')
      : values.map((value) => String(wholeCoordinate(value, last))).join(' ');
  return { box: write, trace: (points) => write(points.flat()) };
}
