/**
 * @file Pseudo-actions: what a robot must have been told to go from each recorded state to the next, for recordings
 * without actions (Qwen-VLA, section on data processing: finite differences of states). Positions and joints as
 * differences, rotations as the turn between both, grippers as the next absolute value. The last frame holds still.
 */

import {
  invertQuaternion,
  multiplyQuaternions,
  quaternionToShortestAxisAngle,
  rotateVector,
  type Quaternion,
  type Vector3,
} from '../../base/rotation.ts';
import { ROTATION_SIZES, readRotation } from '../../codec/relative-pose.ts';
import type { MotionLayout, RotationPart } from './motion-layout.ts';

/** In which frame changes of pose are given: the robot's base, or the end effector as it is before the change. */
export type PoseFrame = 'base' | 'end-effector';

/** One part of the action vector, made of numbers of the state. */
type Part =
  | { readonly kind: 'difference' | 'absolute'; readonly at: number }
  | { readonly kind: 'position'; readonly at: number; readonly rotation: RotationPart | null }
  | { readonly kind: 'rotation'; readonly rotation: RotationPart };

/** How states become actions. */
export interface PseudoActions {
  /** One name per number of the action. */
  readonly names: readonly string[];
  /** The actions of one episode, row-major [length, names.length], of its states. */
  of(states: Float32Array): Float32Array;
}

/** The pseudo-actions for states of this layout. A rotation becomes three numbers: axis times angle, radians. */
export function pseudoActions(layout: MotionLayout, frame: PoseFrame): PseudoActions {
  const parts = partsOf(layout);
  const names = parts.flatMap((part) => partNames(part, layout));
  const { size } = layout;
  return {
    names,
    of(states) {
      const length = states.length / size;
      const out = new Float32Array(length * names.length);
      for (let t = 0; t < length; t++) {
        const now = states.subarray(t * size, (t + 1) * size);
        const next = t + 1 < length ? states.subarray((t + 1) * size, (t + 2) * size) : now;
        out.set(
          parts.flatMap((part) => change(part, now, next, frame)),
          t * names.length,
        );
      }
      return out;
    },
  };
}

/** The parts in the order of the state. */
function partsOf({ size, positions, rotations, grippers }: MotionLayout): Part[] {
  const parts: Part[] = [];
  for (let d = 0; d < size;) {
    const position = positions.findIndex(({ at }) => at === d);
    const rotation = rotations.find(({ at }) => at === d);
    if (position >= 0) {
      // The n-th rotation belongs to the n-th position.
      parts.push({ kind: 'position', at: d, rotation: rotations[position] ?? null });
      d += 3;
    } else if (rotation !== undefined) {
      parts.push({ kind: 'rotation', rotation });
      d += ROTATION_SIZES[rotation.format];
    } else {
      parts.push({ kind: grippers.some(({ at }) => at === d) ? 'absolute' : 'difference', at: d });
      d++;
    }
  }
  return parts;
}

function partNames(part: Part, { names, rotations }: MotionLayout): string[] {
  switch (part.kind) {
    case 'difference':
      return [`d_${names[part.at]}`];
    case 'absolute':
      return [names[part.at]!];
    case 'position':
      return [0, 1, 2].map((i) => `d_${names[part.at + i]}`);
    case 'rotation': {
      const arm = rotations.length > 1 ? `_${rotations.indexOf(part.rotation) + 1}` : '';
      return ['x', 'y', 'z'].map((axis) => `d_rotation${arm}_${axis}`);
    }
  }
}

function change(part: Part, now: Float32Array, next: Float32Array, frame: PoseFrame): readonly number[] {
  switch (part.kind) {
    case 'difference':
      return [next[part.at]! - now[part.at]!];
    case 'absolute':
      return [next[part.at]!];
    case 'position': {
      const moved = [0, 1, 2].map((i) => next[part.at + i]! - now[part.at + i]!) as unknown as Vector3;
      if (frame === 'base' || part.rotation === null) return moved;
      return rotateVector(invertQuaternion(orientation(now, part.rotation)), moved);
    }
    case 'rotation': {
      // Rounding would turn the last frame a little.
      if (next === now) return [0, 0, 0];
      const [before, after] = [orientation(now, part.rotation), orientation(next, part.rotation)];
      const inverse = invertQuaternion(before);
      const turn = frame === 'base' ? multiplyQuaternions(after, inverse) : multiplyQuaternions(inverse, after);
      return quaternionToShortestAxisAngle(turn);
    }
  }
}

function orientation(state: Float32Array, { at, format }: RotationPart): Quaternion {
  return readRotation(state, at, format);
}
