/** @file How much an episode moves in one sense: up, to the left, around, opening: the largest such movement between any two moments. */

import { angleBetween } from '../../base/rotation.ts';
import { readRotation } from '../../codec/relative-pose.ts';
import type { GripperPart, MotionLayout } from './motion-layout.ts';
import type { Spread } from './spread.ts';

/** The senses of movement: of an end effector in its frame (x forward, y left, z up), and of a gripper. */
export const MEASURES = [
  'rise',
  'fall',
  'left',
  'right',
  'forward',
  'backward',
  'travel',
  'rotation',
  'opening',
  'closing',
] as const;
export type Measure = (typeof MEASURES)[number];

/** Axis and sign of each direction. */
const DIRECTIONS: Partial<Record<Measure, readonly [axis: number, sign: 1 | -1]>> = {
  forward: [0, 1],
  backward: [0, -1],
  left: [1, 1],
  right: [1, -1],
  rise: [2, 1],
  fall: [2, -1],
};

/**
 * The largest movement of this sense between an earlier and a later frame: metres, radians, or a share of the gripper's
 * range; of all arms the one that moves most. Null where the vector does not tell.
 */
export function measureMotion(
  column: Float32Array,
  layout: MotionLayout,
  spread: Spread,
  measure: Measure,
): number | null {
  const { size, positions, rotations, grippers } = layout;
  const length = column.length / size;
  const series = (value: (row: number) => number): Float64Array =>
    Float64Array.from({ length }, (_, t) => value(t * size));
  const direction = DIRECTIONS[measure];
  if (direction !== undefined) {
    const [axis, sign] = direction;
    return greatest(positions.map(({ at }) => largestRise(series((row) => sign * column[row + at + axis]!))));
  }
  switch (measure) {
    case 'travel':
      return greatest(positions.map(({ at }) => reach(column, size, at)));
    case 'rotation':
      return greatest(
        rotations.map(({ at, format }) => {
          const first = readRotation(column, at, format);
          return Math.max(...series((row) => angleBetween(first, readRotation(column, row + at, format))));
        }),
      );
    default: {
      const known = grippers.filter(({ closed }) => closed !== null);
      const opening = (gripper: GripperPart): Float64Array =>
        series((row) => openness(gripper, column[row + gripper.at]!));
      const share = (gripper: GripperPart): number =>
        largestRise(opening(gripper).map((value) => (measure === 'opening' ? value : -value))) /
        gripperRange(gripper, spread);
      return greatest(known.map(share));
    }
  }
}

/** How open a gripper is, in its own unit; larger is wider. */
function openness({ closed, signless }: GripperPart, value: number): number {
  const size = signless ? Math.abs(value) : value;
  return closed === 'high' ? -size : size;
}

/** How far a gripper moves over the dataset. */
export function gripperRange({ at, signless }: GripperPart, { low, high, range }: Spread): number {
  if (!signless) return range[at]!;
  // Of fingers the distance from zero counts; its least value is zero where they cross it.
  const [a, b] = [low[at]!, high[at]!];
  const least = a < 0 && b > 0 ? 0 : Math.min(Math.abs(a), Math.abs(b));
  return Math.max(range[at]! > 0 ? 1e-3 : 0, Math.max(Math.abs(a), Math.abs(b)) - least);
}

/** The most that a later value exceeds an earlier one. */
function largestRise(values: Float64Array): number {
  let least = Infinity;
  let most = 0;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value - least);
  }
  return most;
}

/** The greatest distance of the position that starts at `at` from where it began. */
function reach(column: Float32Array, size: number, at: number): number {
  let most = 0;
  for (let row = 0; row < column.length; row += size) {
    const away = [0, 1, 2].map((i) => column[row + at + i]! - column[at + i]!);
    most = Math.max(most, Math.hypot(...away));
  }
  return most;
}

function greatest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}
