/** @file A LIBERO episode in a MuJoCo simulation as the experts see it. */

import { invariant, lookUp } from '../../../base/errors.ts';
import { matrixToQuaternion, quaternionToMatrix } from '../../../base/rotation.ts';
import type { Quaternion, Vector3 } from '../../../base/rotation.ts';
import type { Sim } from '../../mujoco/sim.ts';
import type { LiberoObject, LiberoTask, Proposition } from '../task-model.ts';
import { corners, placed, subtract } from './geometry.ts';
import type { HandState, Hinge, Part, Piece, Pose, Scene } from './scene.ts';

const BASE = 'robot0_base';
const GRIP_SITE = 'gripper0_grip_site';
const FINGERS = ['gripper0_finger1', 'gripper0_finger2'] as const;
const FINGER_JOINTS = ['gripper0_finger_joint1', 'gripper0_finger_joint2'] as const;
/** Controls of the two fingers: the last two actuators, positions in metres, the second negative. */
const FINGER_CONTROLS = 2;
/** mjtGeom. */
const MESH = 7;

/** A box in a body's frame. */
interface Box {
  readonly body: number;
  readonly low: Vector3;
  readonly high: Vector3;
}

/** An object's geometry, read once. */
interface Solid {
  readonly root: number;
  readonly geoms: ReadonlySet<number>;
  /** One per body with collision geoms. */
  readonly parts: readonly Box[];
}

/** Reads the experts' view out of a simulation; one per compiled task. Call `moved` whenever the simulation has moved. */
export class SimScene implements Scene {
  readonly task: LiberoTask;
  readonly holds: (proposition: Proposition) => boolean;
  private readonly sim: Sim;
  private readonly solids = new Map<string, Solid>();
  private readonly boxes = new Map<number, { low: Vector3; high: Vector3 }>();
  private readonly fingers: readonly ReadonlySet<number>[];
  /** What was worked out of the present moment, by question. */
  private readonly asked = new Map<string, unknown>();

  /** `holds` says whether a proposition is true now. */
  constructor(sim: Sim, task: LiberoTask, holds: (proposition: Proposition) => boolean) {
    this.sim = sim;
    this.task = task;
    this.holds = holds;
    this.fingers = FINGERS.map(
      (finger) => new Set(['collision', 'pad_collision'].map((part) => sim.id('geom', `${finger}_${part}`))),
    );
  }

  get base(): Vector3 {
    return three(this.sim.data('xpos'), this.sim.id('body', BASE));
  }

  get hand(): HandState {
    const { sim } = this;
    const qpos = sim.data('qpos');
    const [left, right] = FINGER_JOINTS.map((name) => qpos[sim.model('jnt_qposadr')[sim.id('joint', name)]!]!);
    const velocities = sim.data('qvel');
    const [leftSpeed, rightSpeed] = FINGER_JOINTS.map(
      (name) => velocities[sim.model('jnt_dofadr')[sim.id('joint', name)]!]!,
    );
    const control = sim.data('ctrl').slice(-FINGER_CONTROLS);
    return {
      ...this.sitePose(GRIP_SITE),
      gap: left! - right!,
      gapGoal: control[0]! - control[1]!,
      gapSpeed: leftSpeed! - rightSpeed!,
    };
  }

  /** The simulation has moved: what was read of it is old. */
  moved(): void {
    this.asked.clear();
  }

  object(name: string): Part {
    return this.once(`object ${name}`, () => {
      const { root, parts } = this.solid(name);
      const pose = this.bodyPose(root);
      const boxes = parts.map((part) => inFrame(pose, this.worldPart(part)));
      return { ...pose, ...around(boxes.flatMap(({ low, high }) => [low, high])) };
    });
  }

  parts(name: string): readonly Piece[] {
    return this.once(`parts ${name}`, () => this.solid(name).parts.map((part) => this.worldPart(part)));
  }

  shapes(name: string): readonly Piece[] {
    return this.once(`shapes ${name}`, () => [...this.solid(name).geoms].map((geom) => this.shape(geom)));
  }

  site(name: string): Part {
    const { size } = lookUp('LIBERO region', name, this.task.sites);
    return { ...this.sitePose(name), low: [-size[0], -size[1], -size[2]], high: size };
  }

  joint(name: string): Hinge {
    const { sim } = this;
    const id = sim.id('joint', name);
    const body = sim.model('jnt_bodyid')[id]!;
    return {
      value: sim.data('qpos')[sim.model('jnt_qposadr')[id]!]!,
      axis: three(sim.data('xaxis'), id),
      shapes: this.collisionGeoms(body).map((geom) => this.shape(geom)),
    };
  }

  pinched(name: string): boolean {
    const { geoms } = this.solid(name);
    const contacts = this.once('contacts', () => this.sim.contacts());
    return this.fingers.every((finger) =>
      contacts.some(
        ({ geom1, geom2 }) => (finger.has(geom1) && geoms.has(geom2)) || (finger.has(geom2) && geoms.has(geom1)),
      ),
    );
  }

  private once<T>(question: string, answer: () => T): T {
    if (!this.asked.has(question)) this.asked.set(question, answer());
    return this.asked.get(question) as T;
  }

