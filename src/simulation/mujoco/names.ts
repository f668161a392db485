/** @file Names of bodies, joints, geoms … to their ids, with the nearest name when there is none. */

import { lookUp } from '../../base/errors.ts';
import type { MjModel } from '@mujoco/mujoco';
import type { MujocoModule } from './module.ts';

/** Kinds of named objects that a model holds. */
export type ObjectKind = 'body' | 'joint' | 'geom' | 'site' | 'camera' | 'light' | 'actuator' | 'material' | 'mesh';

/** Per kind: name → id. Unnamed objects are absent. */
export type NameTable = Readonly<Record<ObjectKind, Readonly<Record<string, number>>>>;

/** Reads all names of a model once. */
export function readNames(mujoco: MujocoModule, model: MjModel): NameTable {
  const kinds = mujoco.mjtObj;
  const table = (type: { value: number }, count: number): Record<string, number> => {
    const names: [string, number][] = [];
    for (let id = 0; id < count; id++) {
      const name = mujoco.mj_id2name(model, type.value, id);
      if (name) names.push([name, id]);
    }
    return Object.fromEntries(names);
  };
  return {
    body: table(kinds.mjOBJ_BODY, model.nbody),
    joint: table(kinds.mjOBJ_JOINT, model.njnt),
    geom: table(kinds.mjOBJ_GEOM, model.ngeom),
    site: table(kinds.mjOBJ_SITE, model.nsite),
    camera: table(kinds.mjOBJ_CAMERA, model.ncam),
    light: table(kinds.mjOBJ_LIGHT, model.nlight),
    actuator: table(kinds.mjOBJ_ACTUATOR, model.nactuator),
    material: table(kinds.mjOBJ_MATERIAL, model.nmat),
    mesh: table(kinds.mjOBJ_MESH, model.nmesh),
  };
}

/** The id of a named object; a miss is a `not-found` error that suggests the nearest name. */
export function idOf(names: NameTable, kind: ObjectKind, name: string): number {
  return lookUp(`Sim: ${kind} name`, name, names[kind]);
}
