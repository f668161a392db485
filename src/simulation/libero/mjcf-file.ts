/**
 * @file MJCF files as robosuite 1.4.0 reads and merges them (robosuite/models/base.py, utils/mjcf_utils.py at c57e282): defaults
 * written into the elements, names with a prefix, assets once.
 */

import { VlaError } from '../../base/errors.ts';
import type { LiberoFiles } from './files.ts';
import { childOf, elementsOf, numbersOf, readXml, xmlNode } from './xml-tree.ts';
import type { XmlNode } from './xml-tree.ts';

/** The sections that robosuite merges, in the order in which it adds those that a file lacks. */
const SECTIONS = ['worldbody', 'actuator', 'sensor', 'asset', 'tendon', 'equality', 'contact'] as const;

type Section = (typeof SECTIONS)[number];

/** An MJCF document and its sections, none of which is missing. */
export type Mjcf = Readonly<Record<Section, XmlNode>> & { readonly root: XmlNode };

/** Attributes that name something. */
const NAMING = (
  'class childclass name objname material texture joint joint1 joint2 jointinparent geom geom1 geom2 mesh fixed actuator ' +
  'tendon tendon1 tendon2 slidesite cranksite body body1 body2 hfield target prefix site'
).split(' ');

/** Reads a file: no default classes are left in it, and its assets' files are paths of `files`. */
export function readMjcf(files: LiberoFiles, path: string): Mjcf {
  const root = readXml(new TextDecoder().decode(files.read(path)), path);
  if (root.tag !== 'mujoco') throw badModel(path, 'expected <mujoco>', `<${root.tag}>`);
  const sections = Object.fromEntries(
    SECTIONS.map((tag) => {
      const section = childOf(root, tag) ?? xmlNode(tag);
      if (!root.children.includes(section)) root.children.push(section);
      return [tag, section];
    }),
  ) as Record<Section, XmlNode>;
  writeDefaults(root, path);
  const folder = path.slice(0, path.lastIndexOf('/'));
  for (const asset of sections.asset.children) {
    const file = asset.attributes.get('file');
    if (file !== undefined) asset.attributes.set('file', normalPath(`${folder}/${file}`, path));
  }
  return { root, ...sections };
}

/** Puts a prefix before everything that is named or names something, where it is not there already. */
export function addPrefix(root: XmlNode, prefix: string): void {
  for (const { attributes } of elementsOf(root)) {
    for (const name of NAMING) {
      const value = attributes.get(name);
      if (value !== undefined && !value.startsWith(prefix)) attributes.set(name, prefix + value);
    }
  }
}

/** Adds what another document has: its bodies below `parent`, its assets where no asset of that name is there yet. */
export function merge(into: Mjcf, other: Mjcf, parent: XmlNode = into.worldbody): void {
  parent.children.push(...other.worldbody.children);
  mergeAssets(into, other);
  for (const tag of ['actuator', 'sensor', 'tendon', 'equality', 'contact'] as const) {
    into[tag].children.push(...other[tag].children);
  }
}

/** An asset with the tag and name of one that is there already, or a second one without a name, is left out. */
export function mergeAssets(into: Mjcf, other: Mjcf): void {
  for (const asset of other.asset.children) {
    const name = asset.attributes.get('name');
    const known = into.asset.children.some((one) => one.tag === asset.tag && one.attributes.get('name') === name);
    if (!known) into.asset.children.push(asset);
  }
}

/** Gives collision geoms a colour instead of their material. */
export function colourCollisionGeoms(root: XmlNode, rgba: string, except?: string): void {
  for (const { attributes } of elementsOf(root, 'geom')) {
    if (!isContactGroup(attributes.get('group')) || (except !== undefined && attributes.get('name') === except))
      continue;
    attributes.set('rgba', rgba);
    attributes.delete('material');
  }
}

/** Whether geoms of this group are for collisions. */
export function isContactGroup(group: string | undefined): boolean {
  return group === undefined || group === '0';
}

/** Joints of bodies; tendons and equalities have elements of the same tag. */
export function isJoint({ tag, attributes }: XmlNode): boolean {
  return tag === 'joint' && !attributes.has('joint') && !attributes.has('joint1');
}

/** Where an element is in its parent, metres. */
export function positionOf(node: XmlNode): [x: number, y: number, z: number] {
  const [x = 0, y = 0, z = 0] = numbersOf(node, 'pos');
  return [x, y, z];
}

/** A file that does not hold what composition needs of it. */
export function badModel(path: string, expected: string, got: string): VlaError {
  return new VlaError('bad-data', `${path}: ${expected}, got ${got}.`, {
    hint: 'The files must be those of LIBERO at 8f1084e and robosuite 1.4.0; fetch them again.',
  });
}

/** One level of classes, as in robosuite: an element takes what its own class says of its tag. */
function writeDefaults(root: XmlNode, path: string): void {
  const defaults = childOf(root, 'default');
  if (defaults !== undefined) root.children.splice(root.children.indexOf(defaults), 1);
  const classes = new Map((defaults?.children ?? []).map((one) => [one.attributes.get('class'), one]));
  for (const { tag, attributes } of elementsOf(root)) {
    const name = attributes.get('class');
    if (name === undefined) continue;
    attributes.delete('class');
    const found = classes.get(name);
    if (found === undefined) throw badModel(path, `expected a default class "${name}"`, 'none');
    const values = found.children.findLast((child) => child.tag === tag)?.attributes ?? [];
    for (const [key, value] of values) if (!attributes.has(key)) attributes.set(key, value);
  }
}

function normalPath(path: string, from: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw badModel(from, 'expected a file inside the trees', `"${path}"`);
  }
  return parts.join('/');
}
