/** @file Where a robot's point is along a planned way, and how far that is outside its box. */

import {
  axisAngleToQuaternion,
  eulerToQuaternion,
  multiplyMatrices,
  quaternionToMatrix,
  type Matrix3,
  type Vector3,
} from '../../base/rotation.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { ChainLink, Workspace } from '../../interfaces/motion-limits.ts';

/** A box and the way to tell where the point in it is. */
export interface WorkspaceGuard {
  readonly name: string;
  /** The numbers of the action that move its point, by index. */
  readonly axes: readonly number[];
  /**
   * How far the planned way leaves the box, metres, 0 where it does not; what is outside now may come back. `from`: the action as it was
   * last told, limits' units; `velocities`: for each number of the action its steps tick by tick, of any lengths (0 behind their ends).
   */
  outside(from: ArrayLike<number>, state: ArrayLike<number> | null, velocities: readonly (readonly number[])[]): number;
}

/** Where the end of the chain is, metres, for these values of its actions (radians, metres), by the names' places in `actions`. */
export function chainEnd(links: readonly ChainLink[], actions: readonly string[], values: ArrayLike<number>): Vector3 {
  let [x, y, z] = [0, 0, 0];
  let turned: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const shift = ([dx, dy, dz]: Vector3): void => {
    x += turned[0] * dx + turned[1] * dy + turned[2] * dz;
    y += turned[3] * dx + turned[4] * dy + turned[5] * dz;
    z += turned[6] * dx + turned[7] * dy + turned[8] * dz;
  };
  for (const { action, joint, position, rotation, axis } of links) {
    shift(position);
    if (rotation.some((angle) => angle !== 0)) {
      turned = multiplyMatrices(turned, quaternionToMatrix(eulerToQuaternion(rotation)));
    }
    if (action === null) continue;
    const value = values[actions.indexOf(action)]!;
    const move: Vector3 = [axis[0] * value, axis[1] * value, axis[2] * value];
    if (joint === 'prismatic') shift(move);
    else turned = multiplyMatrices(turned, quaternionToMatrix(axisAngleToQuaternion(move)));
  }
  return [x, y, z];
}

/** The guard of a workspace; the embodiment has the names (see `checkLimits`). */
export function guardOf(workspace: Workspace, embodiment: Embodiment): WorkspaceGuard {
  const { low, high, name } = workspace;
  const actions = embodiment.action.names;
  if (workspace.kind === 'chain') {
    const { links } = workspace;
    const used = links.flatMap(({ action }) => (action === null ? [] : [actions.indexOf(action)]));
    return {
      name,
      axes: used,
      outside(from, _state, velocities) {
        const at = Array.from(from);
        const here = chainEnd(links, actions, at);
        let worst = 0;
        for (let tick = 0; used.some((axis) => tick < velocities[axis]!.length); tick++) {
          for (const axis of used) at[axis]! += velocities[axis]![tick] ?? 0;
          worst = Math.max(worst, distanceOutside(chainEnd(links, actions, at), here, low, high));
        }
        return worst;
      },
    };
  }
  const [ahead, aside, around] = workspace.action.map((each) => actions.indexOf(each));
  const places = workspace.state.map((each) => embodiment.state.names.indexOf(each));
  return {
    name,
    axes: [ahead!, aside!, around!],
    outside(_from, state, velocities) {
      if (state === null) return Infinity;
      let [x, y] = [state[places[0]!]!, state[places[1]!]!];
      let heading = Math.atan2(state[places[3]!]!, state[places[2]!]!);
      const here = [x, y];
      const longest = Math.max(...[ahead, aside, around].map((axis) => velocities[axis!]!.length));
      let worst = 0;
      for (let tick = 0; tick < longest; tick++) {
        const [dx, dy] = [velocities[ahead!]![tick] ?? 0, velocities[aside!]![tick] ?? 0];
        x += Math.cos(heading) * dx - Math.sin(heading) * dy;
        y += Math.sin(heading) * dx + Math.cos(heading) * dy;
        heading += velocities[around!]![tick] ?? 0;
        worst = Math.max(worst, distanceOutside([x, y], here, low, high));
      }
      return worst;
    },
  };
}

/** How far outside the box that also holds `here`, along the worst axis. */
function distanceOutside(
  point: readonly number[],
  here: readonly number[],
  low: readonly number[],
  high: readonly number[],
): number {
  let worst = 0;
  for (let k = 0; k < point.length; k++) {
    worst = Math.max(worst, Math.min(low[k]!, here[k]!) - point[k]!, point[k]! - Math.max(high[k]!, here[k]!));
  }
  return worst;
}
