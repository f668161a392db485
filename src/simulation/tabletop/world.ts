/** @file One compiled scene and what is in it now: the robot, the loose objects, the marks, their names and colours. */

import { wrapAngle } from '../../base/rotation.ts';
import type { Vector3 } from '../../base/rotation.ts';
import { Sim } from '../mujoco/sim.ts';
import type { SimState } from '../mujoco/sim.ts';
import type { MujocoModule } from '../mujoco/module.ts';
import { extractScene } from '../rendering/scene.ts';
import type { Drawable, Scene } from '../rendering/scene.ts';
import { HAND_GEOMS } from './arm.ts';
import { COLOURS } from './colours.ts';
import type { ColourName, Rgb } from './colours.ts';
import { SHAPES } from './objects.ts';
import type { Shape, ShapeName } from './objects.ts';
import { Robot } from './robot.ts';
import type { RobotState } from './robot.ts';
import { HIDDEN_HEIGHT, worldXml } from './world-model.ts';
import type { WorldModel } from './world-model.ts';

/** A loose object at the start of an episode. */
export interface PlacedObject {
  readonly shape: ShapeName;
  readonly colour: ColourName;
  /** Metres. */
  readonly x: number;
  readonly y: number;
  /** Radians. */
  readonly yaw: number;
}

/** A flat square on the table. */
export interface PlacedMark {
  /** Half the side, metres. */
  readonly half: number;
  readonly rgb: Rgb;
  readonly x: number;
  readonly y: number;
}

/** Everything that a task decides about a scene before the episode starts. */
export interface Layout {
  readonly objects: readonly PlacedObject[];
  readonly marks: readonly PlacedMark[];
  /** Index of the object that the task is about, and of another one that an instruction could name instead. */
  readonly target: number;
  readonly other: number;
}

export interface WorldState {
  readonly sim: SimState;
  readonly robot: RobotState;
}

/** Drawn geom groups. */
const VISIBLE_GROUPS = [1];

export class World {
  readonly sim: Sim;
  readonly robot: Robot;
  readonly scene: Scene;
  private currentLayout: Layout = { objects: [], marks: [], target: 0, other: 0 };
  private readonly bodies: readonly number[];
  private readonly geoms: readonly number[];
  private readonly addresses: readonly number[];
  private readonly handGeoms: ReadonlySet<number>;

  constructor(mujoco: MujocoModule, model: WorldModel) {
    this.sim = Sim.fromXml(mujoco, worldXml(model));
    const { sim } = this;
    const names = model.shapes.map((_, i) => `object${i}`);
    this.bodies = names.map((name) => sim.id('body', name));
    this.geoms = names.map((name) => sim.id('geom', name));
    this.addresses = names.map((name) => sim.model('jnt_qposadr')[sim.id('joint', name)]!);
    this.handGeoms = new Set(HAND_GEOMS.map((name) => sim.id('geom', name)));
    this.robot = new Robot(sim);
    this.scene = extractScene(sim, VISIBLE_GROUPS);
  }

  get layout(): Layout {
    return this.currentLayout;
  }

  /** Starts an episode: objects at rest on the table, the hand at `start`. The layout must fit this world's model. */
  arrange(layout: Layout, start: { readonly position: Vector3; readonly yaw: number }): void {
    const { sim } = this;
    this.currentLayout = layout;
    sim.reset();
    const qpos = sim.data('qpos');
    for (const [i, { shape, x, y, yaw }] of layout.objects.entries()) {
      const pose = [x, y, SHAPES[shape].halfHeight, Math.cos(yaw / 2), 0, 0, Math.sin(yaw / 2)];
      qpos.set(pose, this.addresses[i]!);
    }
    const flats = sim.data('mocap_pos');
    for (const [i, { x, y }] of layout.marks.entries()) flats.set([x, y, 0], 3 * i);
    for (let i = layout.marks.length; i < flats.length / 3; i++) flats.set([0, 0, HIDDEN_HEIGHT], 3 * i);
    this.robot.place(start.position, start.yaw);
    sim.computePose();
  }

  /** Sets the colour of an object or a mark. */
  paint(kind: 'object' | 'mark', index: number, rgb: Rgb): void {
    this.drawable(`${kind}${index}`).rgba.set(rgb);
  }

  drawable(geomName: string): Drawable {
    const id = this.sim.id('geom', geomName);
    return this.scene.drawables.find(({ geom }) => geom === id)!;
  }

  shape(object: number): Shape {
    return SHAPES[this.currentLayout.objects[object]!.shape];
  }

  /** An object's centre, metres. */
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

  /** How upright an object stands: the cosine between its own z axis and the vertical. */
  upright(object: number): number {
    return this.sim.data('xmat')[9 * this.bodies[object]! + 8]!;
  }

  /** The objects that the hand or a finger touches. */
  touched(): number[] {
    const hit = new Set<number>();
    for (const { geom1, geom2 } of this.sim.contacts()) {
      const other = this.handGeoms.has(geom1) ? geom2 : this.handGeoms.has(geom2) ? geom1 : -1;
      const object = this.geoms.indexOf(other);
      if (object >= 0) hit.add(object);
    }
    return [...hit];
  }

  /** Indices of the objects that the task is not about. */
  others(): number[] {
    return this.currentLayout.objects.map((_, i) => i).filter((i) => i !== this.currentLayout.target);
  }

  /** An object's corners and outline points in the world, for boxes in images. */
  outline(geomName: string): number[][] {
    const { geom, geometry } = this.drawable(geomName);
    const [position, r] = [this.sim.data('geom_xpos'), this.sim.data('geom_xmat')];
    const points: number[][] = [];
    const p = geometry.positions;
    for (let i = 0; i < p.length; i += 3) {
      points.push(
        [0, 1, 2].map(
          (k) =>
            position[3 * geom + k]! +
            r[9 * geom + 3 * k]! * p[i]! +
            r[9 * geom + 3 * k + 1]! * p[i + 1]! +
            r[9 * geom + 3 * k + 2]! * p[i + 2]!,
        ),
      );
    }
    return points;
  }

  save(): WorldState {
    return { sim: this.sim.save(), robot: this.robot.save() };
  }

  restore(saved: WorldState): void {
    this.sim.restore(saved.sim);
    this.robot.restore(saved.robot);
  }
}

/** The colour a layout gives an object, before jitter. */
export function rgbOf(object: PlacedObject): Rgb {
  return COLOURS[object.colour];
}
