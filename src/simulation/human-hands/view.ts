/** @file What the person sees: the table, the things, and both hands as palms and bones, through one camera at the head. */

import type { Random } from '../../base/random.ts';
import { quaternionToMatrix, rotateVector, type Vector3 } from '../../base/rotation.ts';
import type { Image } from '../../interfaces/observation.ts';
import type { Camera } from '../rendering/camera.ts';
import { projectedBox } from '../rendering/camera.ts';
import { boxGeometry, capsuleGeometry, cylinderGeometry, ellipsoidGeometry } from '../rendering/geometry.ts';
import type { Geometry } from '../rendering/geometry.ts';
import type { Light } from '../rendering/lights.ts';
import { lookingCamera, plainDrawable, plainLights, type Rgb } from '../rendering/primitive-scene.ts';
import { Rasteriser } from '../rendering/rasteriser.ts';
import type { Scene } from '../rendering/scene.ts';
import { COLOURS } from '../tabletop/colours.ts';
import { THING_HALF, type HandEpisode, type HandFrame, type ThingShape } from './episode.ts';
import { alongBone, BONE_LENGTHS, bonesOf, type Side } from './skeleton.ts';

/** The camera's name. */
export const EGO_CAMERA = 'ego';
const FOVY = 50;
const SKY = [190, 195, 205] as const;
const SIDES: readonly Side[] = ['left', 'right'];
const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const BONE_RADIUS = 0.009;
/** Half sizes of a palm and its middle in the wrist's frame, metres. */
const PALM: Vector3 = [0.045, 0.038, 0.011];
const PALM_CENTRE: Vector3 = [0.047, 0, 0];

const THING_GEOMETRY: Readonly<Record<ThingShape, Geometry>> = {
  cube: boxGeometry([THING_HALF.cube, THING_HALF.cube, THING_HALF.cube]),
  cylinder: cylinderGeometry(0.022, THING_HALF.cylinder),
  ball: ellipsoidGeometry([THING_HALF.ball, THING_HALF.ball, THING_HALF.ball]),
};

/** An episode's scene; draws its frames. */
export class HandsView {
  private readonly rasteriser: Rasteriser;
  private readonly scene: Scene;
  private readonly camera: Camera;
  private readonly lights: readonly Light[];
  private readonly positions: Float64Array;
  private readonly orientations: Float64Array;
  private readonly pads: readonly Vector3[];

  constructor(imageSize: number, { things, pads }: HandEpisode, random: Random) {
    this.rasteriser = new Rasteriser({ width: imageSize, height: imageSize, samplesPerSide: 2, background: SKY });
    const change = (rgb: Rgb, amount: number): Rgb =>
      rgb.map((value) => Math.max(0, Math.min(1, value + random.range(-amount, amount)))) as unknown as Rgb;
    const tone = random.range(0.55, 1.15);
    const skin: Rgb = [0.76 * tone, 0.56 * tone, 0.45 * tone];
    const parts: (readonly [Geometry, Rgb])[] = [
      ...things.map(({ shape, colour }) => [THING_GEOMETRY[shape], change(COLOURS[colour], 0.04)] as const),
      ...pads.map(({ colour }) => [boxGeometry([0.045, 0.045, 0.001]), change(COLOURS[colour], 0.04)] as const),
      [boxGeometry([0.5, 0.6, 0.02], 6), change([0.6, 0.5, 0.4], 0.08)],
      ...SIDES.flatMap(() => [
        [boxGeometry(PALM), skin] as const,
        ...BONE_LENGTHS.map((length) => [capsuleGeometry(BONE_RADIUS, length / 2), skin] as const),
      ]),
    ];
    this.scene = { drawables: parts.map(([geometry, rgb], geom) => plainDrawable(geom, geometry, rgb)) };
    this.positions = new Float64Array(3 * parts.length);
    this.orientations = new Float64Array(9 * parts.length);
    this.pads = pads.map(({ position }) => position);
    const head: Vector3 = [random.range(-0.07, -0.03), random.range(-0.02, 0.02), random.range(0.52, 0.58)];
    this.camera = lookingCamera(head, random.range(-0.04, 0.04), random.range(0.92, 0.98), FOVY);
    this.lights = plainLights(random.range(0.9, 1.1));
  }

  /** The image of a frame, in memory of its own. */
  render(frame: HandFrame): Image {
    const { positions, orientations } = this;
    let geom = 0;
    const put = (position: readonly number[], orientation: readonly number[]): void => {
      positions.set(position, 3 * geom);
      orientations.set(orientation, 9 * geom++);
    };
    for (const position of [...frame.things, ...this.pads]) put(position, IDENTITY);
    put([0.4, 0, -0.02], IDENTITY);
    for (const side of SIDES) {
      const { position, rotation, joints } = frame.hands[side];
      const centre = rotateVector(rotation, PALM_CENTRE);
      put(
        [position[0] + centre[0], position[1] + centre[1], position[2] + centre[2]],
        [...quaternionToMatrix(rotation)],
      );
      for (const bone of bonesOf(side, { position, rotation }, joints)) {
        put(
          [0, 1, 2].map((k) => (bone.from[k]! + bone.to[k]!) / 2),
          alongBone(bone),
        );
      }
    }
    const image = this.rasteriser.render(this.scene, positions, orientations, this.camera, this.lights);
    return { ...image, data: image.data.slice() };
  }

  /** The box of a thing in the last image, as if nothing hid it; null where no sample sees it. */
  box(thing: number): [number, number, number, number] | null {
    if (!this.rasteriser.sees(thing)) return null;
    return projectedBox(this.camera, this.scene.drawables[thing]!, this.positions, this.orientations);
  }
}
