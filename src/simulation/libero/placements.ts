/** @file Where a problem's objects are put: the samplers that LIBERO makes of its initial propositions, in their order. */

import type { BddlProblem, Region } from './bddl.ts';
import type { LiberoObject, Placement, Proposition } from './task-model.ts';
import type { Workspace } from './workspaces.ts';

const SURFACE_GAP = 0.01;

/**
 * One sampler per "on" that puts something on a region of the workspace. What stands on or in other things is placed relative to
 * them afterwards, which `init`, `objects` and `sites` of the task tell.
 */
export function placementsOf(
  { regions, init }: BddlProblem,
  workspace: Workspace,
  objects: Readonly<Record<string, LiberoObject>>,
): Placement[] {
  const placements = new Map<string, Placement>();
  for (const proposition of init) {
    const [name, region] = placedOnSurface(proposition, regions, objects);
    if (name === undefined || region === undefined) continue;
    const placement = placementOf(name, objects[name]!, region, workspace);
    placements.set(placement.name, placement);
  }
  return [...placements.values()];
}

function placedOnSurface(
  [predicate, name = '', place = '']: Proposition,
  regions: ReadonlyMap<string, Region>,
  objects: Readonly<Record<string, LiberoObject>>,
): [name?: string, region?: Region] {
  const region = regions.get(place);
  if (predicate !== 'on' || region === undefined || !Object.hasOwn(objects, name)) return [];
  const onObject = Object.hasOwn(objects, place) && !objects[place]!.fixture;
  return onObject || Object.hasOwn(objects, region.target) ? [] : [name, region];
}

function placementOf(name: string, object: LiberoObject, region: Region, workspace: Workspace): Placement {
  const common = {
    objects: [name],
    x: region.ranges.map(([x0, , x1]): [number, number] => [x0, x1]),
    y: region.ranges.map(([, y0, , y1]): [number, number] => [y0, y1]),
    reference: workspace.offset,
  };
  if (object.fixture) {
    return {
      ...common,
      name: `${name}_sampler`,
      sampler: 'MultiRegionRandomSampler',
      zOffset: workspace.fixtureHeight,
      rotation: region.yaw,
      rotationAxis: 'z',
    };
  }
  return {
    ...common,
    name,
    sampler: workspace.sampler,
    zOffset: SURFACE_GAP,
    rotation: object.rotation,
    rotationAxis: object.rotationAxis,
  };
}
