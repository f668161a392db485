/** @file The two camera images of a world, and where things are in them. */

import type { ImagePoint } from '../../interfaces/annotation.ts';
import type { Image } from '../../interfaces/observation.ts';
import { cameraOf, project, projectedBox } from '../rendering/camera.ts';
import type { Light } from '../rendering/lights.ts';
import { Rasteriser } from '../rendering/rasteriser.ts';
import type { World } from './world.ts';

/** [x0, y0, x1, y1] as fractions of width and height. */
export type Box = readonly [number, number, number, number];

/** The names of the cameras, in the order of the embodiment. */
export const CAMERAS = ['front', 'wrist'] as const;
const SKY = [153, 153, 153] as const;

/** Draws both cameras, and finds geoms in their images. */
export class Views {
  private readonly rasterisers: Readonly<Record<string, Rasteriser>>;

  constructor(imageSize: number) {
    const config = { width: imageSize, height: imageSize, samplesPerSide: 2, background: SKY };
    this.rasterisers = Object.fromEntries(CAMERAS.map((name) => [name, new Rasteriser(config)]));
  }

  /** One image per camera, in memory that the next call overwrites. */
  render({ sim, scene }: World, lights: readonly Light[]): Record<string, Image> {
    const [positions, orientations] = [sim.data('geom_xpos'), sim.data('geom_xmat')];
    return Object.fromEntries(
      Object.entries(this.rasterisers).map(([name, rasteriser]) => [
        name,
        rasteriser.render(scene, positions, orientations, cameraOf(sim, sim.id('camera', name)), lights),
      ]),
    );
  }

  /** The box around a geom in each of the last images, as if nothing hid it, clipped to the image; null where no sample sees it. */
  boxes(world: World, geomName: string): Record<string, Box | null> {
    const { sim } = world;
    const drawable = world.drawable(geomName);
    const [positions, orientations] = [sim.data('geom_xpos'), sim.data('geom_xmat')];
    return Object.fromEntries(
      Object.entries(this.rasterisers).map(([name, rasteriser]) => {
        if (!rasteriser.sees(drawable.geom)) return [name, null];
        return [name, projectedBox(cameraOf(sim, sim.id('camera', name)), drawable, positions, orientations)];
      }),
    );
  }

  /** Takes points (metres) to the images of this moment: the cameras' poses are kept. Null behind a camera. */
  locator({ sim }: World): (position: ArrayLike<number>) => Record<string, ImagePoint | null> {
    const cameras = CAMERAS.map((name) => [name, cameraOf(sim, sim.id('camera', name))] as const);
    return (position) => Object.fromEntries(cameras.map(([name, camera]) => [name, project(camera, position)]));
  }

  /** Boxes of a thing that no camera sees. */
  noBoxes(): Record<string, null> {
    return Object.fromEntries(CAMERAS.map((name) => [name, null]));
  }
}
