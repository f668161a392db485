/**
 * @file Poses relative to the pose at the chunk's start, in its frame, as Xiaomi-Robotics-0 is trained: δp = Rₜᵀ (p − pₜ),
 * δr = Log(Rₜᵀ R). Differences number by number (`delta.ts`) are not this: a rotation does not compose that way.
 */

import {
  axisAngleToQuaternion,
  eulerToQuaternion,
  fromXyzw,
  invertQuaternion,
  multiplyQuaternions,
  normaliseQuaternion,
  quaternionToEuler,
  quaternionToShortestAxisAngle,
  rotateVector,
  rotation6dToQuaternion,
  type Quaternion,
  type Vector3,
} from '../base/rotation.ts';
import type { Convention } from '../interfaces/convention.ts';

/** How a rotation is written; see `Convention.rotation`. */
export type RotationFormat = Exclude<Convention['rotation'], 'none'>;

type Indices = readonly number[];

/**
 * One pose of an action vector and the pose of the state that it refers to: indices of the three numbers of the position, metres,
 * and of the numbers of the rotation. Encoded, the action's rotation is an axis times the shortest angle, in radians.
 */
export interface PoseChange {
  readonly position: Indices;
  readonly rotation: Indices;
  readonly format: 'axis-angle' | 'euler-xyz';
  readonly statePosition: Indices;
  readonly stateRotation: Indices;
  readonly stateFormat: RotationFormat;
}

/** How many numbers a rotation takes, and how they are read. */
const FORMATS: Readonly<
  Record<RotationFormat, { readonly size: number; read(numbers: readonly number[]): Quaternion }>
> = {
  'axis-angle': { size: 3, read: (r) => axisAngleToQuaternion(r as unknown as Vector3) },
  'euler-xyz': { size: 3, read: (r) => eulerToQuaternion(r as unknown as Vector3) },
  'quaternion-wxyz': { size: 4, read: (r) => normaliseQuaternion(r as unknown as Quaternion) },
  'quaternion-xyzw': { size: 4, read: (r) => normaliseQuaternion(fromXyzw(r as unknown as Quaternion)) },
  'rotation-6d': { size: 6, read: (r) => rotation6dToQuaternion(r) },
};

/** How many numbers a rotation takes in each format. */
export const ROTATION_SIZES: Readonly<Record<RotationFormat, number>> = {
  'axis-angle': FORMATS['axis-angle'].size,
  'euler-xyz': FORMATS['euler-xyz'].size,
  'quaternion-wxyz': FORMATS['quaternion-wxyz'].size,
  'quaternion-xyzw': FORMATS['quaternion-xyzw'].size,
  'rotation-6d': FORMATS['rotation-6d'].size,
};

/** The rotation that starts at `at` of a row of numbers. */
export function readRotation(numbers: ArrayLike<number>, at: number, format: RotationFormat): Quaternion {
  const { size, read } = FORMATS[format];
  return read(Array.from({ length: size }, (_, i) => numbers[at + i]!));
}

const WRITE: Readonly<Record<PoseChange['format'], (q: Quaternion) => Vector3>> = {
  'axis-angle': quaternionToShortestAxisAngle,
  'euler-xyz': quaternionToEuler,
};

/** The first thing that is wrong with a change in vectors of these lengths, in words; null when it fits. */
export function poseProblem(change: PoseChange, actionDim: number, stateDim: number): string | null {
  const { position, rotation, statePosition, stateRotation, stateFormat } = change;
  const fields: readonly (readonly [name: string, indices: Indices, count: number, limit: number])[] = [
    ['position', position, 3, actionDim],
    ['rotation', rotation, 3, actionDim],
    ['statePosition', statePosition, 3, stateDim],
    ['stateRotation', stateRotation, FORMATS[stateFormat].size, stateDim],
  ];
  for (const [name, indices, count, limit] of fields) {
    const fits = indices.length === count && new Set(indices).size === count;
    if (fits && indices.every((index) => index < limit)) continue;
    return `${name}: expected ${count} different indices below ${limit}, got [${indices.join(', ')}]`;
  }
  const shared = position.find((index) => rotation.includes(index));
  return shared === undefined ? null : `expected position and rotation apart, got index ${shared} in both`;
}

/** Absolute poses of rows of `dim` numbers to relative ones, in place; `state` is that of the chunk's start. */
export function relatePose(rows: Float64Array, dim: number, state: ArrayLike<number>, change: PoseChange): void {
  const { origin, orientation } = statePose(state, change);
  const inverse = invertQuaternion(orientation);
  for (let row = 0; row < rows.length; row += dim) {
    const [x, y, z] = pick(rows, change.position, row) as unknown as Vector3;
    const target = FORMATS[change.format].read(pick(rows, change.rotation, row));
    const position = rotateVector(inverse, [x - origin[0], y - origin[1], z - origin[2]]);
    put(rows, change.position, row, position);
    put(rows, change.rotation, row, quaternionToShortestAxisAngle(multiplyQuaternions(inverse, target)));
  }
}

/** The inverse of `relatePose`: p = pₜ + Rₜ δp, R = Rₜ Exp(δr). */
export function unrelatePose(rows: Float64Array, dim: number, state: ArrayLike<number>, change: PoseChange): void {
  const { origin, orientation } = statePose(state, change);
  for (let row = 0; row < rows.length; row += dim) {
    const [x, y, z] = rotateVector(orientation, pick(rows, change.position, row) as unknown as Vector3);
    const turn = axisAngleToQuaternion(pick(rows, change.rotation, row) as unknown as Vector3);
    put(rows, change.position, row, [origin[0] + x, origin[1] + y, origin[2] + z]);
    put(rows, change.rotation, row, WRITE[change.format](multiplyQuaternions(orientation, turn)));
  }
}

function statePose(
  state: ArrayLike<number>,
  { statePosition, stateRotation, stateFormat }: PoseChange,
): { readonly origin: Vector3; readonly orientation: Quaternion } {
  return {
    origin: pick(state, statePosition, 0) as unknown as Vector3,
    orientation: FORMATS[stateFormat].read(pick(state, stateRotation, 0)),
  };
}

const pick = (numbers: ArrayLike<number>, indices: Indices, start: number): number[] =>
  indices.map((index) => numbers[start + index]!);

function put(rows: Float64Array, indices: Indices, start: number, values: Vector3): void {
  for (const [i, index] of indices.entries()) rows[start + index] = values[i]!;
}
