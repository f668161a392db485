/**
 * @file What a task looks like: its drawables, and how they sit on the bodies of the physics model. Made from a model without joints,
 * which is compiled for it and closed again; kept for the last few tasks, for all environments of a thread.
 */

import { quaternionToMatrix } from '../../base/rotation.ts';
import type { MujocoModule } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import { reduceScene } from '../rendering/classic/reduce.ts';
import { classicScene } from '../rendering/classic/scene.ts';
import type { ClassicDrawable, ClassicScene } from '../rendering/classic/scene.ts';
import type { LiberoFiles } from './files.ts';
import { modelFiles } from './physics-model.ts';
import type { LiberoTask } from './task-model.ts';
import { elementsOf, numbersOf, readXml, writeXml } from './xml-tree.ts';
import type { XmlNode } from './xml-tree.ts';

/** A scene whose geoms move with bodies. Ids of bodies and sites are those of the physics model, which keeps all of them. */
export interface VisualModel {
  readonly scene: ClassicScene;
  /** Drawables of sites that show a state; their alpha says whether they do. */
  readonly stateSites: readonly ClassicDrawable[];
  /** Geoms of the model that it was made from; a drawable's id is below it. */
  readonly geoms: number;
  /** Per geom its body, its position in the body's frame [3] (metres), and its orientation [3 × 3], row-major. */
  readonly body: Int32Array;
  readonly position: Float64Array;
  readonly orientation: Float64Array;
}

/** Robosuite hides the collision geoms (group 0); MuJoCo shows groups 1 and 2. */
export const SEEN_GROUPS: readonly number[] = [1, 2];
const SITE_GROUPS: readonly number[] = [0, 1, 2];
/** Nothing moves in a model that is only seen; cameras and lights are those of the physics model. */
const NOT_SEEN = new Set('joint freejoint sensor actuator tendon equality contact camera light headlight'.split(' '));
/** Scenes hold tens of megabytes each. */
const MOST_KEPT = 3;

const kept = new WeakMap<LiberoFiles, Map<string, VisualModel>>();
const parts = new WeakMap<LiberoTask, string>();

/** The look of a task. Compiling it takes seconds and hundreds of megabytes of simulator memory, which later models use again. */
export function visualModel(mujoco: MujocoModule, files: LiberoFiles, task: LiberoTask): VisualModel {
  const models = kept.get(files) ?? new Map<string, VisualModel>();
  kept.set(files, models);
  // Tasks that look alike share a model.
  const xml = parts.get(task) ?? visualXml(task.xml);
  parts.set(task, xml);
  const model = models.get(xml) ?? build(mujoco, files, xml, task);
  models.delete(xml);
  models.set(xml, model);
  const [oldest] = models.keys();
  if (models.size > MOST_KEPT) models.delete(oldest!);
  return model;
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
    const shown = new Set(
      Object.values(task.objects).flatMap(({ stateSites }) => Object.values(stateSites).map(({ site }) => site)),
    );
    const ids = new Set([...shown].map((site) => sim.id('site', site)));
    // All other sites are marks for people, which robosuite hides.
    const whole = classicScene(sim, {
      geomGroups: SEEN_GROUPS,
      siteGroups: SITE_GROUPS,
      primitiveCoordinates: 'generated',
    });
    const seen = whole.drawables.filter(({ carrier, id }) => carrier === 'geom' || ids.has(id));
    // Published meshes have eight times the triangles that the cameras' pixels can show.
    const scene = reduceScene({ ...whole, drawables: seen });
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
