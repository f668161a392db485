/** @file What lies before two arms: blocks on both sides, long bars across the middle, sticks on the left. */

import type { Random } from '../../../base/random.ts';
import { COLOUR_NAMES } from '../colours.ts';
import { apart, dress, drawUntil, pickShapes, SEPARATION } from '../draw.ts';
import type { PlacedObject, Point } from '../layout.ts';
import type { Scene } from '../scenes.ts';

/** Two blocks on the left, then two on the right. */
export function pairsScene(random: Random): Scene {
  const shapes = [0, 1].flatMap(() => pickShapes(random, 2, ['cube', 'cylinder']));
  const points = drawUntil(
    () =>
      shapes.map((_, i): Point => {
        const side = i < 2 ? 1 : -1;
        return [random.range(0.45, 0.62), side * random.range(0.1, 0.3)];
      }),
    (drawn) => apart(drawn, SEPARATION),
  );
  return { objects: dress(random, shapes, points), marks: [] };
}

/** Two bars, one behind the other. */
export function barsScene(random: Random): Scene {
  return { objects: across(random, 'bar', [0.45, 0.62], [-0.03, 0.03], 0.15), marks: [] };
}

/** Two sticks on the left, one behind the other. */
export function sticksScene(random: Random): Scene {
  return { objects: across(random, 'stick', [0.46, 0.6], [0.12, 0.24], 0.3), marks: [] };
}

/** Two things that lie crosswise before the arms, turned by at most `turn`. */
function across(
  random: Random,
  shape: 'bar' | 'stick',
  rows: readonly number[],
  [right, left]: readonly [number, number],
  turn: number,
): PlacedObject[] {
  const colours = random.shuffle(COLOUR_NAMES);
  return rows.map((row, i) => ({
    shape,
    colour: colours[i]!,
    x: row + random.range(-0.015, 0.015),
    y: random.range(right, left),
    yaw: Math.PI / 2 + random.range(-turn, turn),
  }));
}
