/**
 * @file The Panda as robosuite 1.4.0 and LIBERO build it: arm, gripper and pedestal in one MJCF, standing where a workspace has
 * its robot (robosuite/models/robots, libero/envs/robots).
 */

import type { LiberoFiles } from './files.ts';
import { addPrefix, badModel, colourCollisionGeoms, isContactGroup, isJoint, merge } from './mjcf-file.ts';
import { positionOf, readMjcf } from './mjcf-file.ts';
import type { Mjcf } from './mjcf-file.ts';
import type { Workspace } from './workspaces.ts';
import { childOf, elementsOf, setAttributes } from './xml-tree.ts';
import type { XmlNode } from './xml-tree.ts';

/** Of robosuite's trees in `LiberoFiles`. */
export const ROBOSUITE_ASSETS = 'robosuite/robosuite/models/assets';

/** Nm·s/rad, by joint. */
const DAMPING = [0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01];
const FRICTION_LOSS = 0.1;
const FIRST_ARMATURE = 5;
const HAND = 'robot0_right_hand';

/** A file of bodies, its names with a prefix. */
interface Part {
  readonly mjcf: Mjcf;
  readonly rootBody: XmlNode;
}

/** Reads and joins the parts. */
export function buildPanda(files: LiberoFiles, workspace: Workspace): Mjcf {
  const arm = readPart(files, 'robots/panda/robot.xml', 'robot0_', '0 0.5 0 1');
  setJoints(arm);
  const [x, y, z] = workspace.robotBase;
  // The arm's base stands on the pedestal's top; the pedestal's feet, or the base itself, stand on the ground.
  let height = positionOf(arm.rootBody)[2];
  if (workspace.pedestal) {
    const pedestal = readPart(files, 'mounts/rethink_mount.xml', 'mount0_', '0.5 0.5 0 1');
    const top = -0.01;
    const feet = positionOf(pedestal.rootBody)[2];
    setAttributes(pedestal.rootBody, { pos: [0, 0, height - top] });
    merge(arm.mjcf, pedestal.mjcf, arm.rootBody);
    height += feet - top;
  } else {
    const nothing = readPart(files, 'mounts/null_mount.xml', 'mount0_', '0.5 0.5 0 1');
    merge(arm.mjcf, nothing.mjcf, arm.rootBody);
  }
  const gripper = readPart(files, 'grippers/panda_gripper.xml', 'gripper0_', '0 0 0.5 1');
  merge(arm.mjcf, gripper.mjcf, hand(arm));
  setAttributes(arm.rootBody, { pos: [x, y, z - height] });
  return arm.mjcf;
}

function readPart(files: LiberoFiles, file: string, prefix: string, collisionColour: string): Part {
  const path = `${ROBOSUITE_ASSETS}/${file}`;
  const mjcf = readMjcf(files, path);
  const rootBody = childOf(mjcf.worldbody, 'body');
  if (rootBody === undefined) throw badModel(path, 'expected a <body>', 'none');
  nameGeoms(mjcf.root);
  addPrefix(mjcf.root, prefix);
  colourCollisionGeoms(mjcf.worldbody, collisionColour);
  return { mjcf, rootBody };
}

/** g0_col, g1_col, … and g0_vis, g1_vis, … for geoms without a name. */
function nameGeoms(root: XmlNode): void {
  const counts = { col: 0, vis: 0 };
  for (const { attributes } of elementsOf(root, 'geom')) {
    if (attributes.has('name')) continue;
    const kind = isContactGroup(attributes.get('group')) ? 'col' : 'vis';
    attributes.set('name', `g${counts[kind]++}_${kind}`);
  }
}

/** Damping always; friction and armature where the file says nothing. */
function setJoints({ mjcf }: Part): void {
  [...elementsOf(mjcf.worldbody)].filter(isJoint).forEach((joint, i) => {
    const own = joint.attributes;
    if (!own.has('frictionloss')) setAttributes(joint, { frictionloss: [FRICTION_LOSS] });
    if (!own.has('armature')) setAttributes(joint, { armature: [FIRST_ARMATURE / (i + 1)] });
    setAttributes(joint, { damping: [DAMPING[i]!] });
  });
}

function hand({ mjcf }: Part): XmlNode {
  for (const body of elementsOf(mjcf.worldbody, 'body')) if (body.attributes.get('name') === HAND) return body;
  throw badModel(`${ROBOSUITE_ASSETS}/robots/panda/robot.xml`, 'expected a body "right_hand"', 'none');
}
