/** @file One compiled scene and what is in it now: the robot, the things on the table, the marks. */

import { wrapAngle } from '../../base/rotation.ts';
import type { Quaternion, Vector3 } from '../../base/rotation.ts';
import { Sim } from '../mujoco/sim.ts';
import type { SimState } from '../mujoco/sim.ts';
import type { MujocoModule } from '../mujoco/module.ts';
import { extractScene } from '../rendering/scene.ts';
import type { Drawable, Scene } from '../rendering/scene.ts';
import type { Rgb } from './colours.ts';
import type { Layout } from './layout.ts';
import { paintedGeoms, SHAPES } from './objects.ts';
import type { Shape, ShapeName } from './objects.ts';
import type { ArmRobot, HandPose, RobotModel, RobotState, TableRobot } from './robot-model.ts';
import { CLUTTER, HIDDEN_HEIGHT, MARKS, worldXml } from './world-model.ts';

/** A moment of a world, to return to. */
export interface WorldState {
  readonly sim: SimState;
  readonly robot: RobotState;
}

/** A camera's pose in its body, as the model was made. */
export interface CameraMount {
  readonly position: readonly number[];
  readonly orientation: Quaternion;
}

/** Drawn geom groups. */
const VISIBLE_GROUPS = [1];

/** One scene of the tabletop: the simulation, the robot and the things. */
export class World<R extends TableRobot = ArmRobot> {
  readonly sim: Sim;
  readonly model: RobotModel<R>;
  readonly robot: R;
  readonly scene: Scene;
  private readonly shapes: readonly ShapeName[];
  private currentLayout: Layout | null = null;
  private readonly bodies: readonly number[];
  private readonly joints: readonly number[];
  /** Body → index of the object, for contacts. */
  private readonly objectOfBody: ReadonlyMap<number, number>;
  private readonly handGeoms: ReadonlySet<number>;
  private readonly drawables: ReadonlyMap<number, Drawable>;
  private readonly mounts: Readonly<Record<string, CameraMount>>;

  constructor(mujoco: MujocoModule, shapes: readonly ShapeName[], model: RobotModel<R>) {
    this.shapes = shapes;
    this.model = model;
    this.sim = Sim.fromXml(mujoco, worldXml(shapes, model));
    const { sim } = this;
    const names = shapes.map((_, i) => `object${i}`);
    this.bodies = names.map((name) => sim.id('body', name));
    this.joints = names.map((name) => sim.model('jnt_qposadr')[sim.id('joint', name)]!);
    this.objectOfBody = new Map(this.bodies.map((body, i) => [body, i]));
    this.handGeoms = new Set(model.handGeoms.map((name) => sim.id('geom', name)));
    this.robot = model.create(sim);
    this.scene = extractScene(sim, VISIBLE_GROUPS);
    this.mounts = Object.fromEntries(
      sim.namesOf('camera').map((name) => {
        const id = sim.id('camera', name);
        const [w, x, y, z] = sim.model('cam_quat').subarray(4 * id, 4 * id + 4);
        return [
          name,
          { position: [...sim.model('cam_pos').subarray(3 * id, 3 * id + 3)], orientation: [w!, x!, y!, z!] },
        ];
      }),
    );
    this.drawables = new Map(this.scene.drawables.map((drawable) => [drawable.geom, drawable]));
  }

  get layout(): Layout {
    return this.currentLayout!;
  }

  /** Starts an episode: things at rest on the table, the hands at `start`. The layout must fit this world's model. */
  arrange(layout: Layout, start: readonly HandPose[]): void {
    const { sim } = this;
    this.currentLayout = layout;
    sim.reset();
    const qpos = sim.data('qpos');
    for (const [i, { shape, x, y, yaw, opening }] of layout.objects.entries()) {
      const turn = [Math.cos(yaw / 2), 0, 0, Math.sin(yaw / 2)];
      if (SHAPES[shape].kind === 'loose') {
        qpos.set([x, y, SHAPES[shape].halfHeight, ...turn], this.joints[i]!);
      } else {
        const base = sim.id('body', `object${i}-base`);
        sim.model('body_pos').set([x, y, 0], 3 * base);
        sim.model('body_quat').set(turn, 4 * base);
        qpos[this.joints[i]!] = opening ?? 0;
      }
    }
    for (let i = 0; i < MARKS; i++) {
      const mark = layout.marks[i];
      this.putFlat(`mark${i}`, mark === undefined ? null : [mark.x, mark.y, 0]);
    }
    for (const [i, { halfHeight }] of CLUTTER.entries()) {
      const at = layout.clutter?.[i];
      this.putFlat(`clutter${i}`, at === undefined ? null : [at[0], at[1], halfHeight]);
    }
    this.robot.place(start);
    sim.computePose();
  }

