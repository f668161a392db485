/**
 * @file Which numbers of a vector are the end effectors' positions and rotations, and which are grippers: from the
 * recorded embodiment, from the names of the dimensions, or as a person writes it down.
 */

import { VlaError } from '../../base/errors.ts';
import { ROTATION_SIZES, type RotationFormat } from '../../codec/relative-pose.ts';
import type { Embodiment, VectorSpec } from '../../interfaces/embodiment.ts';

/** Three positions, metres. */
export interface PositionPart {
  /** The first of the three dimensions. */
  readonly at: number;
}

/** A rotation. */
export interface RotationPart {
  readonly at: number;
  readonly format: RotationFormat;
}

/** A gripper: one dimension. `closed`: which end of its range is shut; null where nothing says so. */
export interface GripperPart {
  readonly at: number;
  readonly closed: 'low' | 'high' | null;
  /** Distance from zero is what counts (fingers that move apart along both directions of an axis). */
  readonly signless: boolean;
}

/** The parts of a vector; what belongs to none of them is a joint, or unknown. */
export interface MotionLayout {
  /** Numbers of the vector. */
  readonly size: number;
  readonly names: readonly string[];
  readonly positions: readonly PositionPart[];
  readonly rotations: readonly RotationPart[];
  readonly grippers: readonly GripperPart[];
}

/** The dimensions of a vector that belong to no part. */
export function otherDimensions({ size, positions, rotations, grippers }: MotionLayout): number[] {
  const taken = new Set<number>();
  const take = (at: number, count: number): void => {
    for (let d = at; d < at + count; d++) taken.add(d);
  };
  for (const { at } of positions) take(at, 3);
  for (const { at, format } of rotations) take(at, ROTATION_SIZES[format]);
  for (const { at } of grippers) take(at, 1);
  return Array.from({ length: size }, (_, d) => d).filter((d) => !taken.has(d));
}

/** The layout of a recorded embodiment's vector; `names` are those of the dataset. */
export function layoutOfVector({ names, convention }: VectorSpec): MotionLayout {
  const found = layoutOfNames(names, names.length);
  const closed = {
    'close-positive': 'high',
    'close-negative': 'low',
    'close-zero-open-one': 'low',
    'close-zero-open-hundred': 'low',
    'finger-positions': 'low',
    none: null,
  } as const;
  return {
    ...found,
    rotations:
      convention.rotation === 'none' ? [] : rotationsBehind(found.positions, convention.rotation, names.length),
    grippers: found.grippers.map(({ at }) => ({
      at,
      closed: closed[convention.gripper],
      signless: convention.gripper === 'finger-positions',
    })),
  };
}

/** A rotation stands behind its position in every layout that we know. */
function rotationsBehind(positions: readonly PositionPart[], format: RotationFormat, size: number): RotationPart[] {
  return positions.map(({ at }) => ({ at: at + 3, format })).filter(({ at }) => at + ROTATION_SIZES[format] <= size);
}

const GRIPPER = /grip|finger|jaw|claw/i;
const NO_POSITION = /ang|rot|quat|axis|orient|vel|force|torque|acc|(^|[._\s-])[rqwv]$/i;

/** What the names of the dimensions say; without names nothing is known. */
export function layoutOfNames(names: readonly string[] | null, size: number): MotionLayout {
  const given = names ?? [];
  const positions: PositionPart[] = [];
  const rotations: RotationPart[] = [];
  for (let d = 0; d + 2 < given.length; d++) {
    const axes = [0, 1, 2].map((i) => /^(.*?)[._\s-]?([xyz])$/i.exec(given[d + i]!));
    const isPosition =
      axes.every((match, i) => match?.[2]?.toLowerCase() === 'xyz'[i] && match[1] === axes[0]![1]) &&
      !NO_POSITION.test(axes[0]![1]!) &&
      !/^[drqvw]$/i.test(axes[0]![1]!);
    if (!isPosition) continue;
    positions.push({ at: d });
    const format = rotationNamed(given.slice(d + 3, d + 7));
    if (format !== null) rotations.push({ at: d + 3, format });
  }
  const grippers = given.flatMap((name, at): GripperPart[] =>
    GRIPPER.test(name) ? [{ at, closed: /finger/i.test(name) ? 'low' : null, signless: /finger/i.test(name) }] : [],
  );
  return { size, names: given.length === size ? given : indexNames(size), positions, rotations, grippers };
}