  private solid(name: string): Solid {
    const known = this.solids.get(name);
    if (known !== undefined) return known;
    const { sim } = this;
    const { rootBody, contactGeoms }: LiberoObject = lookUp('LIBERO object', name, this.task.objects);
    // What is only seen is not in a physics model.
    const there = new Set(sim.namesOf('geom'));
    const geoms = new Set(contactGeoms.filter((geom) => there.has(geom)).map((geom) => sim.id('geom', geom)));
    const boxes = new Map<number, Vector3[]>();
    for (const geom of geoms) {
      const { body, low, high } = geomBox(sim, geom);
      boxes.set(body, [...(boxes.get(body) ?? []), low, high]);
    }
    invariant(boxes.size > 0, `LIBERO object ${name} has no collision geoms`);
    const parts = [...boxes].map(([body, points]) => ({ body, ...around(points) }));
    const solid = { root: sim.id('body', rootBody), geoms, parts };
    this.solids.set(name, solid);
    return solid;
  }

  private collisionGeoms(body: number): number[] {
    const { sim } = this;
    const first = sim.model('body_geomadr')[body]!;
    const all = Array.from({ length: sim.model('body_geomnum')[body]! }, (_, i) => first + i);
    return all.filter((geom) => sim.model('geom_contype')[geom] !== 0 || sim.model('geom_conaffinity')[geom] !== 0);
  }

  private shape(geom: number): Piece {
    const { sim } = this;
    const orientation = matrixToQuaternion(sim.data('geom_xmat').subarray(9 * geom, 9 * geom + 9));
    let own = this.boxes.get(geom);
    if (own === undefined) this.boxes.set(geom, (own = ownBox(sim, geom)));
    const body = sim.model('geom_bodyid')[geom]!;
    return { body, position: three(sim.data('geom_xpos'), geom), orientation, ...own };
  }

  private worldPart({ body, low, high }: Box): Piece {
    return { body, ...this.bodyPose(body), low, high };
  }

  private bodyPose(body: number): Pose {
    const q = this.sim.data('xquat');
    const at = 4 * body;
    return { position: three(this.sim.data('xpos'), body), orientation: [q[at]!, q[at + 1]!, q[at + 2]!, q[at + 3]!] };
  }

  private sitePose(name: string): Pose {
    const id = this.sim.id('site', name);
    return {
      position: three(this.sim.data('site_xpos'), id),
      orientation: matrixToQuaternion(this.sim.data('site_xmat').subarray(9 * id, 9 * id + 9)),
    };
  }
}

/** The box of a geom in its body's frame. */
function geomBox(sim: Sim, geom: number): Box {
  const body = sim.model('geom_bodyid')[geom]!;
  const q = sim.model('geom_quat').subarray(4 * geom, 4 * geom + 4);
  const orientation: Quaternion = [q[0]!, q[1]!, q[2]!, q[3]!];
  const pose = { position: three(sim.model('geom_pos'), geom), orientation };
  const own = ownBox(sim, geom);
  return { body, ...around(corners(own).map((corner) => placed({ ...pose, ...own }, corner))) };
}

/** The box of a geom in its own frame. */
function ownBox(sim: Sim, geom: number): { low: Vector3; high: Vector3 } {
  return sim.model('geom_type')[geom] === MESH ? around(meshPoints(sim, geom)) : primitive(sim, geom);
}

function meshPoints(sim: Sim, geom: number): Vector3[] {
  const mesh = sim.model('geom_dataid')[geom]!;
  const first = sim.model('mesh_vertadr')[mesh]!;
  // The next mesh begins where this one ends.
  const end = sim.model('mesh_vertadr')[mesh + 1] ?? sim.model('mesh_vert').length / 3;
  const vertices = sim.model('mesh_vert');
  return Array.from({ length: end - first }, (_, i) => three(vertices, first + i));
}

function primitive(sim: Sim, geom: number): { low: Vector3; high: Vector3 } {
  const [a, b, c] = three(sim.model('geom_size'), geom);
  // mjtGeom: sphere 2, capsule 3, ellipsoid 4, cylinder 5, box 6.
  const type = sim.model('geom_type')[geom]!;
  const half: Vector3 = type === 2 ? [a, a, a] : type === 3 ? [a, a, a + b] : type === 5 ? [a, a, b] : [a, b, c];
  return { low: [-half[0], -half[1], -half[2]], high: half };
}

/** A part's box in the frame of a pose, as the box around its corners. */
function inFrame(pose: Pose, part: Part): { low: Vector3; high: Vector3 } {
  const m = quaternionToMatrix(pose.orientation);
  return around(
    corners(part).map((corner) => {
      const d = subtract(placed(part, corner), pose.position);
      return [0, 1, 2].map((k) => m[k]! * d[0] + m[3 + k]! * d[1] + m[6 + k]! * d[2]) as unknown as Vector3;
    }),
  );
}

function around(points: readonly Vector3[]): { low: Vector3; high: Vector3 } {
  let [low, high]: [Vector3, Vector3] = [points[0]!, points[0]!];
  for (const p of points) {
    low = [Math.min(low[0], p[0]), Math.min(low[1], p[1]), Math.min(low[2], p[2])];
    high = [Math.max(high[0], p[0]), Math.max(high[1], p[1]), Math.max(high[2], p[2])];
  }
  return { low, high };
}

function three(values: ArrayLike<number>, index: number): Vector3 {
  return [values[3 * index]!, values[3 * index + 1]!, values[3 * index + 2]!];
}
