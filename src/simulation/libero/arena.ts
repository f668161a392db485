/** @file The arena of a workspace: its MJCF file with LIBERO's textures, table, cameras and regions in it. */

import type { Region } from './bddl.ts';
import type { LiberoFiles } from './files.ts';
import { badModel, colourCollisionGeoms, readMjcf } from './mjcf-file.ts';
import type { Mjcf } from './mjcf-file.ts';
import { LIBERO_ASSETS } from './object-catalogue.ts';
import type { LiberoSite } from './task-model.ts';
import type { Workspace } from './workspaces.ts';
import { childOf, elementsOf, setAttributes, xmlNode } from './xml-tree.ts';
import type { XmlNode } from './xml-tree.ts';

/** robosuite's colour for collision geoms of arenas. */
const COLLISION_COLOUR = '0.5 0.5 0 1';
/** Half the height of a region's site, metres. */
const REGION_HALF_HEIGHT = 0.007;
const LEG_RADIUS = 0.025;
const LEG_INSET = 0.1;

/** An arena that regions can be added to. */
export interface Arena {
  readonly mjcf: Mjcf;
  /** Adds the site of a region of the surface. */
  addRegion(name: string, region: Region): LiberoSite;
}

/** Reads and builds the arena. */
export function buildArena(files: LiberoFiles, workspace: Workspace): Arena {
  const path = `${LIBERO_ASSETS}/${workspace.scene}`;
  const mjcf = readMjcf(files, path);
  colourCollisionGeoms(mjcf.worldbody, COLLISION_COLOUR, 'floor');
  const find = (parent: XmlNode, tag: string, name: string): XmlNode => {
    const found = childOf(parent, tag, name);
    if (found === undefined) throw badModel(path, `expected <${tag} name="${name}">`, 'none');
    return found;
  };
  const body = find(mjcf.worldbody, 'body', workspace.body);
  if (workspace.table !== null) {
    setAttributes(find(mjcf.worldbody, 'geom', 'floor'), { pos: [0, 0, 0] });
    buildTable((tag, name) => find(body, tag, name), body, workspace.table, workspace.offset);
  }
  setTexture(find(mjcf.asset, 'texture', 'texplane'), workspace.floorTexture);
  setTexture(find(mjcf.asset, 'texture', 'tex-wall'), workspace.wallTexture);
  setCameras(mjcf.worldbody, workspace.cameras);
  return { mjcf, addRegion: (name, region) => addRegion(body, workspace, name, region) };
}

function buildTable(
  part: (tag: string, name: string) => XmlNode,
  body: XmlNode,
  { fullSize, friction }: NonNullable<Workspace['table']>,
  [x, y, z]: Workspace['offset'],
): void {
  const half = fullSize.map((length) => length / 2) as [number, number, number];
  setAttributes(body, { pos: [x, y, -half[2] + z] });
  setAttributes(part('geom', 'table_collision'), { size: half, friction });
  setAttributes(part('geom', 'table_visual'), { size: half });
  setAttributes(part('site', 'table_top'), { pos: [0, 0, half[2]] });
  const legHalf = (z - half[2]) / 2;
  const signs = [
    [1, 1],
    [-1, 1],
    [-1, -1],
    [1, -1],
  ] as const;
  signs.forEach(([signX, signY], i) => {
    setAttributes(part('geom', `table_leg${i + 1}_visual`), {
      pos: [legAt(signX, half[0]), legAt(signY, half[1]), -legHalf],
      size: [LEG_RADIUS, legHalf],
    });
  });
}

/** Near the edge; in the middle where the table is too short for that. */
function legAt(sign: 1 | -1, half: number): number {
  return half > LEG_INSET * 2 ? sign * half - sign * LEG_INSET : 0;
}

function setTexture(texture: XmlNode, file: string): void {
  const old = texture.attributes.get('file') ?? '';
  texture.attributes.set('file', old.slice(0, old.lastIndexOf('/') + 1) + file);
}

function setCameras(worldbody: XmlNode, cameras: Workspace['cameras']): void {
  for (const [name, pose] of Object.entries(cameras)) {
    let camera = [...elementsOf(worldbody, 'camera')].find((one) => one.attributes.get('name') === name);
    if (camera === undefined) {
      camera = xmlNode('camera', { name });
      worldbody.children.push(camera);
    }
    setAttributes(camera, { pos: pose.pos, quat: pose.quat });
  }
}

function addRegion(body: XmlNode, { regionOffset }: Workspace, name: string, region: Region): LiberoSite {
  const [first] = region.ranges;
  if (first === undefined) {
    throw badModel(`The region "${name}"`, 'expected (:ranges …), as for every region of the workspace', 'none');
  }
  const [x0, y0, x1, y1] = first;
  const size: [number, number, number] = [(x1 - x0) / 2, (y1 - y0) / 2, REGION_HALF_HEIGHT];
  const site = xmlNode('site', { name, type: 'box' });
  setAttributes(site, {
    pos: [(x1 + x0) / 2 + regionOffset[0], (y1 + y0) / 2 + regionOffset[1], regionOffset[2]],
    quat: [1, 0, 0, 0],
    size,
    rgba: region.rgba,
  });
  body.children.push(site);
  return { parent: null, joints: [], size };
}
