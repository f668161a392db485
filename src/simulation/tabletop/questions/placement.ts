/** @file How places compare, and by how much they must differ before anything is said about them. */

import type { SceneThing, SeenScene } from './scene.ts';

/** Centres of boxes are left and right of each other from this difference on; a fraction of the image's width. */
export const MARGIN_X = 0.04;
/** Places on the table differ from here on, metres. */
export const MARGIN = 0.03;

/** The middle of a thing's box, as a fraction of the image's width; the thing is seen. */
export function centreX({ box }: SceneThing): number {
  return (box![0] + box![2]) / 2;
}

/** Distance of two things on the table, metres. */
export function tableDistance(a: Pick<SceneThing, 'place'>, b: Pick<SceneThing, 'place'>): number {
  return Math.hypot(a.place[0] - b.place[0], a.place[1] - b.place[1]);
}

/** Things without the marks; null unless all of them are seen clearly, so that nothing can be said about "all" or "the most". */
export function allThings({ things }: SeenScene): SceneThing[] | null {
  const solid = things.filter(({ isMark }) => !isMark);
  return solid.every(({ view }) => view === 'clear') ? solid : null;
}
