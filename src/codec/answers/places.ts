/** @file Boxes and traces as the model sees them: taken through its image steps, clipped to its image. */

import type { AnnotatedObject, Box, ImagePoint } from '../../interfaces/annotation.ts';
import type { AnswerContext } from './answer.ts';

/** A thing where one camera's image shows it, in fractions of the model's image. */
export interface SeenObject {
  readonly name: string;
  readonly box: Box;
}

const clip = (value: number): number => Math.min(1, Math.max(0, value));

/** The box in the model's image of `camera`, clipped; null where that shows none of it. */
export function seenBox(context: Pick<AnswerContext, 'project'>, camera: string, box: Box | undefined): Box | null {
  if (box === undefined) return null;
  const [left, top] = context.project(camera, [box[0], box[1]]);
  const [right, bottom] = context.project(camera, [box[2], box[3]]);
  const seen: Box = [clip(left), clip(top), clip(right), clip(bottom)];
  return seen[2] > seen[0] && seen[3] > seen[1] ? seen : null;
}

/** The objects that the model's image of `camera` shows, in their order. */
export function seenObjects(
  context: Pick<AnswerContext, 'project'>,
  camera: string,
  objects: readonly AnnotatedObject[],
): SeenObject[] {
  return objects.flatMap(({ name, boxes }) => {
    const box = seenBox(context, camera, boxes[camera]);
    return box === null ? [] : [{ name, box }];
  });
}

/** The hand's points in the model's image of `camera`, each clipped to it; null where it shows none of them. */
export function seenTrace(
  context: Pick<AnswerContext, 'project'>,
  camera: string,
  trace: readonly ImagePoint[] | undefined,
): ImagePoint[] | null {
  const points = (trace ?? []).map((point) => context.project(camera, point));
  const inside = points.some(([x, y]) => x >= 0 && x <= 1 && y >= 0 && y <= 1);
  return inside ? points.map(([x, y]): ImagePoint => [clip(x), clip(y)]) : null;
}

/** The nearest of the whole numbers 0 to `last`, for a fraction of the image. */
export function wholeCoordinate(fraction: number, last: number): number {
  return Math.round(fraction * last);
}
