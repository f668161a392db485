/**
 * @file Rotary positions (Su et al. 2021): pairs (i, i + d/2) of a head's features turn by position × frequency. Angles
 * come from one axis, from an image's two axes, or from Qwen3-VL's three axes interleaved over the frequencies.
 *
 * Axes: T tokens, d features of a head.
 */

import { VlaError } from '../base/errors.ts';
import { f32, type Tensor } from '../base/tensor.ts';
import { add, constant, matmul, mul, type Value } from '../engine/index.ts';

/** Angles in radians, [T][d / 2]. */
export type Angles = readonly (readonly number[])[];

/** θ^(−2i / d) for i < d/2: turns per unit of position, in radians. */
export function rotaryFrequencies(d: number, theta: number): number[] {
  return Array.from({ length: d / 2 }, (_, i) => theta ** ((-2 * i) / d));
}

/** One axis: position × frequency. */
export function rotaryAngles(positions: readonly number[], d: number, theta: number): Angles {
  const frequencies = rotaryFrequencies(d, theta);
  return positions.map((position) => frequencies.map((frequency) => position * frequency));
}

/** Two axes, Qwen3-VL's vision tower: the first d/4 angles turn with the row, the others with the column. */
export function imageRotaryAngles(
  rows: readonly number[],
  columns: readonly number[],
  d: number,
  theta: number,
): Angles {
  const vertical = rotaryAngles(rows, d / 2, theta);
  const horizontal = rotaryAngles(columns, d / 2, theta);
  return vertical.map((angles, i) => [...angles, ...horizontal[i]!]);
}

/**
 * Three axes, Qwen3-VL's text decoder: `positions` [time, height, width][T]; frequency j follows height where j % 3 = 1 and
 * j < 3 · sections[1], width where j % 3 = 2 and j < 3 · sections[2], and time elsewhere. `sections` sum to d/2.
 */
export function interleavedRotaryAngles(
  positions: readonly (readonly number[])[],
  sections: readonly [time: number, height: number, width: number],
  d: number,
  theta: number,
): Angles {
  if (sections.reduce((a, b) => a + b) !== d / 2) {
    throw new VlaError('bad-argument', `rotary sections: expected a sum of ${d / 2}, got ${sections.join(' + ')}.`);
  }
  const frequencies = rotaryFrequencies(d, theta);
  const axes = frequencies.map((_, j) => (j % 3 !== 0 && j < 3 * sections[j % 3]! ? j % 3 : 0));
  return positions[0]!.map((_, t) => frequencies.map((frequency, j) => positions[axes[j]!]![t]! * frequency));
}

/** Cosines and sines of a sequence's angles, [T, d] each, and the matrix that swaps the halves of a head. */
export interface RotaryTable {
  readonly cos: Value;
  readonly sin: Value;
  /** x @ swap = [−second half, first half], [d, d]. */
  readonly swap: Value;
}

/** The table of a sequence as constants of the current graph; make it once and share it among layers. */
export function rotaryTable(angles: Angles): RotaryTable {
  const half = angles[0]!.length;
  const d = 2 * half;
  const fill = (f: (angle: number) => number): Tensor =>
    f32(
      angles.flatMap((row) => [...row, ...row].map(f)),
      [angles.length, d],
    );
  const swap = new Float32Array(d * d);
  for (let i = 0; i < half; i++) {
    swap[(i + half) * d + i] = -1;
    swap[i * d + i + half] = 1;
  }
  return { cos: constant(fill(Math.cos)), sin: constant(fill(Math.sin)), swap: constant(f32(swap, [d, d])) };
}

/** Turns x [..., T, d] by its positions. */
export function applyRotary(x: Value, { cos, sin, swap }: RotaryTable): Value {
  return add(mul(x, cos), mul(matmul(x, swap), sin));
}
