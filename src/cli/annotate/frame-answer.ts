/** @file What an annotator answers about a keyframe: checked field by field, and turned into an annotation. */

import { z } from 'zod';
import type { AnnotatedObject, Annotation } from '../../interfaces/annotation.ts';

/** Coordinates go from 0 to this, as vision-language models write them. */
export const COORDINATES = 1000;

const words = (most: number): z.ZodString => z.string().trim().min(1).max(most);
const actions = z.array(words(120)).max(20);

/** An answer that holds for the cameras with these names. */
export type FrameAnswer = z.infer<ReturnType<typeof answerSchema>>;

function answerSchema(cameras: readonly string[]) {
  const side = z.number().min(0).max(COORDINATES);
  const box = z
    .tuple([side, side, side, side])
    .refine(([left, top, right, bottom]) => left < right && top < bottom, 'expected left < right and top < bottom');
  const boxes = z.partialRecord(z.enum(cameras as [string, ...string[]]), box);
  const object = z.object({ name: words(60), boxes });
  return z.object({
    scene: words(600),
    finished: actions,
    todo: actions,
    progress: z.number().min(0).max(1),
    plan: words(400),
    targets: z.array(object).max(8),
    goal: object.nullish(),
  });
}

/** The answer in a text, or what is wrong with it, in words for whoever wrote it. */
export function parseFrameAnswer(
  text: string,
  cameras: readonly string[],
): { readonly answer: FrameAnswer } | { readonly problem: string } {
  // Models like to put JSON into a fence, or a sentence before it.
  const [start, end] = [text.indexOf('{'), text.lastIndexOf('}')];
  let json: unknown;
  try {
    json = JSON.parse(text.slice(start, end + 1));
  } catch (error) {
    return { problem: `it does not parse (${error instanceof Error ? error.message : String(error)}).` };
  }
  const parsed = answerSchema(cameras).safeParse(json);
  if (parsed.success) return { answer: parsed.data };
  const issues = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'whole'}: ${message}`);
  return { problem: `${issues.join('; ')}.` };
}

/** The annotation of the keyframe itself. */
export function answeredAnnotation(answer: FrameAnswer): Annotation {
  const { scene, finished, todo, progress, plan, targets, goal } = answer;
  return {
    scene,
    ...(todo.length === 0 ? {} : { subtask: todo[0]! }),
    finished,
    todo,
    progress,
    plan,
    targets: targets.map(inFractions),
    ...(goal == null ? {} : { goal: inFractions(goal) }),
  };
}

/** What of a keyframe still holds until the next: all but the boxes. */
export function withoutBoxes({ targets: _targets, goal: _goal, ...rest }: Annotation): Annotation {
  return rest;
}

function inFractions({ name, boxes }: FrameAnswer['targets'][number]): AnnotatedObject {
  const scaled = Object.entries(boxes).flatMap(([camera, box]) =>
    box === undefined
      ? []
      : [[camera, box.map((value) => value / COORDINATES) as [number, number, number, number]] as const],
  );
  return { name, boxes: Object.fromEntries(scaled) };
}
