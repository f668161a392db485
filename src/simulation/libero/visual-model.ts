/**
 * @file What a task looks like: its drawables, and how they sit on the bodies of the physics model. Made from a model without joints,
 * which is compiled for it and closed again; kept for the last few tasks, for all environments of a thread.
 */

import type { MujocoModule } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import { extractScene } from '../rendering/scene.ts';
import type { Scene } from '../rendering/scene.ts';
import type { LiberoFiles } from './files.ts';
import { modelFiles } from './physics-model.ts';
import type { LiberoTask } from './task-model.ts';
import { elementsOf, numbersOf, readXml, writeXml } from './xml-tree.ts';
import type { XmlNode } from './xml-tree.ts';

/** A scene whose geoms move with bodies. The ids of bodies are those of the physics model: it keeps all of them. */
export interface VisualModel {
  readonly scene: Scene;
  /** Geoms of the model that it was made from; a drawable's `geom` is below it. */
  readonly geoms: number;
  /** Per geom its body, its position in the body's frame [3] (metres), and its orientation [4] (w, x, y, z). */
  readonly body: Int32Array;
  readonly position: Float64Array;
  readonly orientation: Float64Array;
}

/** Robosuite hides the collision geoms (group 0); MuJoCo shows groups 1 and 2. */
export const SEEN_GROUPS: readonly number[] = [1, 2];
/** Nothing moves in a model that is only seen. */
const MOVING = new Set(['joint', 'freejoint', 'sensor', 'actuator', 'tendon', 'equality', 'contact']);
/** Scenes hold tens of megabytes each. */
const MOST_KEPT = 3;

const kept = new WeakMap<LiberoFiles, Map<string, VisualModel>>();

/** The look of a task. Compiling it takes seconds and hundreds of megabytes of simulator memory, which later models use again. */
export function visualModel(mujoco: MujocoModule, files: LiberoFiles, task: LiberoTask): VisualModel {
  const models = kept.get(files) ?? new Map<string, VisualModel>();
  kept.set(files, models);
  const key = `${task.suite}/${task.name}`;
  const model = models.get(key) ?? build(mujoco, files, task);
  models.delete(key);
  models.set(key, model);
  const [oldest] = models.keys();
  if (models.size > MOST_KEPT) models.delete(oldest!);
  return model;
}

/** The part of a model that is seen, on bodies that do not move. Bodies keep their ids. */
function visualXml(xml: string): string {
  const root = readXml(xml, 'visualXml');
  const seen = (geom: XmlNode): boolean => SEEN_GROUPS.includes(numbersOf(geom, 'group')[0] ?? 0);
  keep(root, (node) => !MOVING.has(node.tag) && (node.tag !== 'geom' || seen(node)));
  const used = new Set([...elementsOf(root, 'geom')].map(({ attributes }) => attributes.get('mesh')));
  keep(root, ({ tag, attributes }) => tag !== 'mesh' || used.has(attributes.get('name')));
  return writeXml(root);
}

function keep(node: XmlNode, stays: (child: XmlNode) => boolean): void {
  node.children.splice(0, node.children.length, ...node.children.filter(stays));
  for (const child of node.children) keep(child, stays);
}

function build(mujoco: MujocoModule, files: LiberoFiles, task: LiberoTask): VisualModel {
  const xml = visualXml(task.xml);
  const sim = Sim.fromXml(mujoco, xml, { files: modelFiles(files, xml), arena: '1M' });
  try {
    return {
      scene: extractScene(sim, SEEN_GROUPS),
      geoms: sim.count('ngeom'),
      body: sim.model('geom_bodyid').slice(),
      position: sim.model('geom_pos').slice(),
      orientation: sim.model('geom_quat').slice(),
    };
  } finally {
    sim.close();
  }
}
