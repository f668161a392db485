/** @file What the base's camera sees: the room as drawables, drawn without a physics engine. */

import type { Random } from '../../base/random.ts';
import type { ImagePoint } from '../../interfaces/annotation.ts';
import type { Image } from '../../interfaces/observation.ts';
import type { Camera } from '../rendering/camera.ts';
import { project, projectedBox } from '../rendering/camera.ts';
import { boxGeometry, cylinderGeometry, ellipsoidGeometry, planeGeometry } from '../rendering/geometry.ts';
import type { Geometry } from '../rendering/geometry.ts';
import type { Light } from '../rendering/lights.ts';
import { lookingCamera, plainDrawable, plainLights } from '../rendering/primitive-scene.ts';
import { Rasteriser } from '../rendering/rasteriser.ts';
import type { Scene } from '../rendering/scene.ts';
import { COLOURS } from '../tabletop/colours.ts';
import type { Pose2 } from './planar.ts';
import { LANDMARK_RADIUS, type LandmarkShape, type Room } from './room.ts';

/** Within which bounds an episode's look is drawn. */
export interface RoomLook {
  /** Change per colour channel of landmarks, and of floor and walls. */
  readonly colour: number;
  readonly surroundings: number;
  /** Height of the camera above the floor, metres, and its downward pitch, radians. */
  readonly height: readonly [low: number, high: number];
  readonly pitch: readonly [low: number, high: number];
  /** Factor on all light. */
  readonly light: readonly [low: number, high: number];
}

/** What training sees. */
export const USUAL_ROOM: RoomLook = {
  colour: 0.04,
  surroundings: 0.03,
  height: [0.98, 1.02],
  pitch: [0.24, 0.26],
  light: [0.9, 1.1],
};

/** Mild changes that training does not show. */
export const ROOM_PERTURBATIONS: Readonly<Record<string, RoomLook>> = {
  'moved-camera': { ...USUAL_ROOM, height: [1.1, 1.2], pitch: [0.3, 0.34] },
  'new-colours': { ...USUAL_ROOM, colour: 0.12, surroundings: 0.15 },
  'dimmed-light': { ...USUAL_ROOM, light: [0.55, 0.7] },
};

/** The camera's name, and the only one. */
export const EGO = 'ego';
const FOVY = 80;
const SKY = [200, 215, 230] as const;
const WALL_HEIGHT = 1.2;
const PARTITION_HEIGHT = 0.3;
/** Floor; then the walls ahead of the start, left, behind, right: each a little different, so that one knows where one is. */
const FLOOR = [0.55, 0.48, 0.4] as const;
const WALLS = [
  [0.78, 0.76, 0.7],
  [0.66, 0.72, 0.76],
  [0.74, 0.66, 0.6],
  [0.66, 0.74, 0.66],
] as const;
const PARTITION = [0.42, 0.42, 0.45] as const;

interface Placed {
  readonly geometry: Geometry;
  readonly position: readonly [number, number, number];
  readonly rgb: readonly [number, number, number];
}

const SHAPES: Readonly<Record<LandmarkShape, { readonly geometry: Geometry; readonly height: number }>> = {
  pillar: { geometry: cylinderGeometry(LANDMARK_RADIUS.pillar, 0.6), height: 0.6 },
  box: {
    geometry: boxGeometry([LANDMARK_RADIUS.box, LANDMARK_RADIUS.box, LANDMARK_RADIUS.box], 2),
    height: LANDMARK_RADIUS.box,
  },
  ball: {
    geometry: ellipsoidGeometry([LANDMARK_RADIUS.ball, LANDMARK_RADIUS.ball, LANDMARK_RADIUS.ball]),
    height: LANDMARK_RADIUS.ball,
  },
};

/** A room as it looks in one episode. The first drawables are the landmarks, in the room's order. */
export class RoomView {
  private readonly scene: Scene;
  private readonly positions: Float64Array;
  private readonly orientations: Float64Array;
  private readonly lights: readonly Light[];
  private readonly height: number;
  private readonly pitch: number;

  constructor(room: Room, look: RoomLook, random: Random) {
    const placed = [...landmarkParts(room, look, random), ...surroundings(room, look, random)];
    this.scene = { drawables: placed.map(({ geometry, rgb }, geom) => plainDrawable(geom, geometry, rgb)) };
    this.positions = Float64Array.from(placed.flatMap(({ position }) => position));
    this.orientations = Float64Array.from(placed.flatMap(() => [1, 0, 0, 0, 1, 0, 0, 0, 1]));
    this.height = random.range(...look.height);
    this.pitch = random.range(...look.pitch);
    this.lights = plainLights(random.range(...look.light));
  }

  /** The image from a pose of the base, in memory that the rasteriser's next image overwrites. */
  render(rasteriser: Rasteriser, pose: Pose2): Image {
    return rasteriser.render(this.scene, this.positions, this.orientations, this.camera(pose), this.lights);
  }

  /** The box around a landmark in the last image, as if nothing hid it; null where no sample sees it. */
  box(rasteriser: Rasteriser, pose: Pose2, landmark: number): [number, number, number, number] | null {
    if (!rasteriser.sees(landmark)) return null;
    return projectedBox(this.camera(pose), this.scene.drawables[landmark]!, this.positions, this.orientations);
  }

  /** Takes points (metres, the room's frame) to the image from a pose of the base; null behind the camera. */
  locator(pose: Pose2): (position: ArrayLike<number>) => ImagePoint | null {
    const camera = this.camera(pose);
    return (position) => project(camera, position);
  }

  private camera({ x, y, heading }: Pose2): Camera {
    return lookingCamera([x, y, this.height], heading, this.pitch, FOVY);
  }
}

/** A rasteriser for the camera's square images. */
export function roomRasteriser(imageSize: number): Rasteriser {
  return new Rasteriser({ width: imageSize, height: imageSize, samplesPerSide: 2, background: SKY });
}

function landmarkParts({ landmarks }: Room, look: RoomLook, random: Random): Placed[] {
  return landmarks.map(({ shape, colour, x, y }) => ({
    geometry: SHAPES[shape].geometry,
    position: [x, y, SHAPES[shape].height],
    rgb: jitter(COLOURS[colour], look.colour, random),
  }));
}

function surroundings({ half: [x, y], partitions }: Room, look: RoomLook, random: Random): Placed[] {
  const changed = (rgb: readonly [number, number, number]): [number, number, number] =>
    jitter(rgb, look.surroundings, random);
  const wall = (position: readonly [number, number], size: readonly [number, number], i: number): Placed => ({
    geometry: boxGeometry([...size, WALL_HEIGHT / 2], 6),
    position: [...position, WALL_HEIGHT / 2],
    rgb: changed(WALLS[i]!),
  });
  return [
    { geometry: planeGeometry(x, y, 16), position: [0, 0, 0], rgb: changed(FLOOR) },
    wall([x + 0.05, 0], [0.05, y], 0),
    wall([0, y + 0.05], [x, 0.05], 1),
    wall([-x - 0.05, 0], [0.05, y], 2),
    wall([0, -y - 0.05], [x, 0.05], 3),
    ...partitions.map(({ centre, half }) => ({
      geometry: boxGeometry([...half, PARTITION_HEIGHT / 2], 3),
      position: [...centre, PARTITION_HEIGHT / 2] as const,
      rgb: changed(PARTITION),
    })),
  ];
}

function jitter(rgb: readonly [number, number, number], amount: number, random: Random): [number, number, number] {
  const change = (value: number): number => Math.max(0, Math.min(1, value + random.range(-amount, amount)));
  return [change(rgb[0]), change(rgb[1]), change(rgb[2])];
}
