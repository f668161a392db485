/** @file Axis letters as documentation that runs: names a value's axes, checks its rank and known sizes while tracing. */

import { VlaError } from '../base/errors.ts';
import { shapeText, type Dim } from './axis-size.ts';
import type { TensorType } from './graph.ts';

/** The letters of "B T D" as a union of strings. */
export type Letters<P extends string> = P extends `${infer Head} ${infer Tail}` ? Head | Letters<Tail> : P;

/**
 * `const { B, T } = dims(x, 'B T D')`: the sizes of the axes, which must be numbers. A letter that is not in the pattern does
 * not compile. With `known`, those sizes are checked; a letter that occurs twice must have one size.
 */
export function dims<P extends string>(
  x: TensorType,
  pattern: P,
  known: Partial<Readonly<Record<Letters<P>, number>>> = {},
): Readonly<Record<Letters<P>, number>> {
  const sizes = namedDims(x, pattern, known);
  for (const [letter, size] of Object.entries<Dim>(sizes)) {
    if (typeof size === 'string') {
      throw new VlaError('bad-shape', `dims: "${pattern}": expected ${letter} as a number, got "${size}".`, {
        hint: 'Use namedDims where axes may be named.',
      });
    }
  }
  return sizes as Readonly<Record<Letters<P>, number>>;
}

/** Like `dims`, for values whose axes may be named: the sizes are numbers or names. */
export function namedDims<P extends string>(
  x: TensorType,
  pattern: P,
  known: Partial<Readonly<Record<Letters<P>, Dim>>> = {},
): Readonly<Record<Letters<P>, Dim>> {
  const letters = pattern.split(' ');
  if (letters.length !== x.shape.length) {
    throw new VlaError('bad-shape', `dims: expected ${letters.length} axes "${pattern}", got ${shapeText(x.shape)}.`, {
      hint: 'Name every axis, or bring the value into this form with reshape, unsqueeze or transpose.',
    });
  }
  const sizes: Record<string, Dim> = { ...(known as Record<string, Dim>) };
  for (const [i, letter] of letters.entries()) {
    const size = x.shape[i]!;
    const expected = sizes[letter] ?? (/^\d+$/.test(letter) ? Number(letter) : size);
    if (expected !== size) {
      throw new VlaError(
        'bad-shape',
        `dims: "${pattern}": expected ${letter === String(expected) ? letter : `${letter} = ${expected}`}, got ${size} in ${shapeText(x.shape)}.`,
        { hint: 'Equal letters have equal sizes, and a number stands for itself: check the order of the axes.' },
      );
    }
    sizes[letter] = size;
  }
  return sizes as Readonly<Record<Letters<P>, Dim>>;
}