  /** Sets the colour of an object or a mark. */
  paint(kind: 'object' | 'mark', index: number, rgb: Rgb): void {
    const name = `${kind}${index}`;
    const geoms = kind === 'mark' ? [name] : paintedGeoms(this.shapes[index]!, name);
    for (const geom of geoms) this.drawable(geom).rgba.set(rgb);
  }

  /** Makes the episode about other things of the same scene. */
  assign(layout: Layout): void {
    this.currentLayout = layout;
  }

  drawable(geomName: string): Drawable {
    return this.drawables.get(this.sim.id('geom', geomName))!;
  }

  shape(object: number): Shape {
    return SHAPES[this.shapes[object]!];
  }

  cameraMount(name: string): CameraMount {
    return this.mounts[name]!;
  }

  /** An object's centre (a drawer's knob, a button's cap), metres. */
  position(object: number): Vector3 {
    const all = this.sim.data('xpos');
    const at = 3 * this.bodies[object]!;
    return [all[at]!, all[at + 1]!, all[at + 2]!];
  }

  /** An object's rotation about the vertical, [−π, π). */
  yaw(object: number): number {
    const all = this.sim.data('xmat');
    const at = 9 * this.bodies[object]!;
    return wrapAngle(Math.atan2(all[at + 3]!, all[at]!));
  }

  /** The direction of an object's own x axis, which is the long one; a unit vector. */
  axis(object: number): Vector3 {
    const all = this.sim.data('xmat');
    const at = 9 * this.bodies[object]!;
    return [all[at]!, all[at + 3]!, all[at + 6]!];
  }

  /** An object's rotation against that of the hand that deals with it, times its symmetry, as cosine and sine; null for round things. */
  heading(object: number): [cosine: number, sine: number] | null {
    const { gripPeriod } = this.shape(object);
    if (gripPeriod === 0) return null;
    const hand = this.robot.handAt(this.position(object));
    const angle = ((this.yaw(object) - hand.yaw()) * 2 * Math.PI) / gripPeriod;
    return [Math.cos(angle), Math.sin(angle)];
  }

  /** How far a fixture's joint is from its zero, metres. */
  opening(object: number): number {
    return this.sim.data('qpos')[this.joints[object]!]!;
  }

  /** How far an object reaches from its centre in a horizontal direction (radians), metres. */
  reach(object: number, direction: number): number {
    const { footprint, gripPeriod } = this.shape(object);
    if (gripPeriod === 0) return footprint[0];
    const angle = direction - this.yaw(object);
    return footprint[0] * Math.abs(Math.cos(angle)) + footprint[1] * Math.abs(Math.sin(angle));
  }

  /** The objects that the hand or a finger touches. */
  touched(): number[] {
    const bodies = this.sim.model('geom_bodyid');
    const hit = new Set<number>();
    for (const { geom1, geom2 } of this.sim.contacts()) {
      const other = this.handGeoms.has(geom1) ? geom2 : this.handGeoms.has(geom2) ? geom1 : -1;
      const object = other < 0 ? undefined : this.objectOfBody.get(bodies[other]!);
      if (object !== undefined) hit.add(object);
    }
    return [...hit];
  }

  /** Indices of the objects that the task is not about. */
  others(): number[] {
    return this.layout.objects.map((_, i) => i).filter((i) => i !== this.layout.target);
  }

  save(): WorldState {
    return { sim: this.sim.save(), robot: this.robot.save() };
  }

  restore(saved: WorldState): void {
    this.sim.restore(saved.sim);
    this.robot.restore(saved.robot);
  }

  /** Puts a mark or a piece of clutter somewhere, or away. Its body and its geom have the same name. */
  private putFlat(name: string, position: Vector3 | null): void {
    const { sim } = this;
    const slot = sim.model('body_mocapid')[sim.id('body', name)]!;
    sim.data('mocap_pos').set(position ?? [0, 0, HIDDEN_HEIGHT], 3 * slot);
    this.drawable(name).rgba[3] = position === null ? 0 : 1;
  }
}
