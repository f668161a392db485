/** @file Objects stand elsewhere: all of them are shifted together, each a little on its own, what lies on others with these. Fixtures stay. */

import type { Random } from '../../../base/random.ts';
import type { LiberoTask } from '../task-model.ts';
import type { EpisodeStart, Perturbation } from './perturbation.ts';

/** Metres: the shift that objects share, and each one's own. */
const SHARED = [0.02, 0.05] as const;
const OWN = 0.01;
/** Objects come no nearer to each other than this, or than they were; metres between their middles. The plate's radius is about 7 cm. */
const APART = 0.15;
const FROM_FIXTURES = 0.25;
/** So far beyond the area that the task uses itself things may stand; metres. */
const MARGIN = 0.03;
const TRIES = 300;

type Spot = readonly [x: number, y: number];

/** One thing that stands on the table or floor, with all that lies on or in it. */
export interface Pile {
  readonly joint: string;
  /** Joints of what lies on it. */
  readonly carried: readonly string[];
}

/** A shift of 2 to 5 cm. */
export const changedLayout: Perturbation = {
  meaning: 'Objects stand 2 to 5 cm elsewhere, at most 1 cm of it differently from each other; fixtures stay.',
  start(start, task, random) {
    const piles = pilesOf(task);
    const before = piles.map(({ joint }) => spotOf(start.joint(joint)));
    const fixtures = fixtureSpots(start, task);
    const after = findLayout(before, fixtures, random);
    for (const [i, { joint, carried }] of piles.entries()) {
      const [dx, dy] = [after[i]![0] - before[i]![0], after[i]![1] - before[i]![1]];
      for (const one of [joint, ...carried]) {
        const pose = start.joint(one);
        pose[0]! += dx;
        pose[1]! += dy;
      }
    }
  },
};

/** Where fixtures stand. */
export function fixtureSpots(start: EpisodeStart, task: LiberoTask): Spot[] {
  return Object.entries(task.objects)
    .filter(([, { fixture }]) => fixture)
    .map(([name]) => spotOf(start.fixture(name)));
}

/** What stands on the table or floor itself, as the task's initial propositions have it; what is in or on fixtures is not among it. */
export function pilesOf(task: LiberoTask): Pile[] {
  const supports = new Map(
    task.init
      .filter(([predicate]) => predicate === 'on' || predicate === 'in')
      .map(([, name, place]) => [name!, task.sites[place!] === undefined ? place! : task.sites[place!]!.parent]),
  );
  const free = Object.keys(task.objects).filter((name) => !task.objects[name]!.fixture && supports.has(name));
  const jointOf = (name: string): string => task.objects[name]!.joints[0]!;
  const below = (name: string): string => {
    const support = supports.get(name) ?? null;
    return support === null || !free.includes(support) ? name : below(support);
  };
  return free
    .filter((name) => supports.get(name) === null)
    .map((name) => ({
      joint: jointOf(name),
      carried: free.filter((other) => other !== name && below(other) === name).map(jointOf),
    }));
}

/** A layout in which nothing comes too near to anything; the shift shrinks until one is found. */
function findLayout(before: readonly Spot[], fixtures: readonly Spot[], random: Random): Spot[] {
  const box = boxAround([...before, ...fixtures], MARGIN);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [length, heading] = [random.range(...SHARED), random.range(0, 2 * Math.PI)];
    // Crowded tables leave room for less.
    const scale = attempt < TRIES / 2 ? 1 : 2 * (1 - attempt / TRIES);
    const shared: Spot = [scale * length * Math.cos(heading), scale * length * Math.sin(heading)];
    const after = before.map(([x, y]): Spot => [
      x + shared[0] + scale * random.range(-OWN, OWN) * Math.SQRT1_2,
      y + shared[1] + scale * random.range(-OWN, OWN) * Math.SQRT1_2,
    ]);
    if (after.every((spot) => isInside(spot, box)) && staysApart(before, after, fixtures)) return after;
  }
  return [...before];
}

function staysApart(before: readonly Spot[], after: readonly Spot[], fixtures: readonly Spot[]): boolean {
  return after.every((spot, i) => {
    const others = after.every(
      (other, k) => k >= i || distance(spot, other) >= Math.min(APART, distance(before[i]!, before[k]!)),
    );
    return others && fixtures.every((at) => distance(spot, at) >= Math.min(FROM_FIXTURES, distance(before[i]!, at)));
  });
}

type Box = readonly [low: Spot, high: Spot];

/** The area that these spots take up, and `margin` around it. */
export function boxAround(spots: readonly Spot[], margin: number): Box {
  const [xs, ys] = [spots.map(([x]) => x), spots.map(([, y]) => y)];
  return [
    [Math.min(...xs) - margin, Math.min(...ys) - margin],
    [Math.max(...xs) + margin, Math.max(...ys) + margin],
  ];
}

function isInside([x, y]: Spot, [low, high]: Box): boolean {
  return x >= low[0] && x <= high[0] && y >= low[1] && y <= high[1];
}

/** Metres. */
export function distance([ax, ay]: Spot, [bx, by]: Spot): number {
  return Math.hypot(ax - bx, ay - by);
}

/** Where a pose is, seen from above. */
export function spotOf(pose: ArrayLike<number>): Spot {
  return [pose[0]!, pose[1]!];
}
