/** @file Hand postures made of a few synergies: open, relaxed, and grasps of several kinds; as numbers of a right hand. */

import type { Random } from '../../base/random.ts';

/** Bends of a finger's three joints, radians. */
type Bends = readonly [number, number, number];

/** A posture by what anatomists would say of it. */
interface Posture {
  /** Index, middle, little, ring: bends about y. */
  readonly fingers: readonly [Bends, Bends, Bends, Bends];
  /** How far the fingers are spread, as a factor; radians for the outer ones. */
  readonly spread: number;
  /** The thumb: its turn towards the palm, and its bends. */
  readonly opposition: number;
  readonly thumb: Bends;
}

const all = (bends: Bends): Posture['fingers'] => [bends, bends, bends, bends];

/** Names of postures. */
export type PostureName = keyof typeof POSTURES;

const POSTURES = {
  relaxed: { fingers: all([0.35, 0.35, 0.2]), spread: 0, opposition: 0.2, thumb: [0.1, 0.15, 0.1] },
  open: { fingers: all([0.08, 0.1, 0.05]), spread: 0.12, opposition: 0.1, thumb: [-0.1, 0, 0] },
  power: { fingers: all([0.9, 1.1, 0.6]), spread: 0, opposition: 0.7, thumb: [0.3, 0.5, 0.4] },
  sphere: { fingers: all([0.6, 0.7, 0.4]), spread: 0.2, opposition: 0.9, thumb: [0.2, 0.3, 0.3] },
  pinch: {
    fingers: [
      [0.8, 0.7, 0.35],
      [0.4, 0.5, 0.3],
      [0.25, 0.4, 0.25],
      [0.3, 0.45, 0.25],
    ],
    spread: 0.03,
    opposition: 0.9,
    thumb: [0.25, 0.4, 0.3],
  },
  tripod: {
    fingers: [
      [0.75, 0.65, 0.35],
      [0.8, 0.7, 0.4],
      [0.5, 0.8, 0.5],
      [0.6, 0.8, 0.5],
    ],
    spread: 0.05,
    opposition: 0.85,
    thumb: [0.25, 0.35, 0.3],
  },
} as const satisfies Readonly<Record<string, Posture>>;

/** Grasps that suit a thing. */
export const GRASPS: Readonly<Record<'cube' | 'cylinder' | 'ball', readonly PostureName[]>> = {
  cube: ['pinch', 'tripod'],
  cylinder: ['power', 'tripod'],
  ball: ['sphere', 'tripod'],
};

/** A posture's 45 numbers. */
export function posture(name: PostureName): Float64Array {
  const { fingers, spread, opposition, thumb }: Posture = POSTURES[name];
  const out = new Float64Array(45);
  // Outer fingers spread most: index towards the thumb (positive about z), little finger away.
  const outward = [1, 0.2, -1.4, -0.6];
  for (const [finger, bends] of fingers.entries()) {
    for (const [joint, bend] of bends.entries()) out[9 * finger + 3 * joint + 1] = bend;
    out[9 * finger + 2] = spread * outward[finger]!;
  }
  for (const [joint, bend] of thumb.entries()) out[36 + 3 * joint + 1] = bend;
  // Turned about its own axis, it bends towards the fingers.
  out[36] = -opposition;
  return out;
}

/** How one person's hand differs: every joint a little, all bends together a little more. */
export function drawHabit(random: Random): (joints: Float64Array) => Float64Array {
  const scale = random.range(0.88, 1.12);
  const offsets = Float64Array.from({ length: 45 }, () => 0.03 * random.normal());
  const stiff = Float64Array.from({ length: 15 }, () => random.range(0.85, 1.15));
  return (joints) => joints.map((value, i) => value * scale * stiff[Math.floor(i / 3)]! + offsets[i]!);
}
