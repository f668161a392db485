/** @file Where drawables are: at the poses of their geoms and sites. */

import type { Sim } from '../../mujoco/sim.ts';
import type { ClassicDrawable } from './scene.ts';

/** Where geoms and sites are: MuJoCo's `geom_xpos` [n × 3], `geom_xmat` [n × 9], and the same of sites. */
export interface Poses {
  readonly geomPositions: Float64Array;
  readonly geomOrientations: Float64Array;
  readonly sitePositions: Float64Array;
  readonly siteOrientations: Float64Array;
}

/** Where a simulation's geoms and sites are now; live views of its memory. */
export function posesOf(sim: Sim): Poses {
  return {
    geomPositions: sim.data('geom_xpos'),
    geomOrientations: sim.data('geom_xmat'),
    sitePositions: sim.data('site_xpos'),
    siteOrientations: sim.data('site_xmat'),
  };
}

/** The drawable's orientation 9 (row-major) and position 3 in the world, into `out`. */
export function placeOf({ carrier, id }: ClassicDrawable, poses: Poses, out: Float64Array): void {
  const ofGeom = carrier === 'geom';
  const positions = ofGeom ? poses.geomPositions : poses.sitePositions;
  const orientations = ofGeom ? poses.geomOrientations : poses.siteOrientations;
  for (let k = 0; k < 9; k++) out[k] = orientations[9 * id + k]!;
  for (let k = 0; k < 3; k++) out[9 + k] = positions[3 * id + k]!;
}
