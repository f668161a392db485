/** @file How an episode looks: colours, light and cameras vary with the seed; perturbations vary them beyond what training shows. */

import type { Random } from '../../base/random.ts';
import { axisAngleToQuaternion, multiplyQuaternions } from '../../base/rotation.ts';
import type { Quaternion } from '../../base/rotation.ts';
import { lightsOf } from '../rendering/lights.ts';
import type { Light } from '../rendering/lights.ts';
import { COLOURS } from './colours.ts';
import type { Rgb } from './colours.ts';
import { distance, drawUntil } from './draw.ts';
import type { Layout, PlacedObject, Point } from './layout.ts';
import type { Area, MountedCamera, TableRobot } from './robot-model.ts';
import type { World } from './world.ts';
import { CLUTTER, MARK_HALF } from './world-model.ts';
import { SHAPES } from './objects.ts';

type Range = readonly [low: number, high: number];

/** Within which bounds an episode's look is drawn. */
export interface Look {
  /** Change per colour channel of objects and marks. */
  readonly colour: number;
  /** Table colours to choose from, and the change per channel. */
  readonly tables: readonly Rgb[];
  readonly tableColour: number;
  /** How far cameras are moved (metres) and turned (radians), in a random direction, by what they are fixed to. */
  readonly cameras: Readonly<Record<MountedCamera['mount'], readonly [shift: Range, turn: Range]>>;
  /** Factor on all light, and how far the lamp is moved; metres. */
  readonly light: Range;
  readonly lampShift: number;
  /** Whether things lie about that no task is about. */
  readonly clutter: boolean;
}

/** What training sees. */
export const USUAL: Look = {
  colour: 0.04,
  tables: [[0.62, 0.5, 0.38]],
  tableColour: 0.03,
  cameras: {
    stand: [
      [0, 0.005],
      [0, 0.005],
    ],
    hand: [
      [0, 0.001],
      [0, 0.003],
    ],
  },
  light: [0.9, 1.1],
  lampShift: 0.15,
  clutter: false,
};

/** Mild changes that training does not show. */
export const PERTURBATIONS: Readonly<Record<string, Look>> = {
  'moved-camera': {
    ...USUAL,
    cameras: {
      ...USUAL.cameras,
      stand: [
        [0.03, 0.04],
        [0.015, 0.025],
      ],
    },
  },
  'new-colours': {
    ...USUAL,
    colour: 0.12,
    tables: [
      [0.5, 0.52, 0.5],
      [0.72, 0.66, 0.56],
      [0.45, 0.36, 0.3],
    ],
  },
  'dimmed-light': { ...USUAL, light: [0.55, 0.7] },
  distractors: { ...USUAL, clutter: true },
};

/** Places for clutter: in one of the areas, clear of everything else. */
export function drawClutter(look: Look, layout: Layout, areas: readonly Area[], random: Random): Point[] {
  if (!look.clutter) return [];
  const taken = [
    ...layout.objects.flatMap(circles),
    ...layout.marks.map(({ x, y }) => ({ at: [x, y] as const, radius: MARK_HALF })),
  ];
  return CLUTTER.map(() => {
    const at = drawUntil<Point>(
      () => {
        const { x, y } = random.pick(areas);
        return [random.range(...x), random.range(...y)];
      },
      (point) => taken.every((other) => distance(point, other.at) > other.radius + 0.05),
    );
    taken.push({ at, radius: 0.045 });
    return at;
  });
}

/** Circles that cover a thing, seen from above: one, or a row of them for a long thing. */
function circles({ shape, x, y, yaw }: PlacedObject): { readonly at: Point; readonly radius: number }[] {
  const [long, wide] = SHAPES[shape].footprint;
  if (long < 3 * wide) return [{ at: [x, y], radius: Math.max(long, wide) }];
  const count = Math.ceil(long / wide);
  return Array.from({ length: count }, (_, i) => {
    const along = long * ((2 * i + 1) / count - 1);
    return { at: [x + along * Math.cos(yaw), y + along * Math.sin(yaw)], radius: 1.5 * wide };
  });
}

/** Paints the world, moves its cameras and returns its lights. */
export function dressWorld(world: World<TableRobot>, look: Look, random: Random): Light[] {
  const { objects, marks } = world.layout;
  for (const [i, { colour }] of objects.entries()) {
    world.paint('object', i, jitter(COLOURS[colour], look.colour, random));
  }
  for (const [i, { rgb }] of marks.entries()) world.paint('mark', i, jitter(rgb, look.colour, random));
  world.drawable('table').rgba.set(jitter(random.pick(look.tables), look.tableColour, random));
  for (const { name, mount } of world.model.cameras) moveCamera(world, name, ...look.cameras[mount], random);
  world.sim.forward();
  const strength = random.range(...look.light);
  const shift = [0, 1, 2].map(() => random.range(-look.lampShift, look.lampShift));
  return lightsOf(world.sim).map((light) => ({
    ...light,
    position: light.position.map((value, k) => value + shift[k]!),
    ambient: light.ambient * strength,
    diffuse: light.diffuse * strength,
    specular: light.specular * strength,
  }));
}

function moveCamera(world: World<TableRobot>, name: string, shift: Range, turn: Range, random: Random): void {
  const { sim } = world;
  const camera = sim.id('camera', name);
  const { position, orientation } = world.cameraMount(name);
  const [by, about] = [direction(random), direction(random)];
  const [distanceMoved, angle] = [random.range(...shift), random.range(...turn)];
  const moved = position.map((value, k) => value + by[k]! * distanceMoved);
  const turned = multiplyQuaternions(
    orientation,
    axisAngleToQuaternion([about[0] * angle, about[1] * angle, about[2] * angle]),
  );
  sim.model('cam_pos').set(moved, 3 * camera);
  sim.model('cam_quat').set(turned as Quaternion, 4 * camera);
}

/** A random unit vector. */
function direction(random: Random): [number, number, number] {
  const [x, y, z] = [random.normal(), random.normal(), random.normal()];
  const length = Math.hypot(x, y, z) + 1e-12;
  return [x / length, y / length, z / length];
}

function jitter(rgb: Rgb, amount: number, random: Random): [number, number, number] {
  const change = (value: number): number => Math.max(0, Math.min(1, value + random.range(-amount, amount)));
  return [change(rgb[0]), change(rgb[1]), change(rgb[2])];
}