function indexNames(size: number): string[] {
  return Array.from({ length: size }, (_, d) => `dimension ${d}`);
}

function rotationNamed(names: readonly string[]): RotationFormat | null {
  const ends = (...patterns: readonly string[]): boolean =>
    patterns.every((pattern, i) => new RegExp(`${pattern}$`, 'i').test(names[i] ?? ''));
  if (ends('roll', 'pitch', 'yaw')) return 'euler-xyz';
  if (ends('q[._]?x|quat.*x', 'q[._]?y|quat.*y', 'q[._]?z|quat.*z', 'q[._]?w|quat.*w')) return 'quaternion-xyzw';
  if (ends('q[._]?w|quat.*w', 'q[._]?x|quat.*x', 'q[._]?y|quat.*y', 'q[._]?z|quat.*z')) return 'quaternion-wxyz';
  if (ends('(axis|rotvec).*x', '(axis|rotvec).*y', '(axis|rotvec).*z')) return 'axis-angle';
  return null;
}

/** The layout of a feature: written down, recorded, or read from its names. */
export function findLayout(
  feature: { readonly names: readonly string[] | null; readonly size: number; readonly kind: 'state' | 'action' },
  embodiment: Embodiment | null,
  written?: string,
): MotionLayout {
  if (written !== undefined) return parseLayout(written, feature.names, feature.size);
  const spec = embodiment?.[feature.kind];
  return spec?.names.length === feature.size ? layoutOfVector(spec) : layoutOfNames(feature.names, feature.size);
}

const FORM = 'position@0,rotation@3:axis-angle,gripper@6:closed-low';

/** Reads parts such as `position@0,rotation@3:axis-angle,gripper@6:closed-low`; two arms name each part twice. */
export function parseLayout(text: string, names: readonly string[] | null, size: number): MotionLayout {
  const positions: PositionPart[] = [];
  const rotations: RotationPart[] = [];
  const grippers: GripperPart[] = [];
  const wrong = (part: string, why: string): VlaError =>
    new VlaError('bad-argument', `--layout: expected parts such as ${FORM}, got "${part}" (${why}).`, {
      hint: `Count dimensions from 0. Rotations: ${Object.keys(ROTATION_SIZES).join(', ')}. Grippers: closed-low, closed-high, or nothing.`,
    });
  for (const part of text.split(',').map((one) => one.trim())) {
    const match = /^(position|rotation|gripper)@(\d+)(?::([\w-]+))?$/.exec(part);
    if (match === null) throw wrong(part, 'not of this form');
    const [, kind, digits, detail] = match;
    const at = Number(digits);
    let count = 3;
    if (kind === 'position' && detail === undefined) positions.push({ at });
    else if (kind === 'rotation' && detail !== undefined && Object.hasOwn(ROTATION_SIZES, detail)) {
      const format = detail as RotationFormat;
      count = ROTATION_SIZES[format];
      rotations.push({ at, format });
    } else if (kind === 'gripper' && (detail === undefined || /^closed-(low|high)$/.test(detail))) {
      count = 1;
      grippers.push({
        at,
        closed: detail === undefined ? null : detail === 'closed-low' ? 'low' : 'high',
        signless: false,
      });
    } else throw wrong(part, 'an unknown detail');
    if (at + count > size) throw wrong(part, `the vector has ${size} numbers`);
  }
  return { size, names: names ?? indexNames(size), positions, rotations, grippers };
}
