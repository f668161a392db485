/**
 * @file From LIBERO's and robosuite's files to one MJCF and a task, as LIBERO's Python does at every reset: world, arena, robot,
 * objects, fixtures, in this order, which is the order of joints in the initial states.
 */

import { buildArena } from './arena.ts';
import type { Arena } from './arena.ts';
import { readBddl } from './bddl.ts';
import type { BddlProblem } from './bddl.ts';
import type { LiberoFiles } from './files.ts';
import { badModel, merge, mergeAssets, readMjcf } from './mjcf-file.ts';
import type { Mjcf } from './mjcf-file.ts';
import { objectClass } from './object-catalogue.ts';
import { buildObject, regionSites } from './object-model.ts';
import type { ObjectModel } from './object-model.ts';
import { buildPanda, ROBOSUITE_ASSETS } from './panda.ts';
import { placementsOf } from './placements.ts';
import { bddlPath } from './suites.ts';
import type { LiberoSite, LiberoTask } from './task-model.ts';
import { workspaceOf } from './workspaces.ts';
import type { Workspace } from './workspaces.ts';
import { childOf, writeXml } from './xml-tree.ts';

/** Seconds. */
const TIME_STEP = 0.002;

/** Composes the task of a suite whose BDDL file is called `name`. */
export function composeTask(files: LiberoFiles, suite: string, name: string): LiberoTask {
  const path = bddlPath(suite, name);
  const problem = readBddl(new TextDecoder().decode(files.read(path)), path);
  const workspace = workspaceOf(problem.name);
  const arena = buildArena(files, workspace);
  const { fixtures, movables } = buildObjects(files, problem, workspace, path);
  const sites = {
    ...regionSites(problem.regions, [...movables, ...fixtures]),
    ...surfaceSites(problem, workspace, arena),
  };
  const objects = Object.fromEntries([...fixtures, ...movables].map(({ name: one, object }) => [one, object]));
  return {
    suite,
    name,
    language: problem.language,
    problem: problem.name,
    goal: problem.goal,
    init: problem.init,
    interest: problem.interest,
    objects,
    sites,
    placements: placementsOf(problem, workspace, objects),
    xml: writeXml(world(files, arena.mjcf, buildPanda(files, workspace), [...movables, ...fixtures])),
  };
}

function buildObjects(
  files: LiberoFiles,
  problem: BddlProblem,
  workspace: Workspace,
  path: string,
): { fixtures: ObjectModel[]; movables: ObjectModel[] } {
  const build = (table: BddlProblem['objects'], fixture: boolean): ObjectModel[] =>
    [...table].flatMap(([category, names]) =>
      fixture && category === workspace.category
        ? []
        : names.map((one) => buildObject(files, objectClass(category), one, fixture)),
    );
  const fixtures = build(problem.fixtures, true);
  const movables = build(problem.objects, false);
  const seen = new Set<string>();
  for (const { name } of [...fixtures, ...movables]) {
    if (seen.has(name)) throw badModel(path, 'expected names that differ', `"${name}" twice`);
    seen.add(name);
  }
  return { fixtures, movables };
}

/** LIBERO takes a region for one of the surface if its name contains the surface's. */
function surfaceSites(problem: BddlProblem, { surface }: Workspace, arena: Arena): Record<string, LiberoSite> {
  const sites: Record<string, LiberoSite> = {};
  for (const [name, region] of problem.regions) if (name.includes(surface)) sites[name] = arena.addRegion(name, region);
  return sites;
}

function world(files: LiberoFiles, arena: Mjcf, robot: Mjcf, objects: readonly ObjectModel[]): Mjcf['root'] {
  const path = `${ROBOSUITE_ASSETS}/base.xml`;
  const base = readMjcf(files, path);
  const option = childOf(base.root, 'option');
  const compiler = childOf(base.root, 'compiler');
  if (option === undefined || compiler === undefined) throw badModel(path, 'expected <option> and <compiler>', 'less');
  option.attributes.set('timestep', String(TIME_STEP));
  // Every file is a full path of `LiberoFiles`.
  compiler.attributes.delete('meshdir');
  merge(base, arena);
  merge(base, robot);
  for (const { mjcf, body } of objects) {
    mergeAssets(base, mjcf);
    base.worldbody.children.push(body);
  }
  return base.root;
}
