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

/** For each number of the action its steps tick by tick, limits' units, of any lengths: 0 behind their ends. */
type Steps = readonly (readonly number[])[];

/** A box and the way to tell where the point in it is. */
export interface WorkspaceGuard {
  readonly name: string;
  /** The numbers of the action that move its point, by index. */
  readonly axes: readonly number[];
  /** Takes in a new state. */
  measure(state: ArrayLike<number>): void;
  /** The robot was told one step; until the next state it is taken to have done it. */
  advance(steps: Steps): void;
  /**
   * How far the planned way leaves the box without its outermost `margin`, metres, 0 where it does not; what is outside now may come back.
   * `from`: the action as it was last told, limits' units.
   */
  outside(from: ArrayLike<number>, steps: Steps, margin: number): number;
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
  return workspace.kind === 'chain' ? new ChainGuard(workspace, embodiment) : new PlanarGuard(workspace, embodiment);
}

/** Joints that are told where to be: what they were told is where they are. */
class ChainGuard implements WorkspaceGuard {
  readonly name: string;
  readonly axes: readonly number[];
  private readonly box: Extract<Workspace, { kind: 'chain' }>;
  private readonly actions: readonly string[];

  constructor(box: Extract<Workspace, { kind: 'chain' }>, { action }: Embodiment) {
    this.name = box.name;
    this.box = box;
    this.actions = action.names;
    this.axes = box.links.flatMap(({ action }) => (action === null ? [] : [this.actions.indexOf(action)]));
  }

  measure(): void {}

  advance(): void {}

  outside(from: ArrayLike<number>, steps: Steps, margin: number): number {
    const { box, actions, axes } = this;
    const at = Array.from(from);
    const here = chainEnd(box.links, actions, at);
    let worst = 0;
    for (let tick = 0; axes.some((axis) => tick < steps[axis]!.length); tick++) {
      for (const axis of axes) at[axis]! += steps[axis]![tick] ?? 0;
      worst = Math.max(worst, distanceOutside(chainEnd(box.links, actions, at), here, box, margin));
    }
    return worst;
  }
}

interface Pose {
  x: number;
  y: number;
  heading: number;
}

/** A base whose steps are in its own frame. */
class PlanarGuard implements WorkspaceGuard {
  readonly name: string;
  readonly axes: readonly number[];
  private readonly box: Extract<Workspace, { kind: 'planar' }>;
  private readonly places: readonly number[];
  private pose: Pose | null = null;

  constructor(box: Extract<Workspace, { kind: 'planar' }>, { action, state }: Embodiment) {
    this.name = box.name;
    this.box = box;
    this.axes = box.action.map((name) => action.names.indexOf(name));
    this.places = box.state.map((name) => state.names.indexOf(name));
  }

  measure(state: ArrayLike<number>): void {
    const [x, y, cosine, sine] = this.places.map((place) => state[place]!);
    this.pose = { x: x!, y: y!, heading: Math.atan2(sine!, cosine!) };
  }

  advance(steps: Steps): void {
    if (this.pose !== null) this.step(this.pose, steps, 0);
  }

  outside(_from: ArrayLike<number>, steps: Steps, margin: number): number {
    if (this.pose === null) return Infinity;
    const pose = { ...this.pose };
    const here = [pose.x, pose.y];
    const longest = Math.max(...this.axes.map((axis) => steps[axis]!.length));
    let worst = 0;
    for (let tick = 0; tick < longest; tick++) {
      this.step(pose, steps, tick);
      worst = Math.max(worst, distanceOutside([pose.x, pose.y], here, this.box, margin));
    }
    return worst;
  }

  private step(pose: Pose, steps: Steps, tick: number): void {
    const [ahead, aside, around] = this.axes.map((axis) => steps[axis]![tick] ?? 0);
    const [cosine, sine] = [Math.cos(pose.heading), Math.sin(pose.heading)];
    pose.x += cosine * ahead! - sine * aside!;
    pose.y += sine * ahead! + cosine * aside!;
    pose.heading += around!;
  }
}

/** How far outside the box, made larger so that it holds `here`, along the worst axis. */
function distanceOutside(
  point: readonly number[],
  here: readonly number[],
  { low, high }: { readonly low: readonly number[]; readonly high: readonly number[] },
  margin: number,
): number {
  let worst = 0;
  for (let k = 0; k < point.length; k++) {
    const least = Math.min(low[k]! + margin, here[k]!);
    const most = Math.max(high[k]! - margin, here[k]!);
    worst = Math.max(worst, least - point[k]!, point[k]! - most);
  }
  return worst;
}
