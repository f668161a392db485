/**
 * @file A movable object or fixture out of its MJCF file, as robosuite 1.4.0 makes it (MujocoXMLObject in
 * robosuite/models/objects/objects.py): the body "object" with prefixed names, a free joint and a site at its origin.
 */

import type { Region } from './bddl.ts';
import type { LiberoFiles } from './files.ts';
import { addPrefix, badModel, isContactGroup, isJoint, positionOf, readMjcf } from './mjcf-file.ts';
import type { Mjcf } from './mjcf-file.ts';
import type { ObjectClass } from './object-catalogue.ts';
import type { LiberoObject, LiberoSite } from './task-model.ts';
import { childOf, copyXml, elementsOf, numbersOf, xmlNode } from './xml-tree.ts';
import type { XmlNode } from './xml-tree.ts';

/** One instance. */
export interface ObjectModel {
  readonly name: string;
  /** The whole file with the instance's names; its assets are merged. */
  readonly mjcf: Mjcf;
  /** What is added to the world. */
  readonly body: XmlNode;
  readonly object: LiberoObject;
}

const FREE_JOINT = { type: 'free', damping: '0.0005', name: 'joint0' };
const ORIGIN_SITE = { pos: '0 0 0', size: '0.002 0.002 0.002', rgba: '1 0 0 0', type: 'sphere', group: '0' };

/** Reads the file of a class and makes an instance of it. */
export function buildObject(files: LiberoFiles, kind: ObjectClass, name: string, fixture: boolean): ObjectModel {
  const mjcf = readMjcf(files, kind.file);
  const prefix = `${name}_`;
  const body = objectBody(mjcf, kind.file);
  nameGeoms(body);
  if (kind.freeJoint && !fixture) body.children.push(xmlNode('joint', FREE_JOINT));
  body.children.push(xmlNode('site', { ...ORIGIN_SITE, name: 'default_site' }));
  // Names are told before the prefix is set: robosuite puts it before each, even where it is there already.
  const named = (elements: Iterable<XmlNode>): string[] =>
    [...elements].map(({ attributes }) => prefix + (attributes.get('name') ?? ''));
  const joints = named([...elementsOf(body)].filter(isJoint));
  const contactGeoms = named(
    [...elementsOf(body, 'geom')].filter(({ attributes }) => isContactGroup(attributes.get('group'))),
  );
  addPrefix(body, prefix);
  addPrefix(mjcf.root, prefix);
  const marker = (site: string): [number, number, number] => positionOf(markerSite(mjcf, prefix + site, kind.file));
  return {
    name,
    mjcf,
    body,
    object: {
      className: kind.className,
      rootBody: `${prefix}main`,
      joints,
      contactGeoms,
      fixture,
      articulation: kind.articulation,
      stateSites: Object.fromEntries(
        Object.entries(kind.stateSites).map(([state, { site, visible }]) => [state, { site: prefix + site, visible }]),
      ),
      rotation: kind.rotation,
      rotationAxis: kind.rotationAxis,
      bottom: marker('bottom_site'),
      top: marker('top_site'),
      horizontalRadius: marker('horizontal_radius_site')[0],
      initialQuaternion: null,
    },
  };
}

/**
 * The site of a region of this object; null: it has none of that name. LIBERO looks through the bodies in the order of the file,
 * takes the last that has the site below it, and stops at the first without any.
 */
export function regionSite(model: ObjectModel, region: string): LiberoSite | null {
  const outer = childOf(model.mjcf.worldbody, 'body')!;
  let found: LiberoSite | null = null;
  for (const part of elementsOf(outer, 'body')) {
    if (part === outer) continue;
    const sites = [...elementsOf(part, 'site')];
    if (sites.length === 0) break;
    for (const site of sites) {
      if (site.attributes.get('name') !== region) continue;
      const joints = part.children
        .filter(({ tag }) => tag === 'joint')
        .map((joint) => joint.attributes.get('name') ?? '');
      const [x = 0, y = 0, z = 0] = numbersOf(site, 'size');
      found = { parent: model.name, joints, size: [x, y, z] };
    }
  }
  return found;
}

/** Regions of things that are in no table or floor, by name: those that some object has. */
export function regionSites(
  regions: ReadonlyMap<string, Region>,
  models: readonly ObjectModel[],
): Record<string, LiberoSite> {
  const sites: Record<string, LiberoSite> = {};
  for (const region of regions.keys()) {
    for (const model of models) {
      const site = regionSite(model, region);
      if (site !== null) sites[region] = site;
    }
  }
  return sites;
}

/** A copy of the body that moves, called "main". */
function objectBody(mjcf: Mjcf, file: string): XmlNode {
  for (const outer of mjcf.worldbody.children) {
    const inner = outer.tag === 'body' ? childOf(outer, 'body', 'object') : undefined;
    if (inner === undefined) continue;
    const body = copyXml(inner);
    body.attributes.set('name', 'main');
    return body;
  }
  throw badModel(file, 'expected a body "object" in a body', 'none');
}

/** g0, g1, … by their place among all geoms, where they have no name. */
function nameGeoms(body: XmlNode): void {
  let i = 0;
  for (const { attributes } of elementsOf(body, 'geom')) {
    if (!attributes.has('name')) attributes.set('name', `g${i}`);
    i++;
  }
}

/** A site beside the body that says where the object ends. */
function markerSite(mjcf: Mjcf, name: string, file: string): XmlNode {
  for (const outer of mjcf.worldbody.children) {
    const site = outer.tag === 'body' ? childOf(outer, 'site', name) : undefined;
    if (site !== undefined) return site;
  }
  throw badModel(file, `expected a site "${name}"`, 'none');
}
