/**
 * @file What a task looks like: its drawables, and how they sit on the bodies of the physics model. Made from a model without joints,
 * which is compiled for it and closed again; kept for the last few tasks, for all environments of a thread, and between runs where
 * there is a place for it.
 */

import { quaternionToMatrix } from '../../base/rotation.ts';
import type { MujocoModule } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import { FOR_256, reduceScene } from '../rendering/classic/reduce.ts';
import { SCENE_FILE_VERSION } from '../rendering/classic/scene-file.ts';
import { classicScene } from '../rendering/classic/scene.ts';
import type { ClassicOptions } from '../rendering/classic/scene.ts';
import type { DerivedKey, DerivedStore } from './derived-store.ts';
import type { LiberoFiles } from './files.ts';
import { decodeLook, encodeLook } from './look-file.ts';
import type { VisualModel } from './look-file.ts';
import { modelFiles } from './physics-model.ts';
import type { LiberoTask } from './task-model.ts';
import { elementsOf, numbersOf, readXml, writeXml } from './xml-tree.ts';
import type { XmlNode } from './xml-tree.ts';

/** Robosuite hides the collision geoms (group 0); MuJoCo shows groups 1 and 2. */
export const SEEN_GROUPS: readonly number[] = [1, 2];
const OPTIONS: ClassicOptions = {
  geomGroups: SEEN_GROUPS,
  siteGroups: [0, 1, 2],
  primitiveCoordinates: 'generated',
};
/** Raised with every change of the code that makes looks out of models: `build`, `classicScene`, `reduceScene`, `encodeLook`. */
export const LOOK_VERSION = 1;
/** Nothing moves in a model that is only seen; cameras and lights are those of the physics model. */
const NOT_SEEN = new Set('joint freejoint sensor actuator tendon equality contact camera light headlight'.split(' '));
/** Scenes hold tens of megabytes each. */
const MOST_KEPT = 3;

const kept = new WeakMap<LiberoFiles, Map<string, VisualModel>>();
const parts = new WeakMap<LiberoTask, string>();

/** Where looks are kept between runs. */
export interface LookKeeping {
  readonly store: DerivedStore;
  /** The task as published. Only its look is kept: perturbed ones that look otherwise are many, and are seen once. */
  readonly usual: LiberoTask;
}

/**
 * The look of a task. Making it takes seconds and hundreds of megabytes of simulator memory, which later models use again; one that was
 * kept (`keeping`) takes neither, and gives the same pictures.
 */
export function visualModel(
  mujoco: MujocoModule,
  files: LiberoFiles,
  task: LiberoTask,
  keeping: LookKeeping | null = null,
): VisualModel {
  const models = kept.get(files) ?? new Map<string, VisualModel>();
  kept.set(files, models);
  // Tasks that look alike share a model.
  const xml = partSeen(task);
  const model = models.get(xml) ?? find(mujoco, files, task, keeping);
  models.delete(xml);
  models.set(xml, model);
  const [oldest] = models.keys();
  if (models.size > MOST_KEPT) models.delete(oldest!);
  return model;
}

function find(mujoco: MujocoModule, files: LiberoFiles, task: LiberoTask, keeping: LookKeeping | null): VisualModel {
  const xml = partSeen(task);
  const make = (): Uint8Array => encodeLook(build(mujoco, files, xml, task));
  const known = keeping !== null && xml === partSeen(keeping.usual);
  // By way of its bytes in any case, so that pictures do not depend on whether it was kept.
  return decodeLook(known ? keeping.store.get(keyOf(mujoco, files, xml, task), make) : make());
}

/** All that a look is made of. */
function keyOf(mujoco: MujocoModule, files: LiberoFiles, xml: string, task: LiberoTask): DerivedKey {
  const rules = { options: OPTIONS, reduction: FOR_256, scene: SCENE_FILE_VERSION, mujoco: mujoco.mj_versionString() };
  const named = Object.entries(modelFiles(files, xml)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    kind: 'look',
    version: LOOK_VERSION,
    inputs: [JSON.stringify(rules), xml, ...sitesShown(task), ...named.flat()],
  };
}

/** The sites that show a state. */
function sitesShown({ objects }: LiberoTask): string[] {
  const sites = Object.values(objects).flatMap(({ stateSites }) => Object.values(stateSites).map(({ site }) => site));
  return [...new Set(sites)].toSorted();
}

function partSeen(task: LiberoTask): string {
  const xml = parts.get(task) ?? visualXml(task.xml);
  parts.set(task, xml);
  return xml;
}

/** The part of a model that is seen, on bodies that do not move. Bodies and sites keep their ids. */
function visualXml(xml: string): string {
  const root = readXml(xml, 'visualXml');
  const seen = (geom: XmlNode): boolean => SEEN_GROUPS.includes(numbersOf(geom, 'group')[0] ?? 0);
  keep(root, (node) => !NOT_SEEN.has(node.tag) && (node.tag !== 'geom' || seen(node)));
  const used = new Set([...elementsOf(root, 'geom')].map(({ attributes }) => attributes.get('mesh')));
  keep(root, ({ tag, attributes }) => tag !== 'mesh' || used.has(attributes.get('name')));
  return writeXml(root);
}

function keep(node: XmlNode, stays: (child: XmlNode) => boolean): void {
  node.children.splice(0, node.children.length, ...node.children.filter(stays));
  for (const child of node.children) keep(child, stays);
}

function build(mujoco: MujocoModule, files: LiberoFiles, xml: string, task: LiberoTask): VisualModel {
  const sim = Sim.fromXml(mujoco, xml, { files: modelFiles(files, xml), arena: '1M' });
  try {
    const ids = new Set(sitesShown(task).map((site) => sim.id('site', site)));
    // All other sites are marks for people, which robosuite hides.
    const whole = classicScene(sim, OPTIONS);
    const seen = whole.drawables.filter(({ carrier, id }) => carrier === 'geom' || ids.has(id));
    // Published meshes have eight times the triangles that the cameras' pixels can show.
    const scene = reduceScene({ ...whole, drawables: seen }, FOR_256);
    return {
      scene,
      stateSites: scene.drawables.filter(({ carrier }) => carrier === 'site'),
      geoms: sim.count('ngeom'),
      body: sim.model('geom_bodyid').slice(),
      position: sim.model('geom_pos').slice(),
      orientation: matrices(sim.model('geom_quat')),
    };
  } finally {
    sim.close();
  }
}

/** Quaternions (w, x, y, z) behind each other to row-major matrices. */
function matrices(quaternions: Float64Array): Float64Array {
  const out = new Float64Array((9 * quaternions.length) / 4);
  for (let i = 0; 4 * i < quaternions.length; i++) {
    const [w, x, y, z] = quaternions.subarray(4 * i, 4 * i + 4);
    out.set(quaternionToMatrix([w!, x!, y!, z!]), 9 * i);
  }
  return out;
}
