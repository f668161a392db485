/**
 * @file Rotary positions (Su et al. 2021): pairs (i, i + d/2) of a head's features turn by position × frequency. Angles
 * come from one axis, from an image's two axes, or from Qwen3-VL's three axes interleaved over the frequencies.
 *
 * Axes: B batch, N heads, T tokens, d features of a head.
 */

import { VlaError } from '../base/errors.ts';
import { f32 } from '../base/tensor.ts';
import { concat, constant, cos, matmul, mul, reshape, rotary, sin, split, type Value } from '../engine/index.ts';

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
  const axes = frequencies.map((_, j) => axisOf(j, sections));
  return positions[0]!.map((_, t) => frequencies.map((frequency, j) => positions[axes[j]!]![t]! * frequency));
}

/** The axis that turns frequency j of an interleaved table. */
const axisOf = (j: number, sections: readonly number[]): number =>
  j % 3 !== 0 && j < 3 * sections[j % 3]! ? j % 3 : 0;

/** Cosines and sines of a sequence's angles, [B, T, d/2] each. */
export interface RotaryTable {
  readonly cos: Value;
  readonly sin: Value;
}

/** The table of B sequences with the same angles, as constants of the current graph; make it once and share it among layers. */
export function rotaryTable(angles: Angles, B: number): RotaryTable {
  const fill = (f: (angle: number) => number): Value => {
    const one = angles.flatMap((row) => row.map(f));
    const all = Array.from({ length: B }, () => one).flat();
    return constant(f32(all, [B, angles.length, angles[0]!.length]));
  };
  return { cos: fill(Math.cos), sin: fill(Math.sin) };
}

/** The table of positions that are known only when the graph runs: f32 [B, T], in units of position, on one axis. T may be named. */
export function rotaryTableAt(positions: Value, d: number, theta: number): RotaryTable {
  const [B, T] = positions.shape;
  const angles = mul(reshape(positions, [B!, T!, 1]), constant(rotaryFrequencies(d, theta)));
  return { cos: cos(angles), sin: sin(angles) };
}

/** The same on three interleaved axes: positions f32 [B, T, 3] → a table [B, T, d/2]. T may be named. */
export function interleavedRotaryTableAt(
  positions: Value,
  sections: readonly [time: number, height: number, width: number],
  d: number,
  theta: number,
): RotaryTable {
  const frequencies = rotaryFrequencies(d, theta);
  const turns = [0, 1, 2].flatMap((axis) =>
    frequencies.map((frequency, j) => (axisOf(j, sections) === axis ? frequency : 0)),
  );
  const angles = matmul(positions, constant(f32(turns, [3, d / 2])));
  return { cos: cos(angles), sin: sin(angles) };
}

/** A table with that of further tokens behind it, at `positions` f32 [B, Q] on one axis; the table itself where there are none (null). */
export function extendTable(table: RotaryTable, positions: Value | null, d: number, theta: number): RotaryTable {
  if (positions === null) return table;
  const more = rotaryTableAt(positions, d, theta);
  return { cos: concat([table.cos, more.cos], 1), sin: concat([table.sin, more.sin], 1) };
}

/** Turns heads x [B, N, T, d] by the positions of their tokens; features beyond the table's (2 × its width) stay as they are. */
export function applyRotary(x: Value, table: RotaryTable): Value {
  const d = Number(x.shape[3]);
  const turned = 2 * Number(table.cos.shape[2]);
  if (turned >= d) return rotary(x, table.cos, table.sin);
  const [first, rest] = split(x, 3, [turned, d - turned]);
  return concat([rotary(first!, table.cos, table.sin), rest!], 3);
}
